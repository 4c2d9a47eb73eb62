package io.podtls.fabric8;

import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.PendingIdentity;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Drives one attempt in real time, as PodTls does, and keeps what it saw. */
final class AttemptDriver implements AutoCloseable {

  private static final Duration BACKOFF = Duration.ofMillis(200);

  private final Semaphore news = new Semaphore(0);
  private final CertificateSigner.Attempt attempt;
  private final List<SigningOutcome> outcomes = new ArrayList<>();
  private final List<SignerUnavailableException> failures = new ArrayList<>();

  AttemptDriver(CertificateSigner signer, PendingIdentity pending) {
    this.attempt = signer.begin(pending, news::release);
  }

  /** Goes on until the outcome is final. */
  SigningOutcome settle() throws InterruptedException {
    return until(outcome -> !(outcome instanceof SigningOutcome.Pending));
  }

  /** Goes on until an outcome is as wanted, for 30 s at most. */
  SigningOutcome until(Predicate<SigningOutcome> wanted) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (System.nanoTime() - deadline < 0) {
      Duration lookAgain = BACKOFF;
      try {
        SigningOutcome outcome = attempt.advance();
        outcomes.add(outcome);
        if (wanted.test(outcome)) {
          return outcome;
        }
        if (outcome instanceof SigningOutcome.Pending pending) {
          lookAgain = pending.lookAgain();
        }
      } catch (SignerUnavailableException e) {
        failures.add(e);
      }
      if (news.tryAcquire(
          Math.min(lookAgain.toNanos(), deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) {
        news.drainPermits();
      }
    }
    throw new AssertionError("not seen within 30 s: " + outcomes + " " + failures);
  }

  /** Goes on until the API server could not be asked. */
  SignerUnavailableException untilUnavailable() throws InterruptedException {
    int before = failures.size();
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (failures.size() == before && System.nanoTime() - deadline < 0) {
      try {
        SigningOutcome outcome = attempt.advance();
        outcomes.add(outcome);
        if (outcome instanceof SigningOutcome.Pending pending
            && news.tryAcquire(
                Math.min(pending.lookAgain().toNanos(), deadline - System.nanoTime()),
                TimeUnit.NANOSECONDS)) {
          news.drainPermits();
        }
      } catch (SignerUnavailableException e) {
        failures.add(e);
      }
    }
    if (failures.size() == before) {
      throw new AssertionError("never unavailable: " + outcomes);
    }
    return failures.get(before);
  }

  List<SigningOutcome> outcomes() {
    return List.copyOf(outcomes);
  }

  List<SignerUnavailableException> failures() {
    return List.copyOf(failures);
  }

  @Override
  public void close() {
    attempt.close();
  }
}
