package io.podtls.benchmarks.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Horizontal bars from zero, one a series: the median, with a line from the smallest to the largest
 * value.
 *
 * <p>Thread safety: for one thread.
 */
public final class BarChart {
  private static final int LABELS = 330;
  private static final int WIDTH = 560;
  private static final int ROW = 24;

  private record Bar(String label, Series series, boolean ours) {}

  private final String title;
  private final String unit;
  private final List<Bar> bars = new ArrayList<>();

  private BarChart(String title, String unit) {
    this.title = title;
    this.unit = unit;
  }

  /** An empty chart. */
  public static BarChart of(String title, String unit) {
    return new BarChart(title, unit);
  }

  /** A bar of something that podtls is measured beside. */
  public BarChart beside(String label, Series series) {
    bars.add(new Bar(label, series, false));
    return this;
  }

  /** A bar of podtls. */
  public BarChart ours(String label, Series series) {
    bars.add(new Bar(label, series, true));
    return this;
  }

  /** The chart as an SVG document. */
  public String svg() {
    double most = bars.stream().mapToDouble(bar -> bar.series().max()).max().orElse(1);
    Svg svg = new Svg(LABELS + WIDTH + 110, 48 + ROW * bars.size());
    svg.text(12, 24, "title", title);
    int y = 40;
    for (Bar bar : bars) {
      double middle = y + ROW / 2.0;
      svg.text(LABELS - 8, middle + 4, "label", bar.label());
      double scale = WIDTH / most;
      svg.rectangle(
          LABELS, y + 4, bar.series().median() * scale, ROW - 8, bar.ours() ? "ours" : "other");
      svg.line(
          LABELS + bar.series().min() * scale,
          middle,
          LABELS + bar.series().max() * scale,
          middle,
          "range");
      String value = Table.number(bar.series().median(), most < 10 ? 2 : most < 100 ? 1 : 0);
      svg.text(LABELS + bar.series().max() * scale + 8, middle + 4, "value", value + " " + unit);
      y += ROW;
    }
    return svg.toString();
  }
}
