package io.podtls.supply;

import static java.util.Objects.requireNonNull;

import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.PendingIdentity;
import io.podtls.schedule.Backoff;
import io.podtls.schedule.TaskQueue;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import io.podtls.signing.SigningOutcome.Pending;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One request in flight, from the first step to a final outcome: drives the signer's steps, waits
 * between them, and retries when the signer cannot be reached.
 *
 * <p><b>Thread safety:</b> not safe, used by tasks of the queue only; wake-ups come from anywhere.
 */
final class RequestInFlight {

  /** When a request whose stage does not change is reported again, and then how often. */
  private static final Duration FIRST_REMINDER = Duration.ofSeconds(3);

  private static final Duration REMINDER = Duration.ofSeconds(30);

  private static final Duration AFTER_INTERRUPT = Duration.ofSeconds(1);

  private static final Logger LOG = System.getLogger("io.podtls");

  private final PendingIdentity pending;
  private final CertificateSigner.Attempt attempt;
  private final TaskQueue queue;
  private final InstantSource clock;
  private final IdentitySink sink;
  private final Consumer<SigningOutcome> decided;
  private final Backoff backoff;
  private final AtomicBoolean woken = new AtomicBoolean();
  private TaskQueue.@Nullable Entry next;
  private TaskQueue.@Nullable Entry reminder;
  private @Nullable Pending latest;
  private boolean backingOff;
  private boolean over;

  /**
   * Prepares the first step.
   *
   * @param decided receives the one outcome that is not {@link Pending}
   */
  RequestInFlight(
      PendingIdentity pending,
      CertificateSigner signer,
      TaskQueue queue,
      InstantSource clock,
      RandomGenerator random,
      IdentitySink sink,
      Consumer<SigningOutcome> decided) {
    this.pending = pending;
    this.queue = queue;
    this.clock = clock;
    this.sink = sink;
    this.decided = decided;
    this.backoff = new Backoff(random);
    this.attempt =
        requireNonNull(
            signer.begin(pending, this::wakeUp), () -> "begin() returned null: " + signer);
  }

  /** Takes the first step. */
  void start() {
    sink.requested(pending.request());
    sink.observed(
        Phase.SUBMITTING, "the request to " + pending.request().signerName() + " is not in yet");
    step();
  }

  /** Stops; the request stays where it is. */
  void close() {
    over = true;
    cancelReminder();
    if (next != null) {
      next.cancel();
    }
    try {
      attempt.close();
    } catch (RuntimeException | Error e) {
      LOG.log(Level.WARNING, () -> "the signer's attempt cannot be closed", e);
    }
  }

  private void wakeUp() {
    if (woken.compareAndSet(false, true)) {
      queue.soon(
          () -> {
            woken.set(false);
            // A signer that asked for a pause gets it, whatever the news is.
            if (!backingOff) {
              step();
            }
          });
    }
  }

  private void step() {
    if (over) {
      return;
    }
    if (next != null) {
      next.cancel();
    }
    backingOff = false;
    SigningOutcome outcome;
    try {
      outcome = requireNonNull(attempt.advance(), "advance() returned null");
    } catch (SignerUnavailableException e) {
      backOff(e);
      return;
    } catch (InterruptedException e) {
      // Closing interrupts, and then nothing is queued; an interrupt from elsewhere passes.
      stepAfter(AFTER_INTERRUPT);
      return;
    } catch (RuntimeException | Error e) {
      backOff(new SignerUnavailableException("the signer failed unexpectedly: " + e, e));
      return;
    }
    backoff.reset();
    if (outcome instanceof Pending waiting) {
      await(waiting);
    } else {
      close();
      decided.accept(outcome);
    }
  }

  private void stepAfter(Duration wait) {
    next =
        queue.after(
            wait,
            () -> {
              next = null;
              step();
            });
  }

  private void backOff(SignerUnavailableException failure) {
    Duration wait = backoff.after(failure, sink.longestPause());
    backingOff = true;
    stepAfter(wait);
    sink.delayed(failure, clock.instant().plus(wait));
  }

  private void await(Pending waiting) {
    stepAfter(waiting.lookAgain());
    boolean approved = waiting.stage() == SigningOutcome.Stage.AWAITING_ISSUANCE;
    sink.observed(
        approved ? Phase.AWAITING_ISSUANCE : Phase.AWAITING_APPROVAL,
        waiting.object()
            + " ("
            + pending.request().signerName()
            + (approved ? ") approved, no certificate since " : ") not approved since ")
            + waiting.since()
            + "; "
            + waiting.advice());
    boolean known =
        latest != null
            && latest.stage() == waiting.stage()
            && latest.object().equals(waiting.object());
    latest = waiting;
    if (!known) {
      report(waiting, FIRST_REMINDER);
    }
  }

  /** Reports it now and, while its stage does not change, again. */
  private void report(Pending waiting, Duration again) {
    cancelReminder();
    sink.pending(waiting);
    reminder = queue.after(again, () -> report(latest == null ? waiting : latest, REMINDER));
  }

  private void cancelReminder() {
    if (reminder != null) {
      reminder.cancel();
    }
  }
}
