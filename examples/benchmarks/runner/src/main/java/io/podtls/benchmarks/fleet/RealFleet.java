package io.podtls.benchmarks.fleet;

import io.podtls.PodTls;
import io.podtls.benchmarks.cluster.BenchmarkCluster;
import io.podtls.benchmarks.cluster.Workload;
import io.podtls.benchmarks.report.LineChart;
import io.podtls.benchmarks.report.LineChart.Point;
import io.podtls.benchmarks.report.Options;
import io.podtls.benchmarks.report.Report;
import io.podtls.benchmarks.report.Series;
import io.podtls.benchmarks.report.Table;
import io.podtls.controlplane.AuditedRequest;
import io.podtls.controlplane.ControlPlane;
import io.podtls.fabric8.Fabric8CertificateSigner;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.trust.TrustBundleSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A thousand bootstraps at once from this process against the real API server, over a few dozen
 * connections; then the audit log is counted.
 *
 * <p>Arguments: {@code --pods 1000}, {@code --connections 20}.
 */
public final class RealFleet {
  private static final Logger LOG =
      Logger.getLogger("io.podtls"); // held, or its level is forgotten

  private RealFleet() {}

  /** Runs the benchmark. */
  public static void main(String[] arguments) throws Exception {
    LOG.setLevel(Level.OFF);
    Options options = Options.of(arguments, "pods", "connections");
    int pods = options.number("pods", 1_000);
    int connections = options.number("connections", 20);
    Report report =
        Report.of("fleet-real", arguments).fact("pods", pods).fact("connections", connections);
    try (BenchmarkCluster cluster = BenchmarkCluster.start()) {
      bootstrapAll(cluster.controlPlane(), pods, connections, report);
    }
    report.writeTo(options.out());
    System.exit(0);
  }

  private static void bootstrapAll(
      ControlPlane controlPlane, int pods, int connections, Report report) throws Exception {
    Workload workload = Workload.in(controlPlane);
    List<Fabric8CertificateSigner> signers = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      signers.add(Fabric8CertificateSigner.using(controlPlane.cluster().clientFor(workload.pod())));
    }
    CertificateRequest request =
        CertificateRequest.builder(SignerName.of("kubernetes.io/kube-apiserver-client"))
            .commonName("orders")
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH)
            .build();
    TrustBundleSource peers = TrustBundleSource.pemFile(workload.peerCa());
    ExecutorService callers = Executors.newFixedThreadPool(pods);
    CountDownLatch go = new CountDownLatch(1);
    List<Future<Double>> bootstraps = new ArrayList<>();
    List<PodTls> handles = new ArrayList<>();
    long[] began = {0};
    for (int i = 0; i < pods; i++) {
      Fabric8CertificateSigner signer = signers.get(i % connections);
      bootstraps.add(
          callers.submit(
              () -> {
                go.await();
                PodTls tls =
                    PodTls.requesting(request, signer)
                        .trusting(peers)
                        .bootstrap(Duration.ofMinutes(5));
                synchronized (handles) {
                  handles.add(tls);
                }
                return (System.nanoTime() - began[0]) / 1e9;
              }));
    }
    long before = usedHeap();
    began[0] = System.nanoTime();
    go.countDown();
    List<Double> ready = new ArrayList<>();
    for (Future<Double> bootstrap : bootstraps) {
      ready.add(bootstrap.get(6, TimeUnit.MINUTES));
    }
    callers.shutdown();
    double heap = (usedHeap() - before) / 1024.0 / pods;
    describe(controlPlane, workload, new Series("ready", "s", ready), handles.size(), heap, report);
    handles.forEach(PodTls::close);
    signers.forEach(Fabric8CertificateSigner::close);
  }

  private static long usedHeap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static void describe(
      ControlPlane controlPlane,
      Workload workload,
      Series ready,
      int issued,
      double heap,
      Report report) {
    List<AuditedRequest> requests = controlPlane.audit().requestsOf(workload.pod());
    Map<String, Integer> byRequest = new HashMap<>();
    Map<Long, Integer> perSecond = new TreeMap<>();
    Instant first = requests.get(0).received();
    for (AuditedRequest request : requests) {
      String name =
          request.name().isEmpty()
              ? request.uri().replaceFirst(".*metadata.name%3D([^&]*).*", "$1")
              : request.name();
      byRequest.merge(name, 1, Integer::sum);
      perSecond.merge(Duration.between(first, request.received()).toSeconds(), 1, Integer::sum);
    }
    Map<Long, Integer> all = new TreeMap<>();
    for (AuditedRequest request : controlPlane.audit().requests()) {
      if (!request.received().isBefore(first)) {
        all.merge(Duration.between(first, request.received()).toSeconds(), 1, Integer::sum);
      }
    }
    Series counts =
        new Series(
            "API requests per issuance",
            "requests",
            byRequest.values().stream().map(Integer::doubleValue).toList());
    Map<String, Integer> actions = controlPlane.audit().actionsOf(workload.pod());
    report
        .add(ready)
        .add(counts)
        .fact("requests", actions)
        .add(
            Table.of("Bootstraps at once against the real API server", "quantity", "value")
                .row("issued", Integer.toString(issued))
                .row("half of them ready, s", Table.number(ready.median(), 1))
                .row("all ready, s", Table.number(ready.max(), 1))
                .row(
                    "API requests per issuance, p50 / p99",
                    Table.number(counts.median(), 0)
                        + " / "
                        + Table.number(counts.percentile(99), 0))
                .row("peak requests/s of the pods", Integer.toString(most(perSecond)))
                .row(
                    "peak requests/s of the API server, approver and signer included",
                    Integer.toString(most(all)))
                .row("retained heap per handle, KiB", Table.number(heap, 0)));
    report.plot(
        "fleet-real",
        LineChart.of("Bootstraps at once against the real API server", "seconds", "requests/s")
            .curve("pods", points(perSecond))
            .curve("all, approver and signer included", points(all))
            .svg());
  }

  private static int most(Map<Long, Integer> perSecond) {
    return perSecond.values().stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  private static List<Point> points(Map<Long, Integer> perSecond) {
    List<Point> points = new ArrayList<>();
    perSecond.forEach((second, count) -> points.add(new Point(second, count)));
    return points;
  }
}
