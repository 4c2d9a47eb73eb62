package io.podtls.benchmarks.report;

import java.util.Arrays;
import java.util.List;

/**
 * Values of one quantity, in the order in which they were measured.
 *
 * <p>Thread safety: immutable.
 *
 * @param name what was measured
 * @param unit such as {@code ms}
 * @param values at least one
 */
public record Series(String name, String unit, List<Double> values) {
  /** Copies the values. */
  public Series {
    values = List.copyOf(values);
    if (values.isEmpty()) {
      throw new IllegalArgumentException("nothing was measured: " + name);
    }
  }

  /** The middle one, or the mean of the two in the middle. */
  public double median() {
    double[] sorted = sorted();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * The smallest value that is not exceeded by this share of the values.
   *
   * @param percent more than 0, at most 100
   */
  public double percentile(double percent) {
    double[] sorted = sorted();
    return sorted[(int) Math.ceil(percent / 100 * sorted.length) - 1];
  }

  /** The smallest. */
  public double min() {
    return sorted()[0];
  }

  /** The largest. */
  public double max() {
    return percentile(100);
  }

  /** This median by the other's: below 1 where this one is smaller. */
  public double ratioTo(Series other) {
    return median() / other.median();
  }

  private double[] sorted() {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }
}
