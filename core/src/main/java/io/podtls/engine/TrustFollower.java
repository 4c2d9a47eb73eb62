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
 * Reads a trust bundle again and again, each part at its own interval and all at a hint, and tells
 * what changed. A source that fails is read again; what was read before stays.
 *
 * <p><b>Thread safety:</b> not safe, used by tasks of the queue only; hints come from anywhere.
 */
final class TrustFollower {

  /** Hears of changes. */
  interface Reader {
    /** A bundle that differs from the one before, or the first one. */
    void read(TrustBundle bundle);

    /** After a failure, the bundle is readable again and still the one read before. */
    void readable();

    /** No bundle could be read; not told again while the reason stays the same. */
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
  private @Nullable String told;

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
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, () -> source.description() + " gives no hints, it is polled only", e);
    }
    read();
  }

  void close() {
    parts.forEach(Part::cancel);
    if (hints != null) {
      try {
        hints.close();
      } catch (Exception e) {
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
    boolean recovered = told != null;
    told = null;
    TrustBundle bundle = held.stream().reduce(TrustBundle::union).orElseThrow();
    if (!bundle.equals(last)) {
      last = bundle;
      reader.read(bundle);
    } else if (recovered) {
      reader.readable();
    }
  }

  /** Pods that started together should not ask together for ever. */
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

    /** A source that could not be read just now is left alone for as long as it asked for. */
    void hinted() {
      due |= !backingOff;
    }

    /** What it holds, read anew if that is due; empty if it could not be read. */
    Optional<TrustBundle> held() {
      if (due) {
        due = false;
        cancel();
        held = load();
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
      } catch (RuntimeException e) {
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
              ? backoff.after(unavailable)
              : slightlyLess(source.pollInterval());
      again(wait);
      String reason = String.valueOf(failure.getMessage());
      if (!reason.equals(told)) {
        told = reason;
        reader.unreadable(failure, wait);
      }
    }

    private void again(Duration wait) {
      if (!wait.isZero()) {
        next =
            queue.after(
                wait,
                () -> {
                  due = true;
                  read();
                });
      }
    }
  }
}
