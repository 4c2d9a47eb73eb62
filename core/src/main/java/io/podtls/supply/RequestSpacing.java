package io.podtls.supply;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The wait before the next request after one that failed. A fleet whose requests all fail must not
 * flood the API server with new ones.
 *
 * <p><b>Thread safety:</b> not safe; used by one thread at a time.
 */
final class RequestSpacing {

  private static final Duration DENIED = Duration.ofHours(1);
  private static final List<Duration> FAILED =
      List.of(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(20));
  private static final Duration INVALID = Duration.ofMinutes(5);
  private static final Duration MOST_INVALID = Duration.ofHours(1);

  private final RandomGenerator random;
  private int failures;
  private int invalid;

  RequestSpacing(RandomGenerator random) {
    this.random = random;
  }

  /** Returns an hour or more: policy denied the request, and repeating it changes nothing. */
  Duration afterDenial() {
    return stretched(DENIED);
  }

  /** Returns the waits of three spaced retries, then that of a denial. */
  Duration afterFailure() {
    return failures < FAILED.size() ? stretched(FAILED.get(failures++)) : afterDenial();
  }

  /** Returns five minutes or more, growing to an hour: the signer issues unusable certificates. */
  Duration afterInvalid() {
    Duration wait = INVALID.multipliedBy(1L << Math.min(invalid++, 4));
    return stretched(wait.compareTo(MOST_INVALID) < 0 ? wait : MOST_INVALID);
  }

  /** Starts from the shortest waits, after a certificate was issued and is in use. */
  void reset() {
    failures = 0;
    invalid = 0;
  }

  /** Up to a half longer, so that a fleet does not come back together. */
  private Duration stretched(Duration least) {
    return least.plusNanos(random.nextLong(least.toNanos() / 2 + 1));
  }
}
