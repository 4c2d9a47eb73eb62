package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * When to try again: 0.25 to 0.5 s after the first failure, up to 30 s later on, then not at all.
 */
final class Backoff {

  private static final Duration FIRST = Duration.ofMillis(500);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final int attempts;
  private final DoubleSupplier random;

  /**
   * Tries so often.
   *
   * @param attempts how many attempts may fail in a row
   * @param random uniform in [0, 1)
   */
  Backoff(int attempts, DoubleSupplier random) {
    this.attempts = attempts;
    this.random = random;
  }

  /** How long to wait after this failure, the n-th in a row; empty to give up. */
  Optional<Duration> after(RuntimeException failure, int failures) {
    if (failures >= attempts) {
      return Optional.empty();
    }
    long most = Math.min(FIRST.toMillis() << Math.min(failures - 1, 16), LONGEST.toMillis());
    long jittered = most / 2 + (long) (most / 2.0 * random.getAsDouble());
    return Optional.of(Duration.ofMillis(Math.max(jittered, retryAfterMillis(failure))));
  }

  private static long retryAfterMillis(RuntimeException failure) {
    if (failure instanceof KubernetesClientException refused) {
      Status status = refused.getStatus();
      if (status != null
          && status.getDetails() != null
          && status.getDetails().getRetryAfterSeconds() != null) {
        return Duration.ofSeconds(status.getDetails().getRetryAfterSeconds()).toMillis();
      }
    }
    return 0;
  }
}
