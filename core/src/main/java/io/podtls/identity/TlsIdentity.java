package io.podtls.identity;

import io.podtls.trust.TrustBundle;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedKeyManager;

/** Chain plus key, immutable. Prints subject, serial number and notAfter, never the key. */
public final class TlsIdentity {
  private TlsIdentity() {}

  /** Leaf first, then intermediates, no anchor needed. */
  public List<X509Certificate> chain() {
    throw new UnsupportedOperationException();
  }

  public X509Certificate leaf() {
    throw new UnsupportedOperationException();
  }

  public Instant notBefore() {
    throw new UnsupportedOperationException();
  }

  public Instant notAfter() {
    throw new UnsupportedOperationException();
  }

  /** One alias for both sides, chosen where the leaf's key type (and issuers, if named) fit. */
  public X509ExtendedKeyManager keyManager() {
    throw new UnsupportedOperationException();
  }

  /** Key and chain under the alias "podtls", protected by the given password. */
  public KeyStore keyStore(char[] password) {
    throw new UnsupportedOperationException();
  }

  public SSLContext sslContext(TrustBundle peerTrust) {
    throw new UnsupportedOperationException();
  }

  /** The chain as PEM. */
  public String chainPem() {
    throw new UnsupportedOperationException();
  }

  /** PKCS#8 PEM of the key, unencrypted. */
  public String exportPrivateKeyUnencrypted() {
    throw new UnsupportedOperationException();
  }
}
