package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/** Tells the listener, the log and the counters. */
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
    tell(hearing -> hearing.approved(csr, decision, after));
  }

  void denied(CertificateSigningRequest csr, ApprovalDecision.Deny decision, Duration after) {
    denied.increment();
    LOG.log(
        Level.INFO,
        () -> "denied " + text(csr) + ": " + decision.reason() + ": " + decision.message());
    tell(hearing -> hearing.denied(csr, decision, after));
  }

  void ignored(CertificateSigningRequest csr) {
    LOG.log(Level.DEBUG, () -> "ignored " + text(csr));
    tell(hearing -> hearing.ignored(csr));
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
    tell(hearing -> hearing.waiting(csr, decision, nextLook));
  }

  void failed(CertificateSigningRequest csr, RuntimeException failure, Duration nextAttempt) {
    failed.increment();
    LOG.log(
        Level.DEBUG,
        () -> "cannot decide on " + text(csr) + "; again in " + nextAttempt.toMillis() + " ms",
        failure);
    tell(hearing -> hearing.failed(csr, failure, nextAttempt));
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
    tell(hearing -> hearing.gaveUp(csr, failure));
  }

  void paused(int pending) {
    LOG.log(Level.WARNING, () -> "deciding on nothing: " + pending + " requests are pending");
    tell(hearing -> hearing.paused(pending));
  }

  void resumed(int pending) {
    LOG.log(Level.INFO, () -> "deciding again: " + pending + " requests are pending");
    tell(hearing -> hearing.resumed(pending));
  }

  void startedLeading() {
    LOG.log(Level.INFO, () -> "this replica decides on requests now");
    tell(ApprovalListener::startedLeading);
  }

  void stoppedLeading() {
    LOG.log(Level.INFO, () -> "this replica decides on requests no more");
    tell(ApprovalListener::stoppedLeading);
  }

  private void tell(Consumer<ApprovalListener> news) {
    try {
      news.accept(listener);
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, () -> "the approval listener threw", e);
    }
  }

  private static String text(CertificateSigningRequest csr) {
    return "csr "
        + csr.getMetadata().getName()
        + " ("
        + csr.getSpec().getSignerName()
        + ") of "
        + Printable.of(csr.getSpec().getUsername(), 300);
  }
}
