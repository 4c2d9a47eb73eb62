package io.podtls.benchmarks.coldstart;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.podtls.benchmarks.cluster.BenchmarkCluster;
import io.podtls.benchmarks.cluster.Workload;
import io.podtls.benchmarks.report.BarChart;
import io.podtls.benchmarks.report.Options;
import io.podtls.benchmarks.report.Report;
import io.podtls.benchmarks.report.Series;
import io.podtls.benchmarks.report.Table;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Starts each program again and again, one after the other and in turns, on one control plane whose
 * approver answers at once, and takes the time from the start of the process to its line {@code
 * ready}: an SSLContext with an issued certificate is there.
 *
 * <p>Arguments: {@code --rounds 20}, {@code --jdk HOME} (any number of times; JDK 17 and 25 are
 * looked for otherwise), {@code --mode PLAIN} or {@code ARCHIVE} (both otherwise), {@code --only
 * MODULE} (a folder of cold-start, any number of times), {@code --jvm ARGUMENT} (for the measured
 * JVMs, any number of times).
 */
public final class ColdStart {
  private static final Path TIME = Path.of("/usr/bin/time");

  private record Variant(Jdk jdk, Mode mode, Program program) {
    String name() {
      return jdk + " " + mode.describe(jdk) + ": " + program;
    }
  }

  private record Start(double ready, double end, double peakMegabytes) {}

  private final Workload workload;
  private final Path folder;
  private final List<String> jvmArguments;

  private ColdStart(Workload workload, Path folder, List<String> jvmArguments) {
    this.workload = workload;
    this.folder = folder;
    this.jvmArguments = jvmArguments;
  }

  /** Runs the benchmark. */
  public static void main(String[] arguments) throws Exception {
    Options options = Options.of(arguments, "rounds", "jdk", "mode", "only", "jvm");
    int rounds = options.number("rounds", 20);
    List<Jdk> jdks =
        options.all("jdk").isEmpty()
            ? Jdk.installed()
            : options.all("jdk").stream().map(Path::of).map(Jdk::at).toList();
    List<String> givenModes =
        options.all("mode", Stream.of(Mode.values()).map(Mode::name).toList());
    List<Mode> modes =
        givenModes.isEmpty()
            ? List.of(Mode.values())
            : givenModes.stream().map(Mode::valueOf).toList();
    List<String> only =
        options.all("only", Program.ALL.stream().map(Program::module).distinct().toList());
    List<Program> programs =
        Program.ALL.stream().filter(one -> only.isEmpty() || only.contains(one.module())).toList();
    Report report = Report.of("cold-start", arguments).fact("rounds", rounds);
    jdks.forEach(jdk -> report.fact(jdk.toString(), jdk.version()));
    try (BenchmarkCluster cluster = BenchmarkCluster.start()) {
      ColdStart benchmark =
          new ColdStart(
              Workload.in(cluster.controlPlane()),
              Files.createTempDirectory("podtls-cold-start-"),
              options.all("jvm"));
      benchmark.measure(rounds, jdks, modes, programs, report);
    }
    report.writeTo(options.out());
    System.exit(0);
  }

  private void measure(
      int rounds, List<Jdk> jdks, List<Mode> modes, List<Program> programs, Report report)
      throws Exception {
    List<Variant> variants = new ArrayList<>();
    for (Jdk jdk : jdks) {
      for (Mode mode : modes) {
        for (Program program : programs) {
          variants.add(new Variant(jdk, mode, program));
        }
      }
    }
    Map<Variant, List<Start>> starts = new LinkedHashMap<>();
    for (Variant variant : variants) {
      if (variant.mode() == Mode.ARCHIVE) {
        run(variant, variant.mode().toMake(variant.jdk(), archive(variant)));
      }
      run(variant, variant.mode().toUse(variant.jdk(), archive(variant))); // fills the page cache
    }
    for (int round = 1; round <= rounds; round++) {
      for (Variant variant : variants) {
        Start start = run(variant, variant.mode().toUse(variant.jdk(), archive(variant)));
        starts.computeIfAbsent(variant, unused -> new ArrayList<>()).add(start);
      }
      System.err.println("round " + round + " of " + rounds);
    }
    for (Jdk jdk : jdks) {
      for (Mode mode : modes) {
        describe(jdk, mode, programs, starts, report);
      }
    }
    describeClassPaths(programs, report);
  }

