package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Remembers what an approver told. */
final class ApproverEvents implements ApprovalListener {

  private final List<String> events = new CopyOnWriteArrayList<>();
  private final List<RuntimeException> failures = new CopyOnWriteArrayList<>();

  /** What was told, in order, each as a word and, of a request, its name. */
  List<String> all() {
    return List.copyOf(events);
  }

  boolean contains(String event) {
    return events.contains(event);
  }

  long count(String event) {
    return events.stream().filter(event::equals).count();
  }

  List<RuntimeException> failures() {
    return List.copyOf(failures);
  }

  @Override
  public void approved(
      CertificateSigningRequest csr, ApprovalDecision.Approve decision, Duration after) {
    add("approved", csr);
  }

  @Override
  public void denied(
      CertificateSigningRequest csr, ApprovalDecision.Deny decision, Duration after) {
    add("denied", csr);
  }

  @Override
  public void ignored(CertificateSigningRequest csr) {
    add("ignored", csr);
  }

  @Override
  public void waiting(
      CertificateSigningRequest csr, ApprovalDecision.NotYet decision, Duration nextLook) {
    add("waiting", csr);
  }

  @Override
  public void failed(
      CertificateSigningRequest csr, RuntimeException failure, Duration nextAttempt) {
    failures.add(failure);
    add("failed", csr);
  }

  @Override
  public void gaveUp(CertificateSigningRequest csr, RuntimeException failure) {
    failures.add(failure);
    add("gaveUp", csr);
  }

  @Override
  public void paused(int pending) {
    events.add("paused " + pending);
  }

  @Override
  public void resumed(int pending) {
    events.add("resumed " + pending);
  }

  @Override
  public void startedLeading() {
    events.add("startedLeading");
  }

  @Override
  public void stoppedLeading() {
    events.add("stoppedLeading");
  }

  private void add(String what, CertificateSigningRequest csr) {
    events.add(what + " " + csr.getMetadata().getName());
  }
}
