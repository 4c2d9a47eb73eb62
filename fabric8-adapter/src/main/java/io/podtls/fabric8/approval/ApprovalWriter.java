package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;

/** The writer of decisions, an approver's as well as an administrator's. */
final class ApprovalWriter {

  private final KubernetesClient client;

  ApprovalWriter(KubernetesClient client) {
    this.client = client;
  }

  /** The result of writing a decision. */
  enum Outcome {
    WRITTEN,
    /** The request changed since it was read. */
    CONFLICT,
    /** The request was deleted. */
    GONE
  }

  /**
   * Adds a condition through the subresource {@code approval}, to the request exactly as it was
   * read, and keeps all others.
   *
   * @param type {@code Approved} or {@code Denied}
   */
  Outcome write(CertificateSigningRequest csr, String type, String reason, String message) {
    CertificateSigningRequest decided =
        new CertificateSigningRequestBuilder(csr)
            .editOrNewStatus()
            .addNewCondition()
            .withType(type)
            .withStatus("True")
            .withReason(reason)
            .withMessage(message)
            .endCondition()
            .endStatus()
            .build();
    try {
      client
          .certificates()
          .v1()
          .certificateSigningRequests()
          .resource(decided)
          .subresource("approval")
          .update();
      return Outcome.WRITTEN;
    } catch (KubernetesClientException e) {
      return switch (e.getCode()) {
        case 404 -> Outcome.GONE;
        case 409 -> Outcome.CONFLICT;
        default -> throw e;
      };
    }
  }
}
