package io.podtls.renewal;

/** When to renew. */
public final class RenewalPolicy {
  private RenewalPolicy() {}

  /** Between 40 and 50 % of usable life. */
  public static RenewalPolicy standard() {
    return new RenewalPolicy();
  }

  /** Between 60 and 80 % of usable life. */
  public static RenewalPolicy frugal() {
    return new RenewalPolicy();
  }

  /** Between two fractions of usable life; 0 below from, from at most to, to below 1. */
  public static RenewalPolicy between(double from, double to) {
    return new RenewalPolicy();
  }
}
