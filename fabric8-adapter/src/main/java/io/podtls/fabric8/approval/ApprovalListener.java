package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import java.time.Duration;

/**
 * A listener for the decisions and failures of a {@link CertificateApprover}, for metrics, events
 * and alarms. Every method does nothing by default.
 *
 * <p><b>Thread safety:</b> the methods are called by several threads at once, and block them.
 * Exceptions are logged and otherwise ignored.
 */
public interface ApprovalListener {

  /**
   * Called when a request was approved.
   *
   * @param csr the request as it was read
   * @param decision the policy's decision
   * @param after how long the approver had known the request
   */
  default void approved(
      CertificateSigningRequest csr, ApprovalDecision.Approve decision, Duration after) {}

  /**
   * Called when a request was denied.
   *
   * @param csr the request as it was read
   * @param decision the policy's decision
   * @param after how long the approver had known the request
   */
  default void denied(
      CertificateSigningRequest csr, ApprovalDecision.Deny decision, Duration after) {}

  /**
   * Called when the policy ignores a request.
   *
   * @param csr the request as it was read
   */
  default void ignored(CertificateSigningRequest csr) {}

  /**
   * Called when a request cannot be approved yet.
   *
   * @param csr the request as it was read
   * @param decision what is missing
   * @param nextLook how long until the next review
   */
  default void waiting(
      CertificateSigningRequest csr, ApprovalDecision.NotYet decision, Duration nextLook) {}

  /**
   * Called when a request could not be decided on, because the API server could not be read or
   * written.
   *
   * @param csr the request as it was read
   * @param failure the failure of this attempt
   * @param nextAttempt how long until the next attempt
   */
  default void failed(
      CertificateSigningRequest csr, RuntimeException failure, Duration nextAttempt) {}

  /**
   * Called when too many attempts failed in a row. The request rests until all pending requests are
   * reviewed again.
   *
   * @param csr the request as it was read
   * @param failure the last failure
   */
  default void gaveUp(CertificateSigningRequest csr, RuntimeException failure) {}

  /**
   * Called when more requests are pending than {@link CertificateApprover.Builder#maxPending}
   * allows. Until there are fewer, requesters above their share get no approvals.
   *
   * @param pending how many there are
   */
  default void paused(int pending) {}

  /**
   * Called when few enough requests are pending again.
   *
   * @param pending how many there are
   */
  default void resumed(int pending) {}

  /** Called when this replica starts to decide. */
  default void startedLeading() {}

  /** Called when this replica stops deciding. */
  default void stoppedLeading() {}
}