  private Path archive(Variant variant) {
    return folder.resolve(
        variant.jdk().feature()
            + "-"
            + variant.program().module()
            + "-"
            + variant.program().mainClass()
            + (variant.program().repacked() ? "-repacked" : "")
            + ".archive");
  }

  private Start run(Variant variant, List<String> modeArguments)
      throws IOException, InterruptedException {
    Path peak = folder.resolve("peak");
    Path errors = folder.resolve("errors");
    List<String> command = new ArrayList<>();
    if (Files.isExecutable(TIME)) {
      command.addAll(List.of(TIME.toString(), "-f", "%M", "-o", peak.toString()));
    }
    command.add(variant.jdk().java());
    command.addAll(modeArguments);
    command.addAll(jvmArguments);
    command.addAll(
        List.of("-cp", variant.program().classPath(), variant.program().qualifiedMainClass()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().clear();
    builder.environment().putAll(workload.environment());
    long started = System.nanoTime();
    Process process = builder.start();
    double ready = -1;
    try (BufferedReader output = process.inputReader(UTF_8)) {
      for (@Nullable String line = output.readLine(); line != null; line = output.readLine()) {
        if (ready < 0 && line.startsWith("ready")) {
          ready = (System.nanoTime() - started) / 1e6;
        }
      }
    }
    if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0 || ready < 0) {
      process.destroyForcibly();
      throw new IllegalStateException(
          variant.name() + " ended without being ready:\n" + Files.readString(errors));
    }
    double end = (System.nanoTime() - started) / 1e6;
    double kib =
        Files.exists(peak) ? Double.parseDouble(Files.readString(peak).strip()) : Double.NaN;
    return new Start(ready, end, kib / 1024);
  }

  private static void describe(
      Jdk jdk, Mode mode, List<Program> programs, Map<Variant, List<Start>> starts, Report report) {
    String title = "Cold start, " + jdk + ", " + mode.describe(jdk);
    Table table =
        Table.of(
            title + ": empty JVM to TLS-ready, s",
            "program",
            "median",
            "min",
            "max",
            "of fabric8 with the JDK client",
            "of the same without archive",
            "peak memory, MiB");
    BarChart chart = BarChart.of(title + ": from an empty JVM to TLS", "s");
    for (Program program : programs) {
      Variant variant = new Variant(jdk, mode, program);
      Series ready = ready(variant, starts);
      List<Start> measured = starts.getOrDefault(variant, List.of());
      Series end =
          new Series(
              variant.name() + ", to the process's end",
              "s",
              measured.stream().map(start -> start.end() / 1e3).toList());
      Series peak =
          new Series(
              variant.name() + ", peak memory",
              "MiB",
              measured.stream().map(Start::peakMegabytes).toList());
      report.add(ready).add(end).add(peak);
      table.row(
          program.name(),
          Table.number(ready.median(), 2),
          Table.number(ready.min(), 2),
          Table.number(ready.max(), 2),
          ratio(ready, new Variant(jdk, mode, Program.FABRIC8_JDK), starts),
          ratio(ready, new Variant(jdk, Mode.PLAIN, Program.FABRIC8_JDK), starts),
          Table.number(peak.median(), 0));
      if (program.module().equals(Program.PODTLS.module())) {
        chart.ours(program.name(), ready);
      } else {
        chart.beside(program.name(), ready);
      }
    }
    report.add(table);
    report.plot(
        "cold-start-" + jdk.feature() + (mode == Mode.PLAIN ? "" : "-archive"), chart.svg());
  }

  private static String ratio(Series ready, Variant reference, Map<Variant, List<Start>> starts) {
    return starts.containsKey(reference)
        ? Table.number(ready.ratioTo(ready(reference, starts)), 2)
        : "";
  }

  private static Series ready(Variant variant, Map<Variant, List<Start>> starts) {
    return new Series(
        variant.name(),
        "s",
        starts.getOrDefault(variant, List.of()).stream()
            .map(start -> start.ready() / 1e3)
            .toList());
  }

  private static void describeClassPaths(List<Program> programs, Report report) {
    Table table = Table.of("Class path", "program", "jars", "MB");
    for (Program program : programs) {
      table.row(
          program.name(),
          Integer.toString(program.libraries()),
          Table.number(program.megabytes(), 1));
    }
    report.add(table);
  }
}
