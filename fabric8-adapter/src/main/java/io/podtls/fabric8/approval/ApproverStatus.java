package io.podtls.fabric8.approval;

/**
 * How a {@link CertificateApprover} stands, for health endpoints and metrics.
 *
 * <p><b>Thread safety:</b> immutable.
 *
 * @param leading whether this replica decides; always so without leader election
 * @param watching whether all requests are known and new ones are being watched for; false until
 *     they are listed for the first time, and while the API server does not allow it or cannot be
 *     reached, which is noticed 10 seconds after its connection has ended, and within 10 minutes if
 *     that falls silent without an end
 * @param paused whether there are too many pending requests to decide on any
 * @param pending how many requests nobody has decided on
 * @param approved how many requests this replica approved
 * @param denied how many requests this replica denied
 * @param failed how many attempts to decide failed
 */
public record ApproverStatus(
    boolean leading,
    boolean watching,
    boolean paused,
    int pending,
    long approved,
    long denied,
    long failed) {}
