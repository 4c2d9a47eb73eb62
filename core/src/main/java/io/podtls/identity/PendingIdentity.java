package io.podtls.identity;

import io.podtls.request.CertificateRequest;
import io.podtls.trust.TrustBundle;
import java.security.Provider;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * A key and its PKCS#10 request; the private key never leaves this object but through the loud
 * export.
 */
public final class PendingIdentity {
  private PendingIdentity() {}

  public static PendingIdentity generate(CertificateRequest request) {
    throw new UnsupportedOperationException();
  }

  /** Makes and uses the key with this provider (PKCS#11 included). */
  public static PendingIdentity generate(CertificateRequest request, Provider provider) {
    throw new UnsupportedOperationException();
  }

  public CertificateRequest request() {
    throw new UnsupportedOperationException();
  }

  public PublicKey publicKey() {
    throw new UnsupportedOperationException();
  }

  /** First block {@code CERTIFICATE REQUEST}, RFC 7468 7. */
  public String pkcs10Pem() {
    throw new UnsupportedOperationException();
  }

  public byte[] pkcs10Der() {
    throw new UnsupportedOperationException();
  }

  /**
   * Verifies the chain as of now (system clock) and completes the identity. Throws
   * InvalidCertificateException with all violations.
   */
  public TlsIdentity complete(List<X509Certificate> chain, TrustBundle peerTrust) {
    throw new UnsupportedOperationException();
  }

  /** The same as of a given instant; {@code skew} of 60 s tolerated. */
  public TlsIdentity complete(List<X509Certificate> chain, TrustBundle peerTrust, Instant now) {
    throw new UnsupportedOperationException();
  }

  /** PKCS#8 PEM of the key, unencrypted: for the manual flow that keeps the key in a file. */
  public String exportPrivateKeyUnencrypted() {
    throw new UnsupportedOperationException();
  }
}
