package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.ControlPlane;
import io.podtls.controlplane.ControlPlaneOptions;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** One pod floods the approver, and the pod of another namespace does not notice. */
@RequiresControlPlane
class ApprovalFloodIT {

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final int LARGE = 1000;
  private static final int BEFORE_THE_START = 80;

  /** So many more wait for the approver at a time: the API server would fall behind with more. */
  private static final int OUTSTANDING = 20;

  private static final Semaphore FREE = new Semaphore(Integer.MAX_VALUE);

  @Test
  @DisplayName(
      "1,000 requests of 1.2 MB: an approver with a heap of 64 MiB denies each, keeps its memory"
          + " flat and decides on another namespace's request within 10 s")
  void largeRequests() throws Exception {
    boolean busy = isBusy();
    // Objects that are gone leave room in etcd, and in its 2 GB, once they are compacted.
    ControlPlaneOptions options =
        ControlPlaneOptions.defaults().apiServerFlag("--etcd-compaction-interval=5s");
    try (ControlPlane controlPlane = ControlPlane.start(options)) {
      ApprovalSite site = new ApprovalSite(controlPlane.cluster());
      Neighbour neighbour = new Neighbour(site);
      controlPlane.stopControllerManager(); // which watches requests as well, in full
      AtomicInteger denied = new AtomicInteger();
      Semaphore pace = new Semaphore(OUTSTANDING);
      long start = System.nanoTime();
      try (Flood flood = new Flood(site)) {
        flood.submitLarge(BEFORE_THE_START, FREE);
        try (ApproverProcess approver =
            ApproverProcess.start(
                site.approverClient().getConfiguration(),
                site.signer,
                "64m",
                csr -> {
                  flood.delete(csr);
                  denied.incrementAndGet();
                  pace.release();
                })) {
          Future<?> rest = flood.inBackground(LARGE - BEFORE_THE_START, pace);
          List<Duration> waits = new ArrayList<>();
          for (int enough = 100; enough < LARGE; enough += 200) {
            int by = enough;
            ApprovalSite.await(
                by + " denials",
                Duration.ofMinutes(3),
                () -> denied.get() >= by || !approver.isAlive());
            waits.add(neighbour.waitForApproval());
          }
          rest.get();
          ApprovalSite.await(
              "a denial of each",
              Duration.ofMinutes(2),
              () -> denied.get() >= LARGE || !approver.isAlive());

          assertThat(approver.isAlive()).as("%s", approver.output()).isTrue();
          if (!busy) {
            assertThat(waits).allSatisfy(wait -> assertThat(wait).isLessThan(SOON));
          }
          List<Long> used = approver.usedKib();
          System.out.printf(
              "%d requests of 1.2 MB in %d s; neighbour waited %s; heap in use after collections:"
                  + " median %d KiB, most %d KiB%n",
              denied.get(),
              Duration.ofNanos(System.nanoTime() - start).toSeconds(),
              waits,
              used.stream().sorted().toList().get(used.size() / 2),
              Collections.max(used));
          assertThat(Collections.max(used)).isLessThan(48 << 10);
        }
      }
    }
  }

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

  /** Whether this machine has so much else to do that times say nothing; they are printed only. */
  private static boolean isBusy() {
    OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
    return system.getSystemLoadAverage() > 2.0 * system.getAvailableProcessors();
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
    private final ExecutorService background = Executors.newSingleThreadExecutor();
    private final byte[] large;

    Flood(ApprovalSite site) {
      this.site = site;
      this.client = site.cluster.clientFor(site.pod);
      String request =
          TestPkcs10.specRequest(TestPkcs10.dns(site.svc("orders")).pem() + "x".repeat(1_200_000));
      this.large =
          """
          {"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest",
           "metadata":{"generateName":"podtls-test-"},
           "spec":{"signerName":"%s","usages":["server auth"],"request":"%s"}}"""
              .formatted(site.signer, request)
              .getBytes(StandardCharsets.US_ASCII);
    }

    void submitLarge(int count, Semaphore pace) throws Exception {
      submit(
          count,
          () -> {
            pace.acquire();
            return postLarge();
          });
    }

    Future<?> inBackground(int count, Semaphore pace) {
      return background.submit(
          () -> {
            submitLarge(count, pace);
            return null;
          });
    }

    /** Sends bytes that are ready, and does not have them sent back. */
    private Void postLarge() throws Exception {
      HttpResponse<String> answer =
          client
              .getHttpClient()
              .sendAsync(
                  client
                      .getHttpClient()
                      .newHttpRequestBuilder()
                      .uri(
                          client.getMasterUrl().toString().replaceFirst("/$", "")
                              + RequestWatch.PATH)
                      .post("application/json", large)
                      .setHeader(
                          "Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
                      .build(),
                  String.class)
              .get();
      assertThat(answer.code()).as(answer.body()).isEqualTo(201);
      return null;
    }

    /** As a cluster does an hour after the denial. */
    void delete(String csr) {
      site.cluster.admin().certificates().v1().certificateSigningRequests().withName(csr).delete();
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
      background.shutdownNow();
      threads.shutdownNow();
    }
  }
}
