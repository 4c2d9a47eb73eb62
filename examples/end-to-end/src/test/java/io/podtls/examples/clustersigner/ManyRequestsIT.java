package io.podtls.examples.clustersigner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@RequiresControlPlane
@DisplayName("the cluster signer under a thousand requests")
@Timeout(400)
class ManyRequestsIT {
  private static final int REQUESTS = 1_000;

  @Test
  @DisplayName("approves and signs them all, each once, and prints how fast")
  void approvesAndSignsThemAll(Cluster cluster) throws Exception {
    try (Trial trial = new Trial(cluster)) {
      trial.emptySecret();
      ClusterSigner signer = trial.startApproving();
      cluster.service(trial.namespace, "orders", Map.of("app", "orders"));
      TestPod pod = cluster.pod(trial.namespace, "orders-0").label("app", "orders").create();
      cluster.grant(
          pod, Cluster.rule("certificates.k8s.io", "certificatesigningrequests", "create"));
      List<CertificateSigningRequest> requests = requests(trial);

      long start = System.nanoTime();
      createAll(cluster.clientFor(pod), requests);
      List<CertificateSigningRequest> issued =
          cluster
              .admin()
              .certificates()
              .v1()
              .certificateSigningRequests()
              .withField("spec.signerName", trial.signerName)
              .informOnCondition(ManyRequestsIT::allAreIssued)
              .get(300, TimeUnit.SECONDS);
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          "%d requests created, approved and signed in %.1f s: %.0f per second%n",
          REQUESTS, seconds, REQUESTS / seconds);

      assertThat(issued).hasSize(REQUESTS);
      assertThat(counted(signer)).isEqualTo(REQUESTS);
      assertThat(cluster.controlPlane().audit().requestsOf(trial.account.username()))
          .filteredOn(request -> request.action().startsWith("update certificatesigningrequests/"))
          .hasSize(2 * REQUESTS);
    }
  }

  /** The number of certificates, which the signer counts just after the API server has them. */
  private static long counted(ClusterSigner signer) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (signer.signed() < REQUESTS && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    return signer.signed();
  }

  private static boolean allAreIssued(List<CertificateSigningRequest> requests) {
    return requests.size() == REQUESTS
        && requests.stream().allMatch(csr -> csr.getStatus().getCertificate() != null);
  }

  private static List<CertificateSigningRequest> requests(Trial trial) {
    List<CertificateSigningRequest> requests = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      String pem =
          PendingIdentity.generate(
                  CertificateRequest.builder(SignerName.of(trial.signerName))
                      .dnsNames("orders." + trial.namespace + ".svc")
                      .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
                      .build())
              .pkcs10Pem();
      requests.add(
          new CertificateSigningRequestBuilder()
              .withNewMetadata()
              .withName("many-" + trial.namespace + "-" + i)
              .endMetadata()
              .withNewSpec()
              .withSignerName(trial.signerName)
              .withUsages("digital signature", "server auth")
              .withExpirationSeconds((int) Duration.ofHours(1).toSeconds())
              .withRequest(
                  Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
              .endSpec()
              .build());
    }
    return requests;
  }

  private static void createAll(KubernetesClient client, List<CertificateSigningRequest> requests)
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> created = new ArrayList<>();
      for (CertificateSigningRequest request : requests) {
        created.add(threads.submit(() -> client.resource(request).create()));
      }
      for (Future<?> one : created) {
        one.get();
      }
    } finally {
      threads.shutdown();
    }
  }
}
