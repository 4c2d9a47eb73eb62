package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** One pod floods the approver, and the pod of another namespace does not notice. */
@RequiresControlPlane
class ApprovalFloodIT {

  private static final Duration SOON = Duration.ofSeconds(10);

  @Test
  @DisplayName(
      "400 requests of one pod for a Service that does not exist, more than may be pending:"
          + " another namespace's request is approved within 10 s, and all 400 are denied in the end")
  void manyRequests(Cluster cluster) throws Exception {
    ApprovalSite site = new ApprovalSite(cluster);
    Neighbour neighbour = new Neighbour(site);
    KubernetesClient client = site.approverClient();
    ApproverEvents events = new ApproverEvents();
    try (Flood flood = new Flood(site);
        CertificateApprover approver =
            CertificateApprover.builder(client, PodBoundPolicy.builder(client).build(), site.signer)
                .maxPending(300)
                .patience(Duration.ofSeconds(20))
                .listener(events)
                .start()) {
      flood.submitForMissingService(400);
      ApprovalSite.await("too many requests", () -> approver.status().paused());

      assertThat(neighbour.waitForApproval()).isLessThan(SOON);
      assertThat(approver.status().paused()).isTrue();

      ApprovalSite.await(
          "400 denials, " + approver.status(),
          Duration.ofSeconds(90),
          () -> approver.status().denied() == 400 && !approver.status().paused());
      assertThat(approver.status().pending()).isZero();
      assertThat(events.all()).anyMatch(event -> event.startsWith("resumed "));
    }
  }

  /** A pod of another namespace, with a Service, which asks for a certificate of its own. */
  private static final class Neighbour {
    private final ApprovalSite site;
    private final String namespace;
    private final KubernetesClient client;

    Neighbour(ApprovalSite site) {
      this.site = site;
      Cluster cluster = site.cluster;
      this.namespace = cluster.namespace();
      cluster.service(namespace, "billing", Map.of("app", "billing"));
      TestPod pod =
          cluster
              .pod(namespace, "billing-5c4")
              .serviceAccount("billing")
              .label("app", "billing")
              .ips("10.1.2.9")
              .create();
      cluster.grant(
          pod, Cluster.rule("certificates.k8s.io", "certificatesigningrequests", "create", "get"));
      this.client = cluster.clientFor(pod);
    }

    Duration waitForApproval() {
      long start = System.nanoTime();
      String csr = site.submit(client, TestPkcs10.dns("billing." + namespace + ".svc"));
      CertificateSigningRequestCondition decision = site.decisionOn(csr);
      assertThat(decision.getType()).as(decision.getMessage()).isEqualTo("Approved");
      return Duration.ofNanos(System.nanoTime() - start);
    }
  }

  /** A pod that makes requests as fast as it can. */
  private static final class Flood implements AutoCloseable {
    private final ApprovalSite site;
    private final KubernetesClient client;
    private final ExecutorService threads = Executors.newFixedThreadPool(4);

    Flood(ApprovalSite site) {
      this.site = site;
      this.client = site.cluster.clientFor(site.pod);
    }

    void submitForMissingService(int count) throws Exception {
      submit(count, () -> site.submit(client, TestPkcs10.dns(site.svc("missing"))));
    }

    private void submit(int count, Callable<?> one) throws Exception {
      for (Future<?> submission : threads.invokeAll(Collections.nCopies(count, one))) {
        submission.get();
      }
    }

    @Override
    public void close() {
      threads.shutdownNow();
    }
  }
}
