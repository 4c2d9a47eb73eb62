package io.podtls.benchmarks.issuance;

import io.podtls.benchmarks.cluster.BenchmarkCluster;
import io.podtls.benchmarks.cluster.Workload;
import io.podtls.benchmarks.coldstart.Jdk;
import io.podtls.benchmarks.coldstart.Program;
import io.podtls.benchmarks.report.BarChart;
import io.podtls.benchmarks.report.Options;
import io.podtls.benchmarks.report.Report;
import io.podtls.benchmarks.report.Series;
import io.podtls.benchmarks.report.Table;
import io.podtls.controlplane.AuditedRequest;
import io.podtls.controlplane.ControlPlane;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Lets warm processes issue certificates in turns on one control plane: podtls, two plain fabric8
 * programs, and a Go program with client-go's CSR helpers. Takes the time of each issuance, counts
 * its requests in the audit log, and compares the API server's own time of the signature with the
 * time at which podtls used the certificate. Then counts connections and bytes of some more,
 * through a proxy.
 *
 * <p>Arguments: {@code --rounds 200}, {@code --warm-up 100}, {@code --java HOME} (the one that runs
 * this otherwise).
 */
public final class WarmIssuance {
  private static final int COUNTED = 20;

  private record Kind(String name, List<String> command, boolean ours) {}

  private record Runner(Kind kind, Workload workload, Issuer issuer, List<Issuer.Issuance> seen) {}

  private WarmIssuance() {}

  /** Runs the benchmark. */
  public static void main(String[] arguments) throws Exception {
    Options options = Options.of(arguments, "rounds", "warm-up", "java");
    int rounds = options.number("rounds", 200);
    int warmUp = options.number("warm-up", 100);
    String home = options.text("java", System.getProperty("java.home"));
    Jdk jdk = Jdk.at(Path.of(home));
    String file = "warm-issuance-" + jdk.feature();
    Report report =
        Report.of("warm-issuance", arguments)
            .file(file)
            .fact("rounds", rounds)
            .fact("rounds before, not counted", warmUp)
            .fact("Java", jdk.version());
    Path folder = Files.createTempDirectory("podtls-warm-issuance-");
    try (BenchmarkCluster cluster = BenchmarkCluster.start()) {
      ControlPlane controlPlane = cluster.controlPlane();
      List<Kind> kinds = kinds(Path.of(home, "bin/java").toString(), folder);
      List<Runner> runners = new ArrayList<>();
      for (Kind kind : kinds) {
        Workload workload = Workload.in(controlPlane);
        Path errors = folder.resolve("errors-" + runners.size());
        runners.add(
            new Runner(
                kind,
                workload,
                Issuer.start(kind.name(), kind.command(), workload.environment(), errors),
                new ArrayList<>()));
      }
      for (int round = 0; round < warmUp + rounds; round++) {
        for (Runner runner : runners) {
          Issuer.Issuance issuance = runner.issuer().issue();
          if (round >= warmUp) {
            runner.seen().add(issuance);
          }
        }
        if (round % 50 == 49) {
          System.err.println("round " + (round + 1) + " of " + (warmUp + rounds));
        }
      }
      runners.forEach(runner -> runner.issuer().close());
      describe(controlPlane, runners, warmUp + rounds, file, report);
      describeBytes(controlPlane, kinds, folder, report);
    }
    report.writeTo(options.out());
    System.exit(0);
  }

  private static List<Kind> kinds(String java, Path folder) throws Exception {
    List<Kind> kinds = new ArrayList<>();
    kinds.add(new Kind("podtls", Program.PODTLS.warm(java, "WarmWithPodtls"), true));
    Path go = folder.resolve("client-go");
    Process build =
        new ProcessBuilder("go", "build", "-trimpath", "-o", go.toString(), ".")
            .directory(Path.of("examples/benchmarks/client-go").toFile())
            .inheritIO()
            .start();
    if (build.waitFor() != 0) {
      throw new IllegalStateException("cannot build the Go program: go ended as told above");
    }
    kinds.add(new Kind("Go with client-go's CSR helpers", List.of(go.toString()), false));
    kinds.add(
        new Kind(
            "fabric8, JDK client, HTTP watch + BC provider",
            Program.FABRIC8_JDK.warm(java, "WarmWithFabric8", "http-watch"),
            false));
    kinds.add(
        new Kind(
            "fabric8, JDK client + BC provider",
            Program.FABRIC8_JDK.warm(java, "WarmWithFabric8"),
            false));
    return kinds;
  }

  private static void describe(
      ControlPlane controlPlane, List<Runner> runners, int issuances, String file, Report report) {
    Table table =
        Table.of(
            "One issuance in a warm process, ms",
            "program",
            "p50",
            "p99",
            "min",
            "max",
            "p50 of client-go's",
            "requests per issuance");
    BarChart chart = BarChart.of("One issuance in a warm process, approved at once", "ms");
    Series reference = times(runners.get(1));
    for (Runner runner : runners) {
      Series times = times(runner);
      report.add(times);
      Map<String, Integer> actions = controlPlane.audit().actionsOf(runner.workload().pod());
      int requests = actions.values().stream().mapToInt(Integer::intValue).sum();
      table.row(
          runner.kind().name(),
          Table.number(times.median(), 1),
          Table.number(times.percentile(99), 1),
          Table.number(times.min(), 1),
          Table.number(times.max(), 1),
          Table.number(times.ratioTo(reference), 2),
          Table.number((double) requests / issuances, 2));
      if (runner.kind().ours()) {
        chart.ours(runner.kind().name(), times);
      } else {
        chart.beside(runner.kind().name(), times);
      }
    }
    report.add(table).plot(file, chart.svg());
    Map<String, Instant> signed = signatures(controlPlane);
    describeParts(controlPlane, runners, signed, report);
    describeOurs(controlPlane, runners.get(0), signed, report);
  }

