package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * The place from which the listener, the log and the counters learn what happens.
 *
 * <p>Thread safety: safe for use by many threads.
 */
final class Announcer {

  private static final System.Logger LOG = System.getLogger(CertificateApprover.class.getName());

  private final ApprovalListener listener;
  final LongAdder approved = new LongAdder();
  final LongAdder denied = new LongAdder();
  final LongAdder failed = new LongAdder();

  Announcer(ApprovalListener listener) {
    this.listener = listener;
  }

  void approved(CertificateSigningRequest csr, ApprovalDecision.Approve decision, Duration after) {
    approved.increment();
    LOG.log(Level.INFO, () -> "approved " + text(csr) + ": " + decision.message());
    call(told -> told.approved(csr, decision, after));
  }

  void denied(CertificateSigningRequest csr, ApprovalDecision.Deny decision, Duration after) {
    denied.increment();
    LOG.log(
        Level.INFO,
        () -> "denied " + text(csr) + ": " + decision.reason() + ": " + decision.message());
    call(told -> told.denied(csr, decision, after));
  }

  void ignored(CertificateSigningRequest csr) {
    LOG.log(Level.DEBUG, () -> "ignored " + text(csr));
    call(told -> told.ignored(csr));
  }

  /** Reports a request that cannot be approved yet; the first of its looks is worth an INFO. */
  void waiting(
      CertificateSigningRequest csr,
      ApprovalDecision.NotYet decision,
      Duration nextLook,
      int looks) {
    LOG.log(
        looks == 1 ? Level.INFO : Level.DEBUG,
        () -> "not approved yet: " + text(csr) + ": " + decision.message());
    call(told -> told.waiting(csr, decision, nextLook));
  }

  void failed(CertificateSigningRequest csr, RuntimeException failure, Duration nextAttempt) {
    failed.increment();
    LOG.log(
        Level.DEBUG,
        () -> "cannot decide on " + text(csr) + "; again in " + nextAttempt.toMillis() + " ms",
        failure);
    call(told -> told.failed(csr, failure, nextAttempt));
  }

  /** Reports a request that could not be read before it was judged. */
  void unreadable(RequestId id, RuntimeException failure, Optional<Duration> nextAttempt) {
    failed.increment();
    LOG.log(
        nextAttempt.isPresent() ? Level.DEBUG : Level.WARNING,
        () ->
            "cannot read csr "
                + id
                + nextAttempt
                    .map(next -> "; next attempt in " + next.toMillis() + " ms")
                    .orElse("; it rests until the next round over all requests"),
        failure);
  }

  void gaveUp(CertificateSigningRequest csr, RuntimeException failure) {
    failed.increment();
    LOG.log(
        Level.WARNING,
        () ->
            "cannot decide on "
                + text(csr)
                + "; does the approver have the rights that CertificateApprover documents?",
        failure);
    call(told -> told.gaveUp(csr, failure));
  }

  void paused(int pending) {
    LOG.log(
        Level.WARNING,
        () ->
            "too many requests are pending ("
                + pending
                + "): requesters above their share get no approvals");
    call(told -> told.paused(pending));
  }

  void resumed(int pending) {
    LOG.log(Level.INFO, () -> "no longer too many requests are pending: " + pending);
    call(told -> told.resumed(pending));
  }

  void startedLeading() {
    LOG.log(Level.INFO, () -> "this replica decides on requests now");
    call(ApprovalListener::startedLeading);
  }

  void stoppedLeading() {
    LOG.log(Level.INFO, () -> "this replica no longer decides on requests");
    call(ApprovalListener::stoppedLeading);
  }

  /** Returns a task that logs what it throws, as an executor runs no periodic task that threw. */
  Runnable surviving(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        LOG.log(Level.ERROR, () -> "a task failed unexpectedly", e);
      }
    };
  }

  private void call(Consumer<ApprovalListener> event) {
    try {
      event.accept(listener);
    } catch (RuntimeException | Error e) {
      LOG.log(Level.WARNING, () -> "the approval listener threw", e);
    }
  }

  private static String text(CertificateSigningRequest csr) {
    return WatchedRequest.text(csr);
  }
}
