package io.podtls.identity;

import static java.util.Objects.requireNonNull;

import io.podtls.pem.Pem;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.trust.TrustBundle;
import java.security.KeyPair;
import java.security.Provider;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A fresh key and its PKCS#10 request, waiting for a certificate.
 *
 * <p>The private key never leaves this object but through {@link #exportPrivateKeyUnencrypted()};
 * {@code complete} hands it on to the {@link TlsIdentity}.
 *
 * <p>The PKCS#10 request (RFC 2986) has the subject, empty if neither a common name nor an
 * organization is asked for, and the subject alternative names as an extensionRequest (RFC 2985
 * 5.4.2), critical if the subject is empty. Usages and lifetime are not in it: they are fields of
 * the CertificateSigningRequest.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class PendingIdentity {

  private final CertificateRequest request;
  private final KeyPair keys;
  private final byte[] pkcs10;

  private PendingIdentity(CertificateRequest request, KeyPair keys, @Nullable Provider provider) {
    this.request = request;
    this.keys = keys;
    this.pkcs10 = Pkcs10.encode(request, keys, provider);
  }

  /**
   * Makes a key with the JDK's providers, and the request for it.
   *
   * @param request what to ask for
   * @return the key, waiting for a certificate
   * @throws IllegalStateException if this JDK has no provider for the key algorithm
   */
  public static PendingIdentity generate(CertificateRequest request) {
    return new PendingIdentity(
        request, Keys.generate(requireNonNull(request, "request").keyAlgorithm(), null), null);
  }

  /**
   * Makes a key with the given provider, and the request for it. The provider need not be
   * registered for this. To serve TLS with a key that cannot leave its token (PKCS#11) it must be,
   * by the application: the JDK's TLS looks for signatures among the registered providers only.
   *
   * @param request what to ask for
   * @param provider makes the key and signs with it
   * @return the key, waiting for a certificate
   * @throws IllegalArgumentException if the provider does not make keys of the algorithm
   * @throws java.security.ProviderException if the provider's token fails
   */
  public static PendingIdentity generate(CertificateRequest request, Provider provider) {
    KeyAlgorithm algorithm = requireNonNull(request, "request").keyAlgorithm();
    return new PendingIdentity(
        request, Keys.generate(algorithm, requireNonNull(provider, "provider")), provider);
  }

  /**
   * Takes up a request again, after a restart for example: with the same key, so that its
   * certificate can be waited for and used.
   *
   * @param request what was asked for; the PKCS#10 request is written again from it
   * @param pem what was exported: the private key ({@link #exportPrivateKeyUnencrypted()}) and the
   *     PKCS#10 request ({@link #pkcs10Pem()}), one after the other
   * @return the key, waiting for a certificate
   * @throws io.podtls.failure.InvalidMaterialException if one of them is missing or damaged, if
   *     they do not belong together, or if the key is not of the algorithm asked for
   */
  public static PendingIdentity restore(CertificateRequest request, String pem) {
    requireNonNull(request, "request");
    Pem text = Pem.parse("the exported request", requireNonNull(pem, "pem"));
    return new PendingIdentity(request, Keys.restore(request.keyAlgorithm(), text), null);
  }

  /** {@return what is asked for} */
  public CertificateRequest request() {
    return request;
  }

  /** {@return the public half of the key} */
  public PublicKey publicKey() {
    return keys.getPublic();
  }

  /**
   * {@return the PKCS#10 request as PEM: one block, {@code CERTIFICATE REQUEST} (RFC 7468 7), which
   * is what {@code spec.request} of a CertificateSigningRequest and {@code openssl req} take}
   */
  public String pkcs10Pem() {
    return Pem.encode(Pem.CERTIFICATE_REQUEST, pkcs10);
  }

  /** {@return the PKCS#10 request as DER, a new array each time} */
  public byte[] pkcs10Der() {
    return pkcs10.clone();
  }

  /**
   * Verifies the issued chain as of now and completes the identity.
   *
   * @param chain what the signer returned, in any order, duplicates and the anchor tolerated
   * @param peerTrust what peers trust: the chain has to lead there
   * @return the key with the chain in order
   * @throws io.podtls.failure.InvalidCertificateException with every violation, if there is one
   */
  public TlsIdentity complete(List<X509Certificate> chain, TrustBundle peerTrust) {
    return complete(chain, peerTrust, Instant.now());
  }

  /**
   * Verifies the issued chain and completes the identity.
   *
   * <p>Verified are: the leaf is for this key; it has every subject alternative name and every
   * usage that was asked for, by name (no usage extension, or {@code any}, is not enough: not every
   * peer takes it for all usages), and may have more; it is valid at {@code now}, a notBefore of up
   * to 60 s later tolerated; it is not a CA; the certificates form a chain (RFC 5246 7.4.2, here
   * put in order, without duplicates, strangers and the self-signed anchor) that leads to peer
   * trust by the JDK's PKIX rules, without revocation. Lifetime and subject are the signer's to
   * decide.
   *
   * @param chain what the signer returned, in any order, duplicates and the anchor tolerated
   * @param peerTrust what peers trust: the chain has to lead there
   * @param now the present
   * @return the key with the chain in order
   * @throws io.podtls.failure.InvalidCertificateException with every violation, if there is one
   */
  public TlsIdentity complete(List<X509Certificate> chain, TrustBundle peerTrust, Instant now) {
    requireNonNull(peerTrust, "peerTrust");
    List<X509Certificate> verified =
        Verification.of(chain, keys.getPublic())
            .asRequested(request)
            .usableAt(requireNonNull(now, "now"))
            .trustedBy(peerTrust.certificates(), now)
            .chain();
    return new TlsIdentity(keys.getPrivate(), verified);
  }

  /**
   * Verifies the issued chain as of now and completes the identity, like {@link #complete(List,
   * TrustBundle)}.
   *
   * @param pem the {@code CERTIFICATE} blocks that the signer returned, with any text around them
   * @param peerTrust what peers trust: the chain has to lead there
   * @return the key with the chain in order
   * @throws io.podtls.failure.InvalidMaterialException if the text holds no certificate or a
   *     damaged one
   * @throws io.podtls.failure.InvalidCertificateException with every violation, if there is one
   */
  public TlsIdentity completePem(String pem, TrustBundle peerTrust) {
    return complete(
        Pem.parse("the issued chain", requireNonNull(pem, "pem")).certificates(), peerTrust);
  }

  /**
   * {@return the private key in the clear, as PKCS#8 PEM (RFC 7468 10): for the manual flow that
   * keeps the key in a file while an administrator decides} Its reader can impersonate the
   * workload.
   *
   * @throws IllegalStateException if the key's provider does not give it out
   */
  public String exportPrivateKeyUnencrypted() {
    return TlsIdentity.exportUnencrypted(keys.getPrivate());
  }

  /** {@return the request and the kind of key, never the key} */
  @Override
  public String toString() {
    return "PendingIdentity[" + request + "]";
  }
}
