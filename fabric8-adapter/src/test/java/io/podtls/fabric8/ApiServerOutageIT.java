package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.ControlPlane;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.fabric8.approval.CertificateSigningRequests;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.SignerName;
import io.podtls.signing.SigningOutcome.Issued;
import io.podtls.signing.SigningOutcome.Pending;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RequiresControlPlane
@DisplayName("A real API server that goes away")
class ApiServerOutageIT {

  @Test
  @DisplayName("before the request and while it waits: one object, and it is issued in the end")
  void goesAwayTwice(@TempDir Path directory) throws Exception {
    PendingIdentity pending =
        PendingIdentity.generate(
            CertificateRequest.builder(SignerName.KUBE_APISERVER_CLIENT)
                .commonName("orders")
                .build());
    try (ControlPlane controlPlane = ControlPlane.start()) {
      Cluster cluster = controlPlane.cluster();
      TestPod pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
      cluster.grant(
          pod,
          Cluster.rule(
              "certificates.k8s.io", "certificatesigningrequests", "create", "get", "watch"));
      cluster.mountedServiceAccount(pod, directory);
      URI url = controlPlane.apiServerUrl();

      try (var signer =
              new Fabric8CertificateSigner(
                  new ServiceAccount(url.toString(), directory).connect());
          var driver = new AttemptDriver(signer, pending)) {
        controlPlane.stopApiServer();
        assertThat(driver.untilUnavailable()).hasMessageContaining("ConnectException");
        controlPlane.startApiServer();
        assertThat(driver.until(outcome -> true)).isInstanceOf(Pending.class);

        controlPlane.stopApiServer();
        assertThat(driver.untilUnavailable()).hasMessageContaining("cannot read csr podtls-");
        controlPlane.startApiServer();
        CertificateSigningRequests.using(controlPlane.admin())
            .approve(CsrName.of("podtls-", pending, 0));

        assertThat(driver.settle()).isInstanceOf(Issued.class);
        assertThat(
                controlPlane
                    .admin()
                    .certificates()
                    .v1()
                    .certificateSigningRequests()
                    .list()
                    .getItems())
            .extracting(csr -> csr.getMetadata().getName())
            .containsExactly(CsrName.of("podtls-", pending, 0));
        assertThat(controlPlane.audit().actionsOf(pod))
            .containsEntry("create certificatesigningrequests", 1);
      }
    }
  }
}
