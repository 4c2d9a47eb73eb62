package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.identity.PendingIdentity;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.signing.SigningOutcome;
import io.podtls.signing.SigningOutcome.Stage;
import io.podtls.trust.TrustBundle;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@RequiresControlPlane
class Fabric8CertificateSignerIT {

  private static final SignerName CLIENT_SIGNER =
      SignerName.of("kubernetes.io/kube-apiserver-client");

  @Test
  @DisplayName(
      "a client certificate is issued by the built-in signer with two requests to the API server")
  void issuesWithTwoRequests(Cluster cluster) throws Exception {
    TestPod pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
    cluster.grant(
        pod,
        Cluster.rule(
            "certificates.k8s.io", "certificatesigningrequests", "create", "get", "watch"));
    PendingIdentity pending = PendingIdentity.generate(clientRequest());

    try (var signer = Fabric8CertificateSigner.using(cluster.clientFor(pod));
        var driver = new AttemptDriver(signer, pending)) {
      SigningOutcome first = driver.until(outcome -> true);
      assertThat(first)
          .isInstanceOfSatisfying(
              SigningOutcome.Pending.class,
              waiting -> {
                assertThat(waiting.stage()).isEqualTo(Stage.AWAITING_APPROVAL);
                assertThat(waiting.advice()).startsWith("kubectl certificate approve podtls-");
              });
      String name = ((SigningOutcome.Pending) first).object().substring("csr ".length());
      cluster.admin().certificates().v1().certificateSigningRequests().withName(name).approve();

      SigningOutcome outcome = driver.settle();

      assertThat(outcome).isInstanceOf(SigningOutcome.Issued.class);
      TlsIdentity identity =
          pending.complete(
              ((SigningOutcome.Issued) outcome).chain(),
              TrustBundle.of(List.of(cluster.controlPlane().csrSignerCa())));
      assertThat(identity.leaf().getSubjectX500Principal().getName()).isEqualTo("CN=orders");
    }
    assertThat(cluster.controlPlane().audit().actionsOf(pod))
        .isEqualTo(
            Map.of("create certificatesigningrequests", 1, "watch certificatesigningrequests", 1));
  }

  private static CertificateRequest clientRequest() {
    return CertificateRequest.builder(CLIENT_SIGNER)
        .commonName("orders")
        .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH)
        .build();
  }
}
