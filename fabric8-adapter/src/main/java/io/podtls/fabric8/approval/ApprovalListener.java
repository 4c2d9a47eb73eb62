package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import java.time.Duration;

/**
 * Hears what a {@link CertificateApprover} does: for metrics, events and alarms. Every method does
 * nothing by default.
 *
 * <p><b>Thread safety:</b> the methods are called by several threads at once, and hold them up.
 * What they throw is logged and otherwise ignored.
 */
public interface ApprovalListener {

  /**
   * A request was approved.
   *
   * @param csr the request as it was read
   * @param decision what the policy said
   * @param after how long the approver had known the request
   */
  default void approved(
      CertificateSigningRequest csr, ApprovalDecision.Approve decision, Duration after) {}

  /**
   * A request was denied.
   *
   * @param csr the request as it was read
   * @param decision what the policy said
   * @param after how long the approver had known the request
   */
  default void denied(
      CertificateSigningRequest csr, ApprovalDecision.Deny decision, Duration after) {}

  /**
   * The policy ignores a request.
   *
   * @param csr the request as it was read
   */
  default void ignored(CertificateSigningRequest csr) {}

  /**
   * A request cannot be approved yet.
   *
   * @param csr the request as it was read
   * @param decision what is missing
   * @param nextLook how long until it is looked at again
   */
  default void waiting(
      CertificateSigningRequest csr, ApprovalDecision.NotYet decision, Duration nextLook) {}

  /**
   * A request could not be decided on, because the API server could not be asked or told.
   *
   * @param csr the request as it was read
   * @param failure what went wrong
   * @param nextAttempt how long until the next attempt
   */
  default void failed(
      CertificateSigningRequest csr, RuntimeException failure, Duration nextAttempt) {}

  /**
   * Too many attempts failed in a row; the request is left alone until all pending requests are
   * gone through again.
   *
   * @param csr the request as it was read
   * @param failure what went wrong last
   */
  default void gaveUp(CertificateSigningRequest csr, RuntimeException failure) {}

  /**
   * There are more pending requests than allowed: nothing is decided until there are fewer.
   *
   * @param pending how many there are
   */
  default void paused(int pending) {}

  /**
   * There are few enough pending requests again.
   *
   * @param pending how many there are
   */
  default void resumed(int pending) {}

  /** This replica decides from now on. */
  default void startedLeading() {}

  /** This replica decides no more. */
  default void stoppedLeading() {}
}
