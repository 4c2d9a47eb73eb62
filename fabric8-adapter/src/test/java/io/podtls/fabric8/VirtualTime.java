package io.podtls.fabric8;

import io.podtls.failure.SignerUnavailableException;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/** A clock that only moves when a test says so, with things that happen at their time. */
final class VirtualTime implements InstantSource {

  private record Task(Instant at, long order, Runnable action) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparing(Task::at).thenComparing(Task::order));
  private final AtomicBoolean woken = new AtomicBoolean();
  private final List<SignerUnavailableException> failures = new ArrayList<>();
  private Instant now = Instant.parse("2026-11-24T08:00:00Z");
  private Duration steppedBack = Duration.ZERO;
  private long order;

  @Override
  public Instant instant() {
    return now.minus(steppedBack);
  }

  void after(Duration delay, Runnable action) {
    tasks.add(new Task(now.plus(delay), order++, action));
  }

  /** Sets the wall clock back. */
  void stepBack(Duration by) {
    steppedBack = steppedBack.plus(by);
  }

  /** To be handed to the attempt. */
  void wakeUp() {
    woken.set(true);
  }

  List<SignerUnavailableException> failures() {
    return List.copyOf(failures);
  }

  /** Drives the attempt as PodTls does; ends when it is settled or the time is up. */
  SigningOutcome drive(CertificateSigner.Attempt attempt, Duration limit)
      throws InterruptedException {
    Instant end = now.plus(limit);
    SigningOutcome outcome = null;
    while (true) {
      Duration wait = Duration.ofSeconds(1);
      woken.set(false);
      try {
        outcome = attempt.advance();
        if (!(outcome instanceof SigningOutcome.Pending pending)) {
          return outcome;
        }
        wait = pending.lookAgain();
      } catch (SignerUnavailableException e) {
        failures.add(e);
        wait = e.retryAfter().orElse(wait);
      }
      Instant next = now.plus(wait);
      while (!woken.get() && !tasks.isEmpty() && !tasks.peek().at().isAfter(next)) {
        if (tasks.peek().at().isAfter(end)) {
          break;
        }
        Task task = tasks.remove();
        now = task.at().isAfter(now) ? task.at() : now;
        task.action().run();
      }
      if (!woken.get()) {
        if (next.isAfter(end)) {
          now = end;
          return outcome;
        }
        now = next;
      }
    }
  }
}
