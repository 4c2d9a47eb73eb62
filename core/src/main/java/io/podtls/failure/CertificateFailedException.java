package io.podtls.failure;

/**
 * The signer accepted the request for signing and failed, for example because it violates the
 * signer's rules.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class CertificateFailedException extends RequestRefusedException {

  private static final long serialVersionUID = 1L;

  /**
   * Reports that {@code object} was failed.
   *
   * @param object the request as its holder names it, e.g. {@code csr orders-7f9}
   * @param reason the machine-readable reason of the condition, may be empty
   * @param message the human-readable message of the condition, may be empty
   */
  public CertificateFailedException(String object, String reason, String message) {
    super("failed", object, reason, message);
  }
}
