package io.podtls.trust;

import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * An immutable set of CA certificates, same-subject ones included. Equal if the sets of encoded
 * certificates are.
 */
public final class TrustBundle {
  private TrustBundle() {}

  /** At least one certificate. */
  public static TrustBundle of(Collection<X509Certificate> certificates) {
    throw new UnsupportedOperationException();
  }

  /** Parses PEM text; {@code source} names where it came from in errors. */
  public static TrustBundle parse(String source, byte[] pem) {
    throw new UnsupportedOperationException();
  }

  public Set<X509Certificate> certificates() {
    throw new UnsupportedOperationException();
  }

  public TrustBundle union(TrustBundle other) {
    throw new UnsupportedOperationException();
  }

  public X509ExtendedTrustManager trustManager() {
    throw new UnsupportedOperationException();
  }

  /** A client context: this trust, no key. */
  public SSLContext sslContext() {
    throw new UnsupportedOperationException();
  }

  public KeyStore keyStore() {
    throw new UnsupportedOperationException();
  }

  /** Canonical PEM, LF, one block a certificate. */
  public String toPem() {
    throw new UnsupportedOperationException();
  }
}
