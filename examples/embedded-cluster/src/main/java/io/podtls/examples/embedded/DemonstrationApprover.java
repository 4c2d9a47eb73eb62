package io.podtls.examples.embedded;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestConditionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;

/**
 * Approves every request for one signerName without a look at it. Never do that in a cluster: who
 * may have which name is what an approver is there to decide.
 */
final class DemonstrationApprover implements AutoCloseable {
  private final KubernetesClient client;
  private final SharedIndexInformer<CertificateSigningRequest> informer;

  private DemonstrationApprover(KubernetesClient client, String signerName) {
    this.client = client;
    this.informer =
        client
            .certificates()
            .v1()
            .certificateSigningRequests()
            .withField("spec.signerName", signerName)
            .inform(
                new ResourceEventHandler<>() {
                  @Override
                  public void onAdd(CertificateSigningRequest csr) {
                    approve(csr);
                  }

                  @Override
                  public void onUpdate(
                      CertificateSigningRequest before, CertificateSigningRequest csr) {
                    // Decided on when it was added.
                  }

                  @Override
                  public void onDelete(CertificateSigningRequest csr, boolean unknown) {
                    // Nothing is kept of it.
                  }
                });
  }

  /** Starts; the client is lent. */
  static DemonstrationApprover start(KubernetesClient client, String signerName) {
    return new DemonstrationApprover(client, signerName);
  }

  @Override
  public void close() {
    informer.close();
  }

  private void approve(CertificateSigningRequest csr) {
    CertificateSigningRequestCondition approved =
        new CertificateSigningRequestConditionBuilder()
            .withType("Approved")
            .withStatus("True")
            .withReason("Demonstration")
            .withMessage("the embedded cluster approves everything")
            .build();
    client
        .certificates()
        .v1()
        .certificateSigningRequests()
        .resource(new CertificateSigningRequestBuilder(csr).build())
        .approve(approved);
  }
}
