package io.podtls.benchmarks.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Rows under column heads, as Markdown.
 *
 * <p>Thread safety: for one thread.
 */
public final class Table {
  private final String title;
  private final List<String> heads;
  private final List<List<String>> rows = new ArrayList<>();

  private Table(String title, List<String> heads) {
    this.title = title;
    this.heads = heads;
  }

  /** An empty table. */
  public static Table of(String title, String... heads) {
    return new Table(title, List.of(heads));
  }

  /** One more row. */
  public Table row(String... cells) {
    if (cells.length != heads.size()) {
      throw new IllegalArgumentException(cells.length + " cells under " + heads);
    }
    rows.add(List.of(cells));
    return this;
  }

  /** What it is about. */
  public String title() {
    return title;
  }

  /** The column heads. */
  public List<String> heads() {
    return heads;
  }

  /** The rows so far. */
  public List<List<String>> rows() {
    return List.copyOf(rows);
  }

  /** A number with so many digits after the point. */
  public static String number(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** The table as Markdown, with its title above. */
  public String markdown() {
    StringBuilder text = new StringBuilder("**" + title + "**\n\n");
    line(text, heads);
    line(text, heads.stream().map(head -> "---").toList());
    rows.forEach(row -> line(text, row));
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }
}
