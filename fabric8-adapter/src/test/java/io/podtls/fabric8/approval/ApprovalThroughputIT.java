package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@RequiresControlPlane
class ApprovalThroughputIT {

  private static final int REQUESTS = 1000;

  @Test
  @DisplayName("1,000 requests at once leave less behind in memory than they were large")
  void keepsMemoryFlat(Cluster cluster) throws Exception {
    ApprovalSite site = new ApprovalSite(cluster);
    KubernetesClient client = site.approverClient();

    try (CertificateApprover approver =
        CertificateApprover.builder(client, PodBoundPolicy.builder(client).build(), site.signer)
            .start()) {
      submit(site, 200);
      awaitApprovals(approver, 200); // warm
      long before = usedMemory();

      submit(site, REQUESTS);
      awaitApprovals(approver, 200 + REQUESTS);

      long growth = usedMemory() - before;
      System.out.printf("%d requests later: %d KiB more%n", REQUESTS, growth / 1024);
      assertThat(growth).isLessThan(4L << 20);
    }
  }

  @Test
  @DisplayName(
      "1,000 requests that wait for an approver are approved, each once, and it prints how fast")
  void approvesThousandThatWait(Cluster cluster) throws Exception {
    ApprovalSite site = new ApprovalSite(cluster);
    submit(site, REQUESTS);
    double perSecond = approvalsPerSecond(site, site.approverClient());
    System.out.printf("%d requests approved at %.0f per second%n", REQUESTS, perSecond);
    assertEachApprovedOnce(site);
  }

  private static void assertEachApprovedOnce(ApprovalSite site) {
    assertThat(
            site.cluster
                .admin()
                .certificates()
                .v1()
                .certificateSigningRequests()
                .withField("spec.signerName", site.signer.value())
                .list()
                .getItems())
        .hasSize(REQUESTS)
        .allSatisfy(csr -> assertThat(csr.getStatus().getConditions()).hasSize(1));
    Map<String, Integer> requests =
        site.cluster.controlPlane().audit().actionsOf(site.approver.username());
    assertThat(requests.get("update certificatesigningrequests/approval")).isEqualTo(REQUESTS);
    assertThat(requests.get("get pods")).isEqualTo(REQUESTS);
    assertThat(requests.get("list services")).isLessThan(50);
    assertThat(requests.get("get certificatesigningrequests"))
        .as("each is read when its turn comes, and not held in memory until then")
        .isEqualTo(REQUESTS);
  }

  private static double approvalsPerSecond(ApprovalSite site, KubernetesClient client) {
    long start = System.nanoTime();
    try (CertificateApprover approver =
        CertificateApprover.builder(client, PodBoundPolicy.builder(client).build(), site.signer)
            .start()) {
      awaitApprovals(approver, REQUESTS);
    }
    return REQUESTS / (Duration.ofNanos(System.nanoTime() - start).toMillis() / 1000.0);
  }

  private static void submit(ApprovalSite site, int count) throws Exception {
    KubernetesClient orders = site.cluster.clientFor(site.pod);
    ExecutorService pods = Executors.newFixedThreadPool(8);
    try {
      List<Future<String>> submissions = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        submissions.add(pods.submit(() -> site.submit(orders, TestPkcs10.dns(site.svc("orders")))));
      }
      for (Future<String> submission : submissions) {
        submission.get();
      }
    } finally {
      pods.shutdown();
    }
  }

  private static void awaitApprovals(CertificateApprover approver, int count) {
    ApprovalSite.await(
        count + " approvals, " + approver.status(), () -> approver.status().approved() >= count);
  }

  private static long usedMemory() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
