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
final class Readiness {

  private record Observation(Phase phase, String sentence, @Nullable PodTlsException failure) {
    @Override
    public String toString() {
      return sentence + (failure == null ? "" : "; last failure: " + failure.getMessage());
    }
  }

  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final long started = System.nanoTime();
  private volatile Observation observation;

  Readiness(Phase phase, String sentence) {
    observation = new Observation(phase, sentence, null);
  }

  /** Returns the future that completes with the first generation. */
  CompletableFuture<Void> future() {
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
   * @param longest how often to look whether the queue still runs
   */
  void await(Duration timeout, Duration longest, TaskQueue queue) throws InterruptedException {
    long nanos =
        timeout.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0
            ? timeout.toNanos()
            : Long.MAX_VALUE;
    long waited = System.nanoTime() - started;
    // In slices: a scheduler that drops its tasks when it is shut down runs none to report it.
    while (!within(Math.min(nanos - waited, longest.toNanos()))) {
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
