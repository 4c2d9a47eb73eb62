package io.podtls.benchmarks.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Curves over one axis of time or of size, both axes from zero.
 *
 * <p>Thread safety: for one thread.
 */
public final class LineChart {
  private static final int LEFT = 70;
  private static final int TOP = 44;
  private static final int WIDTH = 640;
  private static final int HEIGHT = 260;
  private static final int LEGEND = 18;
  private static final List<String> STYLES = List.of("first", "second", "third", "fourth");

  /**
   * A point of a curve.
   *
   * @param x along the horizontal axis, zero or more
   * @param y along the vertical axis, zero or more
   */
  public record Point(double x, double y) {}

  private record Curve(String label, List<Point> points) {}

  private static final int TICKS = 4;

  private final String title;
  private final String across;
  private final String up;
  private final boolean logarithmic;
  private final List<Curve> curves = new ArrayList<>();

  private LineChart(String title, String across, String up, boolean logarithmic) {
    this.title = title;
    this.across = across;
    this.up = up;
    this.logarithmic = logarithmic;
  }

  /** An empty chart. */
  public static LineChart of(String title, String across, String up) {
    return new LineChart(title, across, up, false);
  }

  /** An empty chart whose upward axis has powers of ten, from 1; what is below is drawn there. */
  public static LineChart logarithmic(String title, String across, String up) {
    return new LineChart(title, across, up, true);
  }

  /** One more curve, four at most. */
  public LineChart curve(String label, List<Point> points) {
    if (curves.size() == STYLES.size()) {
      throw new IllegalStateException("more curves than can be told apart");
    }
    curves.add(
        new Curve(label, points.stream().sorted(Comparator.comparingDouble(Point::x)).toList()));
    return this;
  }

  /** The chart as an SVG document. */
  public String svg() {
    double right = round(curves.stream().flatMap(c -> c.points().stream()).mapToDouble(Point::x));
    double top = top(curves.stream().flatMap(c -> c.points().stream()).mapToDouble(Point::y));
    int ticksUp = logarithmic ? (int) Math.log10(top) : TICKS;
    int bottom = TOP + HEIGHT;
    Svg svg = new Svg(LEFT + WIDTH + 40, bottom + 56 + LEGEND * curves.size());
    svg.text(12, 24, "title", title);
    for (int tick = 0; tick <= TICKS; tick++) {
      double x = LEFT + (double) WIDTH * tick / TICKS;
      svg.line(x, TOP, x, bottom, "grid");
      svg.text(x, bottom + 16, "tick", label(right * tick / TICKS));
    }
    for (int tick = 0; tick <= ticksUp; tick++) {
      double y = bottom - (double) HEIGHT * tick / ticksUp;
      svg.line(LEFT, y, LEFT + WIDTH, y, "grid");
      svg.text(
          LEFT - 6, y + 4, "label", label(logarithmic ? Math.pow(10, tick) : top * tick / ticksUp));
    }
    svg.text(LEFT + WIDTH / 2.0, bottom + 34, "tick", across);
    svg.text(LEFT, TOP - 6, "value", up);
    int legend = bottom + 52;
    for (int i = 0; i < curves.size(); i++) {
      Curve curve = curves.get(i);
      StringBuilder points = new StringBuilder();
      for (Point point : curve.points()) {
        points.append(Table.number(LEFT + point.x() / right * WIDTH, 1)).append(',');
        points.append(Table.number(bottom - height(point.y(), top) * HEIGHT, 1)).append(' ');
      }
      svg.polyline(points.toString().strip(), STYLES.get(i));
      svg.line(LEFT, legend - 4, LEFT + 24, legend - 4, STYLES.get(i));
      svg.text(LEFT + 32, legend, "value", curve.label());
      legend += LEGEND;
    }
    return svg.toString();
  }

  private double top(DoubleStream values) {
    return logarithmic
        ? Math.pow(10, Math.max(1, Math.ceil(Math.log10(values.max().orElse(1)))))
        : round(values);
  }

  /** As a part of the chart's height. */
  private double height(double value, double top) {
    return logarithmic ? Math.log10(Math.max(1, value)) / Math.log10(top) : value / top;
  }

  /** The next of 1, 2, 4, 5, 8 or 10 times a power of ten. */
  private static double round(DoubleStream values) {
    double most = values.max().orElse(1);
    double power = Math.pow(10, Math.floor(Math.log10(Math.max(most, 1e-9))));
    for (double step : new double[] {1, 2, 4, 5, 8, 10}) {
      if (most <= step * power) {
        return step * power;
      }
    }
    return 10 * power;
  }

  private static String label(double value) {
    return value == Math.rint(value) ? Table.number(value, 0) : Table.number(value, 2);
  }
}
