package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestSpec;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.request.SignerName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
  private final Map<String, String> labels;
  private final Map<String, String> annotations;

  private ReviewedRequest(String source, ObjectMeta metadata, CertificateSigningRequestSpec spec) {
    this.name = metadata.getName();
    this.signerName = SignerName.of(spec.getSignerName());
    this.requester = Requester.of(spec);
    this.usages = List.copyOf(spec.getUsages());
    this.expiration = Optional.ofNullable(spec.getExpirationSeconds()).map(Duration::ofSeconds);
    this.labels = copy(metadata.getLabels());
    this.annotations = copy(metadata.getAnnotations());
    this.pkcs10 = Pkcs10Content.ofSpecRequest(source, spec.getRequest());
  }

  /**
   * Reads a request and verifies the self-signature of its PKCS#10 (RFC 2986 4.2).
   *
   * @param csr the object as the API server returned it
   * @return the request
   * @throws InvalidMaterialException if the PKCS#10 cannot be read or is not signed by its own key,
   *     see {@link Pkcs10Content#ofSpecRequest}, or if a part of the object is missing
   */
  public static ReviewedRequest of(CertificateSigningRequest csr) {
    String source = "csr " + Printable.of(csr.getMetadata().getName());
    try {
      return new ReviewedRequest(source, csr.getMetadata(), csr.getSpec());
    } catch (NullPointerException | IllegalArgumentException e) {
      throw new InvalidMaterialException(
          source, "is no request that the API server accepts: " + e.getMessage(), e);
    }
  }

  private static Map<String, String> copy(@Nullable Map<String, String> map) {
    return map == null ? Map.of() : Map.copyOf(map);
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

  /** {@return the object's labels, chosen by the requester} */
  public Map<String, String> labels() {
    return labels;
  }

  /**
   * {@return the object's annotations, chosen by the requester} Some signers obey them:
   * cert-manager makes a CA certificate for {@code experimental.cert-manager.io/request-is-ca}.
   */
  public Map<String, String> annotations() {
    return annotations;
  }

  /** {@return the name, the signer and the requester} */
  @Override
  public String toString() {
    return Printable.of("csr " + name + " (" + signerName + ") of " + requester.username(), 300);
  }
}
