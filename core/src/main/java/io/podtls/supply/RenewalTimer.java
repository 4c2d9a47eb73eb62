package io.podtls.supply;

import io.podtls.schedule.TaskQueue;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Plans a renewal and runs it at its time, which {@link io.podtls.renewal.RenewalPolicy} chooses.
 * Renews at whichever comes first: the wall clock (continues during a suspension) or the timer
 * (unaffected by clock changes).
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
final class RenewalTimer {

  private final TaskQueue queue;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Runnable renewal;
  private @Nullable Instant planned;
  private TaskQueue.@Nullable Entry timer;

  /**
   * @param renewal calls {@link #cancel} first
   */
  RenewalTimer(TaskQueue queue, InstantSource clock, RandomGenerator random, Runnable renewal) {
    this.queue = queue;
    this.clock = clock;
    this.random = random;
    this.renewal = renewal;
  }

  /** Plans the renewal; none is planned yet. */
  void plan(Instant at) {
    planned = at;
    Duration wait = Duration.between(clock.instant(), at);
    timer =
        queue.after(
            wait.isNegative() ? Duration.ZERO : wait,
            () -> {
              timer = null;
              renewal.run();
            });
  }

  /** Renews if the wall clock has reached the planned time. */
  void tick() {
    if (planned != null && !clock.instant().isBefore(planned)) {
      renewal.run();
    }
  }

  /** Moves a planned renewal forward, to a random moment within this time. */
  void replaceWithin(Duration spread) {
    Instant soon = clock.instant().plusNanos(random.nextLong(spread.toNanos() + 1));
    if (planned != null && soon.isBefore(planned)) {
      planned = soon;
    }
  }

  void cancel() {
    planned = null;
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }
}
