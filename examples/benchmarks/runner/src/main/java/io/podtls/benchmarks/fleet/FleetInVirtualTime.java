package io.podtls.benchmarks.fleet;

import io.podtls.PodTls;
import io.podtls.PodTlsListener;
import io.podtls.benchmarks.report.LineChart;
import io.podtls.benchmarks.report.LineChart.Point;
import io.podtls.benchmarks.report.Options;
import io.podtls.benchmarks.report.Report;
import io.podtls.benchmarks.report.Series;
import io.podtls.benchmarks.report.Table;
import io.podtls.fabric8.SimulatedCluster;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.signing.CertificateSigner;
import io.podtls.testing.TestCa;
import io.podtls.testing.VirtualTime;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Ten thousand pods start within one second, in virtual time: the real handles and the adapter's
 * real follower on a simulated API server, beside a fixed poll and client-go's rules. Then the same
 * pods see a CA replaced, and say when they will renew.
 *
 * <p>Arguments: {@code --pods 10000}, {@code --signer 20} (a rate, any number of times; 20, 50 and
 * 200 otherwise), {@code --creates 333}.
 */
public final class FleetInVirtualTime {
  private static final Logger LOG =
      Logger.getLogger("io.podtls"); // held, or its level is forgotten
  private static final Duration LONGEST = Duration.ofHours(2);

  private final int pods;
  private final int createsPerSecond;
  private final Report report;
  private final Table table =
      Table.of(
          "Pods that start in one second",
          "signer, per s",
          "pods",
          "CSRs",
          "creates per pod, refused ones too",
          "requests per pod",
          "peak requests/s",
          "last pod ready, s",
          "N/R, s");

  private FleetInVirtualTime(int pods, int createsPerSecond, Report report) {
    this.pods = pods;
    this.createsPerSecond = createsPerSecond;
    this.report = report;
  }

  /** Runs the benchmark. */
  public static void main(String[] arguments) {
    LOG.setLevel(Level.OFF);
    Options options = Options.of(arguments, "pods", "signer", "creates");
    int pods = options.number("pods", 10_000);
    List<Integer> rates =
        options.all("signer").isEmpty()
            ? List.of(20, 50, 200)
            : options.all("signer").stream().map(Integer::valueOf).toList();
    Report report =
        Report.of("fleet", arguments)
            .fact("pods", pods)
            .fact("creates that the API server takes per second", options.number("creates", 333));
    FleetInVirtualTime fleet = new FleetInVirtualTime(pods, options.number("creates", 333), report);
    rates.forEach(fleet::run);
    report.add(fleet.table);
    report.writeTo(options.out());
    System.exit(0);
  }

  /** One way to get a pod ready. */
  private interface Start {
    void pod(int number, Runnable ready);
  }

  private void run(int rate) {
    LineChart ready =
        LineChart.of(
            pods + " pods, a signer of " + rate + " per second", "seconds", "pods that are ready");
    LineChart load =
        LineChart.logarithmic(
            pods + " pods, a signer of " + rate + " per second", "seconds", "requests per second");
    Fleet ours = new Fleet();
    measure("podtls", rate, true, ready, load, (time, cluster) -> ours.in(time, cluster));
    if (rate >= 200) {
      ours.describeRenewals();
      ours.replaceCa();
    }
    ours.close();
    Fleet blind = new Fleet();
    measure(
        "podtls without watch",
        rate,
        false,
        ready,
        load,
        (time, cluster) -> blind.in(time, cluster));
    blind.close();
    measure(
        "poll every 5 s",
        rate,
        false,
        ready,
        load,
        (time, cluster) ->
            (number, done) -> new PlainPods(time, cluster, done).startPolling("csr-" + number));
    measure(
        "client-go's rules",
        rate,
        true,
        ready,
        load,
        (time, cluster) ->
            (number, done) -> new PlainPods(time, cluster, done).startAsClientGo("csr-" + number));
    report.plot("fleet-ready-" + rate, ready.svg()).plot("fleet-requests-" + rate, load.svg());
  }

  private interface World {
    Start in(VirtualTime time, SimulatedCluster cluster);
  }

