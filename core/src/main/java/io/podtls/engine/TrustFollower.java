package io.podtls.engine;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.PodTlsException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.schedule.Backoff;
import io.podtls.schedule.TaskQueue;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Follows a trust bundle: reads each part at its own interval and all of them at a hint, and
 * reports changes. A source that fails is read again; what was read before stays.
 *
 * <p><b>Thread safety:</b> not safe, used by tasks of the queue only; hints come from anywhere.
 */
final class TrustFollower {

  /** Receives changes. */
  interface Reader {
    /** The longest pause between two attempts: a share of what a bootstrap has left. */
    Duration longestPause();

    /** A bundle that differs from the one before, or the first one. */
    void read(TrustBundle bundle);

    /** After a failure, the bundle is readable again and still the one read before. */
    void readable();

    /** No bundle could be read; not repeated while the reason stays the same. */
    void unreadable(PodTlsException failure, Duration nextTry);
  }

  private static final Logger LOG = System.getLogger("io.podtls");

  /** A storm of hints is one. */
  private static final Duration HINTS_TOGETHER = Duration.ofMillis(200);

  private final TrustBundleSource source;
  private final TaskQueue queue;
  private final RandomGenerator random;
  private final Reader reader;
  private final AtomicBoolean hinted = new AtomicBoolean();
  private @Nullable AutoCloseable hints;
  private final List<Part> parts;
  private @Nullable TrustBundle last;
  private @Nullable String reported;

  TrustFollower(TrustBundleSource source, TaskQueue queue, RandomGenerator random, Reader reader) {
    this.source = source;
    this.queue = queue;
    this.random = random;
    this.reader = reader;
    this.parts = source.parts().stream().map(Part::new).toList();
  }

  /** Reads for the first time, then follows. */
  void start() {
    try {
      hints = source.onChange(this::hint);
    } catch (RuntimeException | Error e) {
      LOG.log(Level.WARNING, () -> source.description() + " gives no hints, it is polled only", e);
    }
    read();
  }

  void close() {
    parts.forEach(Part::cancel);
    if (hints != null) {
      try {
        hints.close();
      } catch (Exception | Error e) {
        LOG.log(Level.DEBUG, () -> source.description() + ": cannot end the hints", e);
      }
    }
  }

  private void hint() {
    if (hinted.compareAndSet(false, true)) {
      queue.after(
          HINTS_TOGETHER,
          () -> {
            hinted.set(false);
            parts.forEach(Part::hinted);
            read();
          });
    }
  }

  /** Reads the parts whose time has come; the others hold what they held. */
  private void read() {
    List<TrustBundle> held =
        parts.stream()
            .map(Part::held)
            .takeWhile(Optional::isPresent)
            .flatMap(Optional::stream)
            .toList();
    if (held.size() < parts.size()) {
      return;
    }
    boolean recovered = reported != null;
    reported = null;
    TrustBundle bundle = held.stream().reduce(TrustBundle::union).orElseThrow();
    if (!bundle.equals(last)) {
      reader.read(bundle);
      last = bundle;
    } else if (recovered) {
      reader.readable();
    }
  }

  /** Returns up to a fifth less, so that pods that started together do not stay together. */
  private Duration slightlyLess(Duration interval) {
    return Duration.ofNanos((long) (interval.toNanos() * (1 - random.nextDouble() / 5)));
  }

  /** A source, and what it held when it was read last. */
  private final class Part {
    private final TrustBundleSource source;
    private final Backoff backoff = new Backoff(random);
    private Optional<TrustBundle> held = Optional.empty();
    private boolean due = true;
    private boolean backingOff;
    private TaskQueue.@Nullable Entry next;

    Part(TrustBundleSource source) {
      this.source = source;
    }

    void cancel() {
      if (next != null) {
        next.cancel();
      }
    }

    /** Makes the part due, unless it is unavailable and backing off. */
    void hinted() {
      due |= !backingOff;
    }

    /** Returns what it holds, read again if that is due; empty if it could not be read. */
    Optional<TrustBundle> held() {
      if (due) {
        cancel();
        held = load();
        due = false;
      }
      return held;
    }

    private Optional<TrustBundle> load() {
      TrustBundle bundle;
      try {
        bundle = source.load();
      } catch (PodTlsException e) {
        retry(e);
        return Optional.empty();
      } catch (RuntimeException | Error e) {
        retry(new InvalidMaterialException(source.description(), "cannot be read: " + e, e));
        return Optional.empty();
      }
      backoff.reset();
      backingOff = false;
      again(slightlyLess(source.pollInterval()));
      return Optional.of(bundle);
    }

    private void retry(PodTlsException failure) {
      backingOff = failure instanceof SignerUnavailableException;
      Duration wait =
          failure instanceof SignerUnavailableException unavailable
              ? backoff.after(unavailable, reader.longestPause())
              : slightlyLess(source.pollInterval());
      again(wait);
      String reason = String.valueOf(failure.getMessage());
      if (!reason.equals(reported)) {
        reported = reason;
        reader.unreadable(failure, wait);
      }
    }

    private void again(Duration wait) {
      if (!wait.isZero()) {
        next =
            queue.after(
                wait,
                () -> {
                  next = null;
                  due = true;
                  read();
                });
      }
    }
  }
}
