package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestSpec;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.request.SignerName;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A CertificateSigningRequest as a policy sees it: who asks, for what, and the content of the
 * PKCS#10.
 *
 * <p>An instance exists only if the PKCS#10 is well formed and its self-signature verifies, so that
 * no policy can forget that the requester must hold the key.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class ReviewedRequest {

  private final String name;
  private final SignerName signerName;
  private final Requester requester;
  private final Pkcs10Content pkcs10;
  private final List<String> usages;
  private final Optional<Duration> expiration;

  private ReviewedRequest(String name, CertificateSigningRequestSpec spec) {
    this.name = name;
    this.signerName = SignerName.of(spec.getSignerName());
    this.requester =
        new Requester(
            requireNonNull(spec.getUsername(), "username"), spec.getGroups(), spec.getExtra());
    this.usages = List.copyOf(spec.getUsages());
    this.expiration = Optional.ofNullable(spec.getExpirationSeconds()).map(Duration::ofSeconds);
    this.pkcs10 = Pkcs10Content.ofSpecRequest("csr " + name, spec.getRequest());
  }

  /**
   * Reads a request and verifies the self-signature of its PKCS#10 (RFC 2986 4.2).
   *
   * @param csr the object as the API server returned it
   * @return what it says
   * @throws InvalidMaterialException if the PKCS#10 is not exactly one PEM block {@code CERTIFICATE
   *     REQUEST} of at most 64 KiB, is not well formed, is ambiguous (the same extension twice), or
   *     is not signed by its own key with RSA, ECDSA or Ed25519 and SHA-2
   */
  public static ReviewedRequest of(CertificateSigningRequest csr) {
    return new ReviewedRequest(csr.getMetadata().getName(), csr.getSpec());
  }

  /** {@return the name of the object} */
  public String name() {
    return name;
  }

  /** {@return the signer that is to sign it} */
  public SignerName signerName() {
    return signerName;
  }

  /** {@return who created it} */
  public Requester requester() {
    return requester;
  }

  /** {@return the content of the PKCS#10} */
  public Pkcs10Content pkcs10() {
    return pkcs10;
  }

  /**
   * {@return the usages of the object in the API's own words, such as {@code server auth}} Most
   * signers go by these; some go by {@link Pkcs10Content#usages()}.
   */
  public List<String> usages() {
    return usages;
  }

  /** {@return the lifetime that is asked for, empty if that is left to the signer} */
  public Optional<Duration> expiration() {
    return expiration;
  }

  /** {@return the name, the signer and the requester} */
  @Override
  public String toString() {
    return "csr " + name + " (" + signerName + ") of " + requester.username();
  }
}
