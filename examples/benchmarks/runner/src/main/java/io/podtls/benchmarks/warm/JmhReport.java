package io.podtls.benchmarks.warm;

import io.podtls.benchmarks.report.BarChart;
import io.podtls.benchmarks.report.Options;
import io.podtls.benchmarks.report.Report;
import io.podtls.benchmarks.report.Series;
import io.podtls.benchmarks.report.Table;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads JMH's results and puts side by side what is to be compared.
 *
 * <p>Arguments: {@code --results FILE}, as JMH writes with {@code -rf json}; {@code --arguments
 * TEXT}, what JMH was given.
 */
public final class JmhReport {
  private final Map<String, Series> results = new LinkedHashMap<>();

  /** By benchmark, for each iteration. */
  private final Map<String, Pairs> pairs = new LinkedHashMap<>();

  /** Two ways that were measured in turns; the ratio is that of one iteration each. */
  private record Pairs(Series delegating, Series plain, Series ratio) {
    static Pairs of(String key, JsonNode metrics) {
      List<Double> delegating = values(metrics.path("delegating"));
      List<Double> plain = values(metrics.path("plain"));
      List<Double> counts = values(metrics.path("pairs"));
      List<Double> ratios = new ArrayList<>();
      for (int i = 0; i < counts.size(); i++) {
        ratios.add(delegating.get(i) / plain.get(i));
        delegating.set(i, delegating.get(i) / counts.get(i) / 1e3);
        plain.set(i, plain.get(i) / counts.get(i) / 1e3);
      }
      return new Pairs(
          new Series(key + " delegating", "us", delegating),
          new Series(key + " plain", "us", plain),
          new Series(key + " ratio", "", ratios));
    }
  }

  private JmhReport(JsonNode json) {
    for (JsonNode result : json) {
      String name = result.path("benchmark").asString("").replaceFirst(".*jmh[.]", "");
      StringBuilder key = new StringBuilder(name);
      for (Map.Entry<String, JsonNode> parameter : result.path("params").properties()) {
        key.append(' ').append(parameter.getValue().asString(""));
      }
      if (result.path("secondaryMetrics").has("pairs")) {
        pairs.put(key.toString(), Pairs.of(key.toString(), result.path("secondaryMetrics")));
        continue;
      }
      JsonNode metric = result.path("primaryMetric");
      JsonNode half = metric.path("scorePercentiles").path("50.0");
      boolean sampled = result.path("mode").asString("").equals("sample");
      List<Double> values = sampled ? List.of(half.asDouble()) : values(metric);
      results.put(
          key.toString(),
          new Series(
              key.toString(), metric.path("scoreUnit").asString("").replace("/op", ""), values));
    }
  }

  private static List<Double> values(JsonNode metric) {
    List<Double> values = new ArrayList<>();
    metric.path("rawData").forEach(fork -> fork.forEach(one -> values.add(one.asDouble())));
    return values;
  }

  /** Runs the report. */
  public static void main(String[] arguments) throws Exception {
    Options options = Options.of(arguments, "results", "arguments");
    Path file = Path.of(options.text("results", "examples/benchmarks/target/jmh.json"));
    JmhReport read = new JmhReport(JsonMapper.builder().build().readTree(Files.readAllBytes(file)));
    Report report =
        Report.of("jmh", new String[] {options.text("arguments", "")})
            .fact("Java", System.getProperty("java.version"));
    read.results.values().forEach(report::add);
    read.pairs
        .values()
        .forEach(pair -> report.add(pair.delegating()).add(pair.plain()).add(pair.ratio()));
    read.keys(report);
    read.bundles(report);
    read.handshakes(report);
    read.rotation(report);
    report.writeTo(options.out());
  }

  private Optional<Series> result(String key) {
    return Optional.ofNullable(results.get(key));
  }

  private String median(String key, int digits) {
    return result(key).map(series -> Table.number(series.median(), digits)).orElse("");
  }

