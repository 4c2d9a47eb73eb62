package io.podtls.engine;

import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.failure.PodTlsException;
import io.podtls.schedule.TaskQueue;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The wait for the first generation, and what was awaited if there is none in time.
 *
 * <p><b>Thread safety:</b> safe for use by several threads.
 */
public final class Readiness {

  private record Observation(Phase phase, String sentence, @Nullable PodTlsException failure) {
    @Override
    public String toString() {
      return sentence + (failure == null ? "" : "; last failure: " + failure.getMessage());
    }
  }

  /** How often a wait looks whether the queue still runs. */
  private static final Duration SLICE = Duration.ofSeconds(1);

  private final TaskQueue queue;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final long started = System.nanoTime();
  private volatile long limit = Long.MAX_VALUE;
  private volatile Observation observation;

  /**
   * @param queue runs what is awaited
   * @param sentence what is awaited first
   */
  Readiness(TaskQueue queue, String sentence) {
    this.queue = queue;
    observation = new Observation(Phase.READING_INPUTS, sentence, null);
  }

  /** Returns the future that completes with the first generation, or fails if there is none. */
  public CompletableFuture<Void> future() {
    return done;
  }

  /** Whether the wait is over, in whatever way. */
  boolean isDecided() {
    return done.isDone();
  }

  void succeed() {
    done.complete(null);
  }

  void fail(Throwable failure) {
    done.completeExceptionally(failure);
  }

  /** Returns the longest pause between two attempts: a third of the time that is left. */
  Duration longestPause() {
    return isDecided()
        ? Duration.ofNanos(Long.MAX_VALUE)
        : Duration.ofNanos((limit - (System.nanoTime() - started)) / 3);
  }

  /** Notes what is awaited. */
  void observed(Phase phase, String sentence) {
    observation = new Observation(phase, sentence, null);
  }

  /** Returns what is awaited, and the last failure. */
  String awaited() {
    return observation.toString();
  }

  /** Notes the last failure of what is awaited. */
  void observed(PodTlsException failure) {
    observation = new Observation(observation.phase(), observation.sentence(), failure);
  }

  /**
   * Waits for the first generation.
   *
   * @param timeout counted from when this object was made
   * @throws BootstrapTimeoutException if there is none in time
   * @throws IllegalStateException if the scheduler is shut down; thrown at most two seconds after
   *     that
   */
  public void await(Duration timeout) throws InterruptedException {
    long nanos =
        timeout.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0
            ? timeout.toNanos()
            : Long.MAX_VALUE;
    limit = nanos;
    long waited = System.nanoTime() - started;
    // Waits one second at a time, because a scheduler that is shut down runs no task that could
    // report it.
    while (!within(Math.min(nanos - waited, SLICE.toNanos()))) {
      Optional<IllegalStateException> stopped = queue.stopped();
      if (stopped.isPresent()) {
        throw seenFromHere(stopped.get());
      }
      waited = System.nanoTime() - started;
      if (waited >= nanos) {
        Observation last = observation;
        throw new BootstrapTimeoutException(
            last.phase(), Duration.ofNanos(waited), last.toString(), last.failure());
      }
    }
  }

  /** Adds the frames of the thread that waits, which is the caller's, to those of the task. */
  private static <T extends Throwable> T seenFromHere(T failure) {
    failure.setStackTrace(
        Stream.of(failure.getStackTrace(), new Throwable().getStackTrace())
            .flatMap(Stream::of)
            .toArray(StackTraceElement[]::new));
    return failure;
  }

  private boolean within(long nanos) throws InterruptedException {
    try {
      done.get(nanos, TimeUnit.NANOSECONDS);
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw seenFromHere(failure);
      }
      if (e.getCause() instanceof Error error) {
        throw seenFromHere(error);
      }
      throw new IllegalStateException("cannot bootstrap", e.getCause());
    } catch (TimeoutException e) {
      return false;
    }
  }
}
