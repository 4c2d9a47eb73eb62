package io.podtls.benchmarks.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What one benchmark found out: written as JSON with every value, as Markdown with the tables, and
 * as SVG with the plots.
 *
 * <p>Thread safety: for one thread.
 */
public final class Report {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final String name;
  private final String command;
  private String file;
  private final Map<String, Object> facts = new LinkedHashMap<>();
  private final List<Series> series = new ArrayList<>();
  private final List<Table> tables = new ArrayList<>();
  private final Map<String, String> plots = new LinkedHashMap<>();

  private Report(String name, String command) {
    this.name = name;
    this.command = command;
    this.file = name;
  }

  /**
   * An empty report.
   *
   * @param name of the files, such as {@code cold-start}
   * @param arguments that the benchmark was run with
   */
  public static Report of(String name, String[] arguments) {
    String command = "examples/benchmarks/run " + name + " " + String.join(" ", arguments);
    return new Report(name, command.strip());
  }

  /** Calls the files so, for runs that are to stand side by side. */
  public Report file(String other) {
    file = other;
    return this;
  }

  /** Something to know about the figures: a version, a number of rounds. */
  public Report fact(String key, Object value) {
    facts.put(key, value);
    return this;
  }

  /** Values to keep. */
  public Report add(Series measured) {
    series.add(measured);
    return this;
  }

  /** A table to print. */
  public Report add(Table table) {
    tables.add(table);
    return this;
  }

  /**
   * A plot to draw.
   *
   * @param plot the file's name without its ending
   * @param svg its content
   */
  public Report plot(String plot, String svg) {
    plots.put(plot, svg);
    return this;
  }

  /** Prints the tables and writes all files into the folder. */
  public void writeTo(Path folder) {
    String markdown = markdown();
    System.out.println(markdown);
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve(file + ".md"), markdown);
      Files.writeString(folder.resolve(file + ".json"), JSON.writeValueAsString(json()) + "\n");
      for (Map.Entry<String, String> plot : plots.entrySet()) {
        Files.writeString(folder.resolve(plot.getKey() + ".svg"), plot.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    System.out.println("written to " + folder);
  }

  private String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("`").append(command).append("`, ").append(today()).append(", ");
    text.append(Machine.describe()).append("\n\n");
    facts.forEach(
        (key, value) -> text.append("- ").append(key).append(": ").append(value).append("\n"));
    tables.stream()
        .filter(table -> !table.rows().isEmpty())
        .forEach(table -> text.append("\n").append(table.markdown()));
    return text.toString();
  }

  private Map<String, Object> json() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("benchmark", name);
    all.put("command", command);
    all.put("date", today());
    all.put("machine", Machine.describe());
    all.put("facts", facts);
    all.put("series", series.stream().map(Report::json).toList());
    all.put(
        "tables",
        tables.stream()
            .map(
                table ->
                    Map.of("title", table.title(), "heads", table.heads(), "rows", table.rows()))
            .toList());
    return all;
  }

  private static Map<String, Object> json(Series one) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", one.name());
    all.put("unit", one.unit());
    all.put("median", one.median());
    all.put("min", one.min());
    all.put("max", one.max());
    all.put("values", one.values());
    return all;
  }

  private static String today() {
    return LocalDate.now(ZoneOffset.UTC).toString();
  }
}
