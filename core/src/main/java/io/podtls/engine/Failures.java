package io.podtls.engine;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.PodTlsException;
import io.podtls.schedule.TaskQueue;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The last failure of each concern since its last success.
 *
 * <p><b>Thread safety:</b> safe for use by several threads.
 */
final class Failures {

  /** Concerns of every handle; values per generation are concerns of their own. */
  enum Concern {
    IDENTITY,
    TRUST
  }

  private final Map<Object, PodTlsException> latest = new ConcurrentHashMap<>();
  private final TaskQueue queue;

  Failures(TaskQueue queue) {
    this.queue = queue;
  }

  void put(Object concern, PodTlsException failure) {
    latest.put(concern, failure);
  }

  void clear(Object concern) {
    latest.remove(concern);
  }

  /** Returns the most urgent failure. */
  Optional<PodTlsException> last() {
    return queue
        .stopped()
        .map(Failures::known)
        .or(() -> Optional.ofNullable(latest.get(Concern.IDENTITY)))
        .or(() -> Optional.ofNullable(latest.get(Concern.TRUST)))
        .or(() -> queue.failing().map(Failures::known))
        .or(() -> latest.values().stream().findFirst());
  }

  /** Returns the failure as one of the library's own types. */
  static PodTlsException known(Throwable failure) {
    return failure instanceof PodTlsException ours
        ? ours
        : new InvalidMaterialException("podtls", "failed unexpectedly: " + failure, failure);
  }
}