  private void measure(
      String name,
      int rate,
      boolean watch,
      LineChart readyChart,
      LineChart loadChart,
      World world) {
    VirtualTime time = VirtualTime.startingNow();
    SimulatedCluster cluster = new SimulatedCluster(time, rate, createsPerSecond, watch);
    Start start = world.in(time, cluster);
    Map<Long, Integer> ready = new TreeMap<>();
    int[] done = {0};
    for (int i = 0; i < pods; i++) {
      int number = i;
      var unused =
          time.schedule(
              () ->
                  start.pod(
                      number,
                      () -> {
                        done[0]++;
                        ready.merge(cluster.elapsed().toMillis(), 1, Integer::sum);
                      }),
              ThreadLocalRandom.current().nextLong(1_000_000_000L),
              TimeUnit.NANOSECONDS);
    }
    while (done[0] < pods && cluster.elapsed().compareTo(LONGEST) < 0) {
      time.advance(Duration.ofMillis(100));
    }
    int creates =
        cluster.requestsByVerb().getOrDefault("create", 0)
            + cluster.requestsByVerb().getOrDefault("create 429", 0);
    long last = ready.keySet().stream().mapToLong(Long::longValue).max().orElse(0);
    int peak =
        cluster.requestsPerSecond().values().stream().mapToInt(Integer::intValue).max().orElse(0);
    table.row(
        Integer.toString(rate),
        name + (done[0] < pods ? " (" + (pods - done[0]) + " not ready)" : ""),
        Integer.toString(cluster.objects()),
        Table.number((double) creates / pods, 2),
        Table.number((double) cluster.requests() / pods, 2),
        Integer.toString(peak),
        Table.number(last / 1e3, 1),
        Table.number((double) pods / rate, 0));
    report.fact(name + ", signer " + rate + ", requests", cluster.requestsByVerb());
    System.err.println(name + " at " + rate + ": " + last / 1e3 + " s");
    List<Double> readyAt = new ArrayList<>();
    ready.forEach(
        (millis, count) -> readyAt.addAll(Collections.nCopies(count, (double) millis / 1e3)));
    report.add(new Series(name + ", signer " + rate + ": pods ready", "s", readyAt));
    readyChart.curve(name, curve(ready));
    List<Point> load = new ArrayList<>();
    long seconds = last / 1000 + 1;
    for (long second = 0; second <= seconds; second++) {
      load.add(new Point(second, cluster.requestsPerSecond().getOrDefault(second, 0)));
    }
    loadChart.curve(name, load);
    report.add(
        new Series(
            name + ", signer " + rate + ": requests in each second",
            "requests",
            load.stream().map(Point::y).toList()));
  }

  private static List<Point> curve(Map<Long, Integer> ready) {
    List<Point> points = new ArrayList<>();
    int sum = 0;
    long shown = -1000;
    points.add(new Point(0, 0));
    for (Map.Entry<Long, Integer> step : ready.entrySet()) {
      sum += step.getValue();
      if (step.getKey() - shown >= 1000) {
        points.add(new Point(step.getKey() / 1e3, sum));
        shown = step.getKey();
      }
    }
    long last = ready.keySet().stream().mapToLong(Long::longValue).max().orElse(0);
    points.add(new Point(last / 1e3, sum));
    return points;
  }

  /** A bundle for all pods, that tells each of them within a second that it has changed. */
  private static final class SharedTrust implements TrustBundleSource {
    private final VirtualTime time;
    private final List<Runnable> hints = new ArrayList<>();
    private TrustBundle bundle;

    SharedTrust(VirtualTime time, TrustBundle bundle) {
      this.time = time;
      this.bundle = bundle;
    }

    void become(TrustBundle next) {
      bundle = next;
      for (Runnable hint : hints) {
        var unused =
            time.schedule(
                hint, ThreadLocalRandom.current().nextLong(1_000_000_000L), TimeUnit.NANOSECONDS);
      }
    }

    @Override
    public TrustBundle load() {
      return bundle;
    }

    @Override
    public String description() {
      return "the simulation's bundle";
    }

    @Override
    public Duration pollInterval() {
      return Duration.ZERO;
    }

    @Override
    public AutoCloseable onChange(Runnable hint) {
      hints.add(hint);
      return () -> {};
    }
  }

  /** Handles of podtls in one simulated cluster. */
  private final class Fleet {
    private final List<PodTls> handles = new ArrayList<>();
    private @Nullable VirtualTime time;
    private @Nullable SimulatedCluster cluster;
    private @Nullable SharedTrust trust;
    private Consumer<Instant> renewed = when -> {};

