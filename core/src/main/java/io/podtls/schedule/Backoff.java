package io.podtls.schedule;

import io.podtls.failure.SignerUnavailableException;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The wait before the next attempt at an unavailable signer: full jitter, so that a fleet that
 * failed together does not return together.
 *
 * <p><b>Thread safety:</b> not safe; used by one thread at a time.
 */
public final class Backoff {

  private static final Duration LEAST = Duration.ofMillis(200);
  private static final Duration MOST = Duration.ofSeconds(30);
  private static final int TOO_MANY_REQUESTS = 429;

  private final RandomGenerator random;
  private Duration ceiling = LEAST.multipliedBy(2);

  public Backoff(RandomGenerator random) {
    this.random = random;
  }

  /**
   * Returns the wait after this failure, 0.2 to 30 s, added to what the answer asked for.
   *
   * @param longest less than 30 s where the caller has little time left
   */
  public Duration after(SignerUnavailableException failure, Duration longest) {
    boolean overloaded = failure.httpStatus().orElse(0) == TOO_MANY_REQUESTS;
    // An overloaded server is helped by the widest spread, not by many doublings on the way there.
    Duration spread = overloaded ? MOST : ceiling;
    ceiling = shorter(ceiling.multipliedBy(2), MOST);
    Duration most = longest.compareTo(LEAST) < 0 ? LEAST : shorter(spread, longest);
    Duration jitter = between(LEAST, most);
    return failure.retryAfter().map(asked -> asked.plus(jitter)).orElse(jitter);
  }

  /** Starts from the shortest wait, after the signer answered. */
  public void reset() {
    ceiling = LEAST.multipliedBy(2);
  }

  private Duration between(Duration from, Duration to) {
    return Duration.ofNanos(random.nextLong(from.toNanos(), to.toNanos() + 1));
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) <= 0 ? one : other;
  }
}
