package io.podtls.fabric8.approval;

/**
 * The state of a {@link CertificateApprover} at one moment, for health endpoints and metrics.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class ApproverStatus {

  private final boolean leading;
  private final boolean watching;
  private final boolean paused;
  private final int pending;
  private final long approved;
  private final long denied;
  private final long failed;

  ApproverStatus(
      boolean leading, boolean watching, boolean paused, int pending, Announcer announcer) {
    this.leading = leading;
    this.watching = watching;
    this.paused = paused;
    this.pending = pending;
    this.approved = announcer.approved.sum();
    this.denied = announcer.denied.sum();
    this.failed = announcer.failed.sum();
  }

  /** {@return whether this replica decides} Always true without leader election. */
  public boolean leading() {
    return leading;
  }

  /**
   * {@return whether all requests are known and changes are being watched for}
   *
   * <p>False until they are listed for the first time, and while the API server does not allow it
   * or cannot be reached. A connection that falls silent without an end is noticed within 5
   * minutes.
   */
  public boolean watching() {
    return watching;
  }

  /**
   * {@return whether more requests are pending than {@link CertificateApprover.Builder#maxPending}
   * allows, so that requesters above their share get no approvals}
   */
  public boolean paused() {
    return paused;
  }

  /** {@return how many requests are undecided} */
  public int pending() {
    return pending;
  }

  /** {@return how many requests this replica approved} */
  public long approved() {
    return approved;
  }

  /** {@return how many requests this replica denied} */
  public long denied() {
    return denied;
  }

  /** {@return how many attempts to decide failed} */
  public long failed() {
    return failed;
  }

  /** {@return all values} */
  @Override
  public String toString() {
    return "leading=%s watching=%s paused=%s pending=%d approved=%d denied=%d failed=%d"
        .formatted(leading, watching, paused, pending, approved, denied, failed);
  }
}