    Start in(VirtualTime world, SimulatedCluster simulated) {
      time = world;
      cluster = simulated;
      SharedTrust shared =
          new SharedTrust(world, TrustBundle.of(List.of(simulated.ca().certificate())));
      trust = shared;
      CertificateSigner signer = simulated.signer();
      CertificateRequest request =
          CertificateRequest.builder(SignerName.of("example.com/serving"))
              .dnsNames("orders.shop.svc")
              .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
              .build();
      return (number, ready) ->
          handles.add(
                  PodTls.requesting(request, signer)
                      .trusting(shared)
                      .scheduler(world).clock(world)
                      .addListener(
                          new PodTlsListener() {
                            @Override
                            public void issued(
                                TlsIdentity identity, Optional<Instant> nextRenewal) {
                              ready.run();
                            }

                            @Override
                            public void renewed(
                                TlsIdentity previous,
                                TlsIdentity current,
                                Optional<Instant> nextRenewal) {
                              renewed.accept(world.instant());
                            }
                          }).start());
    }

    void describeRenewals() {
      Map<Long, Integer> perSecond = new TreeMap<>();
      for (PodTls handle : handles) {
        handle
            .status()
            .nextRenewal()
            .ifPresent(when -> perSecond.merge(when.getEpochSecond(), 1, Integer::sum));
      }
      List<Long> seconds = new ArrayList<>(perSecond.keySet());
      long first = seconds.get(0);
      long last = seconds.get(seconds.size() - 1);
      report.add(
          Table.of("Renewals of the same pods, certificates of 24 h", "quantity", "value")
              .row("first, h after the first issuance", hours(first))
              .row("last, h", hours(last))
              .row("mean rate, per s", Table.number((double) handles.size() / (last - first), 2))
              .row(
                  "most in one second",
                  Integer.toString(
                      perSecond.values().stream().mapToInt(Integer::intValue).max().orElse(0)))
              .row("most in one minute, per s", Table.number(mostInAMinute(perSecond) / 60.0, 2)));
    }

    private String hours(long epochSecond) {
      VirtualTime world = require(time);
      return String.format(
          Locale.ROOT, "%.1f", (epochSecond - world.instant().getEpochSecond()) / 3600.0);
    }

    private static int mostInAMinute(Map<Long, Integer> perSecond) {
      Map<Long, Integer> perMinute = new TreeMap<>();
      perSecond.forEach((second, count) -> perMinute.merge(second / 60, count, Integer::sum));
      return perMinute.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    }

    /** The new CA appears beside the old one, signs, and is then alone. */
    void replaceCa() {
      VirtualTime world = require(time);
      SimulatedCluster simulated = require(cluster);
      SharedTrust shared = require(trust);
      TestCa old = simulated.ca();
      TestCa next = TestCa.root("next simulated CA");
      Instant begin = world.instant();
      shared.become(TrustBundle.of(List.of(old.certificate(), next.certificate())));
      simulated.signWith(next);
      while (handles.stream().anyMatch(handle -> handle.generation().trust().certificates().size() < 2)) {
        world.advance(Duration.ofMillis(100));
      }
      Duration trusted = Duration.between(begin, world.instant());
      Map<Long, Integer> before = simulated.requestsPerSecond();
      Instant removal = world.instant();
      long removalSecond = simulated.elapsed().toSeconds();
      int[] done = {0};
      Instant[] last = {removal};
      renewed =
          when -> {
            done[0]++;
            last[0] = when;
          };
      shared.become(TrustBundle.of(List.of(next.certificate())));
      while (done[0] < handles.size()
          && Duration.between(removal, world.instant()).compareTo(Duration.ofMinutes(16)) < 0) {
        world.advance(Duration.ofMillis(100));
      }
      int peak =
          simulated.requestsPerSecond().entrySet().stream()
              .filter(second -> second.getKey() > removalSecond)
              .mapToInt(second -> second.getValue() - before.getOrDefault(second.getKey(), 0))
              .max()
              .orElse(0);
      report.add(
          Table.of(
                  "A CA replaced under the same pods, all told within one second",
                  "quantity",
                  "value")
              .row("all pods trust the new CA, s", Table.number(trusted.toMillis() / 1e3, 1))
              .row("pods with a certificate of the new CA", Integer.toString(done[0]))
              .row(
                  "last of them, s after the old CA was gone",
                  Table.number(Duration.between(removal, last[0]).toMillis() / 1e3, 1))
              .row("peak requests/s meanwhile", Integer.toString(peak)));
    }

    void close() {
      handles.forEach(PodTls::close);
      handles.clear();
    }
  }

  private static <T> T require(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("no pod has started");
    }
    return value;
  }
}