  /** What of the time is the control plane's: from the request received to the signature stored. */
  private static void describeParts(
      ControlPlane controlPlane, List<Runner> runners, Map<String, Instant> signed, Report report) {
    Table table =
        Table.of(
            "Whose time it is, ms (p50)",
            "program",
            "control plane, approver and signer",
            "the program itself and the way");
    for (Runner runner : runners) {
      List<Double> parts = new ArrayList<>();
      @Nullable Instant created = null;
      for (AuditedRequest request : controlPlane.audit().requestsOf(runner.workload().pod())) {
        if (request.verb().equals("create")) {
          created = request.received();
        }
        Instant answered = signed.get(csr(request));
        if (created != null && answered != null) {
          parts.add(Duration.between(created, answered).toNanos() / 1e6);
          created = null;
        }
      }
      int counted = Math.min(parts.size(), runner.seen().size());
      Series theirs =
          new Series(
              runner.kind().name() + ", the control plane's part",
              "ms",
              parts.subList(parts.size() - counted, parts.size()));
      report.add(theirs);
      table.row(
          runner.kind().name(),
          Table.number(theirs.median(), 1),
          Table.number(times(runner).median() - theirs.median(), 1));
    }
    report.add(table);
  }

  private static String csr(AuditedRequest request) {
    return request.name().isEmpty()
        ? request.uri().replaceFirst(".*metadata.name%3D([^&]*).*", "$1")
        : request.name();
  }

  private static void describeOurs(
      ControlPlane controlPlane, Runner runner, Map<String, Instant> signed, Report report) {
    Map<String, Integer> requests = new HashMap<>();
    for (AuditedRequest request : controlPlane.audit().requestsOf(runner.workload().pod())) {
      requests.merge(csr(request), 1, Integer::sum);
    }
    List<Double> delays = new ArrayList<>();
    List<Double> counts = new ArrayList<>();
    for (Issuer.Issuance issuance : runner.seen()) {
      String name = issuance.words().get(0);
      Instant inUse = Instant.parse(issuance.words().get(1));
      Instant answered = signed.get(name);
      if (answered != null) {
        delays.add(Duration.between(answered, inUse).toNanos() / 1e6);
      }
      counts.add(requests.getOrDefault(name, 0).doubleValue());
    }
    Series delay = new Series("podtls: signature stored to certificate in use", "ms", delays);
    Series count = new Series("podtls: API requests per issuance", "requests", counts);
    report
        .add(delay)
        .add(count)
        .add(
            Table.of("podtls", "quantity", "p50", "p99", "max")
                .row(
                    "the signer's update answered, to usable by the next handshake, ms",
                    Table.number(delay.median(), 1),
                    Table.number(delay.percentile(99), 1),
                    Table.number(delay.max(), 1))
                .row(
                    "API requests per issuance",
                    Table.number(count.median(), 0),
                    Table.number(count.percentile(99), 0),
                    Table.number(count.max(), 0)));
  }

  /** When the API server answered the signer's update, by request. */
  private static Map<String, Instant> signatures(ControlPlane controlPlane) {
    Map<String, Instant> signatures = new HashMap<>();
    JsonMapper json = JsonMapper.builder().build();
    try (Stream<String> lines = Files.lines(controlPlane.folder().resolve("audit.log"))) {
      lines
          .filter(line -> line.contains("\"subresource\":\"status\""))
          .filter(line -> line.contains("\"stage\":\"ResponseComplete\""))
          .forEach(
              line -> {
                JsonNode event = json.readTree(line);
                signatures.put(
                    event.path("objectRef").path("name").asString(""),
                    Instant.parse(event.path("stageTimestamp").asString("")));
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return signatures;
  }

  private static Series times(Runner runner) {
    return new Series(
        runner.kind().name(),
        "ms",
        runner.seen().stream().map(Issuer.Issuance::milliseconds).toList());
  }

  private static void describeBytes(
      ControlPlane controlPlane, List<Kind> kinds, Path folder, Report report) throws Exception {
    Table table =
        Table.of(
            "On the wire, TLS included, of " + COUNTED + " issuances one after the other",
            "program",
            "connections",
            "requests per issuance",
            "KiB sent per issuance",
            "KiB received per issuance");
    for (Kind kind : kinds) {
      table.row(onTheWire(controlPlane, kind, Workload.in(controlPlane), folder));
    }
    Kind ours = kinds.get(0);
    table.row(
        onTheWire(
            controlPlane,
            new Kind(ours.name() + ", not allowed to watch", ours.command(), true),
            Workload.in(controlPlane, "create", "get"),
            folder));
    report.add(table);
  }

  private static String[] onTheWire(
      ControlPlane controlPlane, Kind kind, Workload workload, Path folder) throws Exception {
    try (CountingProxy proxy = CountingProxy.to(controlPlane.apiServerUrl().getPort())) {
      Map<String, String> environment = new LinkedHashMap<>(workload.environment());
      environment.put("KUBERNETES_SERVICE_PORT", Integer.toString(proxy.port()));
      Path errors = folder.resolve("errors-bytes");
      try (Issuer issuer = Issuer.start(kind.name(), kind.command(), environment, errors)) {
        for (int i = 0; i < COUNTED; i++) {
          issuer.issue();
        }
      }
      int requests = controlPlane.audit().requestsOf(workload.pod()).size();
      return new String[] {
        kind.name(),
        Long.toString(proxy.connections()),
        Table.number((double) requests / COUNTED, 2),
        Table.number(proxy.sent() / 1024.0 / COUNTED, 1),
        Table.number(proxy.received() / 1024.0 / COUNTED, 1)
      };
    }
  }
}
