package io.podtls;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.PodTlsException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Reads a trust bundle again and again, at the source's interval and at its hints, and tells what
 * changed. A source that fails is read again; what was read before stays.
 *
 * <p><b>Thread safety:</b> not safe, used by the agenda's tasks only; hints come from anywhere.
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

  private static final Logger LOG = System.getLogger(PodTls.class.getName());

  /** A storm of hints is one. */
  private static final Duration HINTS_TOGETHER = Duration.ofMillis(200);

  private final TrustBundleSource source;
  private final Agenda agenda;
  private final RandomGenerator random;
  private final Backoff backoff;
  private final Reader reader;
  private final AtomicBoolean hinted = new AtomicBoolean();
  private @Nullable AutoCloseable hints;
  private Agenda.@Nullable Entry next;
  private @Nullable TrustBundle last;
  private @Nullable String told;
  private boolean backingOff;

  TrustFollower(TrustBundleSource source, Agenda agenda, RandomGenerator random, Reader reader) {
    this.source = source;
    this.agenda = agenda;
    this.random = random;
    this.backoff = new Backoff(random);
    this.reader = reader;
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
    if (next != null) {
      next.cancel();
    }
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
      agenda.after(
          HINTS_TOGETHER,
          () -> {
            hinted.set(false);
            // A source that could not be read just now is left alone for as long as it asked for.
            if (!backingOff) {
              read();
            }
          });
    }
  }

  private void read() {
    if (next != null) {
      next.cancel();
    }
    TrustBundle bundle;
    try {
      bundle = source.load();
    } catch (PodTlsException e) {
      retry(e);
      return;
    } catch (RuntimeException e) {
      retry(new InvalidMaterialException(source.description(), "cannot be read: " + e, e));
      return;
    }
    backoff.reset();
    backingOff = false;
    boolean recovered = told != null;
    told = null;
    again(slightlyLess(source.pollInterval()));
    if (!bundle.equals(last)) {
      last = bundle;
      reader.read(bundle);
    } else if (recovered) {
      reader.readable();
    }
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

  /** Pods that started together should not ask together for ever. */
  private Duration slightlyLess(Duration interval) {
    return Duration.ofNanos((long) (interval.toNanos() * (1 - random.nextDouble() / 5)));
  }

  private void again(Duration wait) {
    if (!wait.isZero()) {
      next = agenda.after(wait, this::read);
    }
  }
}
