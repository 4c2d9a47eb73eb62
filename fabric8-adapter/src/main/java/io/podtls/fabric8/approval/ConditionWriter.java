package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;

/** Writes conditions to requests, each to the request exactly as it was read. */
final class ConditionWriter {

  private final BoundedApi api;

  ConditionWriter(BoundedApi api) {
    this.api = api;
  }

  /** What became of a condition. */
  enum Outcome {
    WRITTEN,
    /** The request has changed since it was read. */
    CONFLICT,
    /** There is no such request any more. */
    GONE
  }

  /**
   * Adds a condition, and keeps all others. The message is written as it is: one that may quote the
   * requester is to be {@linkplain Printable#message made printable} before.
   *
   * @param type {@code Approved} or {@code Denied}, written through the subresource {@code
   *     approval}, or {@code Failed}, written through {@code status}
   */
  Outcome write(WatchedRequest request, String type, String reason, String message) {
    CertificateSigningRequest changed =
        new CertificateSigningRequestBuilder(writable(request))
            .editOrNewStatus()
            .addNewCondition()
            .withType(type)
            .withStatus("True")
            .withReason(requireNonNull(reason, "reason"))
            .withMessage(requireNonNull(message, "message"))
            .endCondition()
            .endStatus()
            .build();
    String subresource = type.equals("Failed") ? "status" : "approval";
    try {
      api.put(
          RequestWatch.PATH + "/" + BoundedApi.encoded(request.id().name()) + "/" + subresource,
          changed);
      return Outcome.WRITTEN;
    } catch (KubernetesClientException e) {
      return switch (e.getCode()) {
        case 404 -> Outcome.GONE;
        case 409 -> Outcome.CONFLICT;
        default -> throw e;
      };
    }
  }

  /** The API server takes the spec from what it has; what was cut must not replace it. */
  private static CertificateSigningRequest writable(WatchedRequest request) {
    CertificateSigningRequest csr = request.csr();
    if (request.tooLarge().isEmpty()) {
      return csr;
    }
    return new CertificateSigningRequestBuilder()
        .withNewMetadata()
        .withName(csr.getMetadata().getName())
        .withUid(csr.getMetadata().getUid())
        .withResourceVersion(csr.getMetadata().getResourceVersion())
        .endMetadata()
        .withNewSpec()
        .endSpec()
        .withStatus(csr.getStatus())
        .build();
  }
}