  private String ratio(String key, String reference, int digits) {
    return result(key)
        .flatMap(one -> result(reference).map(other -> Table.number(one.ratioTo(other), digits)))
        .orElse("");
  }

  private void keys(Report report) {
    Table table =
        Table.of(
            "Key + PKCS#10 + verification + SSLContext, ms (p50)",
            "key",
            "podtls",
            "okhttp-tls",
            "acme4j",
            "client-java");
    for (String key :
        List.of("ECDSA_P256", "ECDSA_P384", "ECDSA_P521", "RSA_2048", "RSA_3072", "ED25519")) {
      if (result("KeyToContextBenchmark.podtls " + key).isPresent()) {
        table.row(
            key,
            median("KeyToContextBenchmark.podtls " + key, 2),
            median("KeyToContextBenchmark.okhttpTls " + key, 2),
            median("KeyToContextBenchmark.acme4j " + key, 2),
            median("KeyToContextBenchmark.clientJava " + key, 2));
      }
    }
    report.add(table);
    BarChart chart =
        BarChart.of("P-256 key, PKCS#10, verification (podtls only) and SSLContext", "ms");
    result("KeyToContextBenchmark.podtls ECDSA_P256").ifPresent(one -> chart.ours("podtls", one));
    result("KeyToContextBenchmark.okhttpTls ECDSA_P256")
        .ifPresent(one -> chart.beside("okhttp-tls", one));
    result("KeyToContextBenchmark.acme4j ECDSA_P256")
        .ifPresent(one -> chart.beside("acme4j, CSRBuilder", one));
    result("KeyToContextBenchmark.clientJava ECDSA_P256")
        .ifPresent(one -> chart.beside("client-java, CSRUtils", one));
    if (result("KeyToContextBenchmark.podtls ECDSA_P256").isPresent()) {
      report.plot("key-to-context", chart.svg());
    }
  }

  private void bundles(Report report) {
    Table table =
        Table.of("CAs from PEM to a trust manager, ms", "CAs", "podtls", "JDK by hand", "ratio");
    for (String size : List.of("1", "150", "1000")) {
      if (result("BundleBenchmark.podtls " + size).isPresent()) {
        table.row(
            size,
            median("BundleBenchmark.podtls " + size, 3),
            median("BundleBenchmark.jdk " + size, 3),
            ratio("BundleBenchmark.podtls " + size, "BundleBenchmark.jdk " + size, 2));
      }
    }
    report.add(table);
  }

  private void handshakes(Report report) {
    Table table =
        Table.of(
            "Handshakes, client and server together, µs",
            "how",
            "delegating context",
            "plain context",
            "ratio",
            "half of the ratios lie in");
    for (String way : List.of("engines", "sockets")) {
      for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
        for (String resumed : List.of("false", "true")) {
          String what = way + ", " + protocol + (resumed.equals("true") ? ", resumed" : ", full");
          Pairs pair = pairs.get("HandshakeBenchmark." + way + " " + protocol + " " + resumed);
          if (pair != null) {
            table.row(
                what,
                Table.number(pair.delegating().median(), 0),
                Table.number(pair.plain().median(), 0),
                Table.number(pair.ratio().median(), 3),
                Table.number(pair.ratio().percentile(25), 3)
                    + " to "
                    + Table.number(pair.ratio().percentile(75), 3));
          }
        }
      }
    }
    report.add(table);
  }

  private void rotation(Report report) {
    Table table = Table.of("A rotation, µs", "what", "time");
    Map<String, String> names = new LinkedHashMap<>();
    names.put("activation", "activation, with its proving handshake");
    names.put(
        "firstHandshakeAfterwards", "first handshake afterwards, of a client with an old session");
    names.put("fullHandshakeBetween", "full handshake at any other time");
    names.put("resumedHandshakeBetween", "resumed handshake at any other time");
    names.forEach(
        (method, what) ->
            result("RotationBenchmark." + method)
                .ifPresent(time -> table.row(what, Table.number(time.median(), 0))));
    report.add(table);
  }
}
