package io.podtls.failure;

/**
 * An approver denied the request. The same request cannot succeed: change it, or the policy.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class CertificateDeniedException extends RequestRefusedException {

  private static final long serialVersionUID = 1L;

  /**
   * Reports that {@code object} was denied.
   *
   * @param object the request as its holder names it, e.g. {@code csr orders-7f9}
   * @param reason the machine-readable reason of the condition, may be empty
   * @param message the human-readable message of the condition, may be empty
   */
  public CertificateDeniedException(String object, String reason, String message) {
    super("denied", object, reason, message);
  }
}
