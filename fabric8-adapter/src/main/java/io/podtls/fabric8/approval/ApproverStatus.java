package io.podtls.fabric8.approval;

/**
 * How a {@link CertificateApprover} stands, for health endpoints and metrics.
 *
 * <p><b>Thread safety:</b> immutable.
 *
 * @param leading whether this replica decides; always so without leader election
 * @param watching whether requests are being watched; false at first, and while the API server
 *     cannot be reached or does not allow it
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
