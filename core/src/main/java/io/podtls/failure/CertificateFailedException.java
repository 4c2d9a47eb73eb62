package io.podtls.failure;

import static java.util.Objects.requireNonNull;

/**
 * The signer accepted the request for signing and failed, for example because it violates the
 * signer's rules.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class CertificateFailedException extends PodTlsException {

  private static final long serialVersionUID = 1L;

  private final String object;
  private final String reason;
  private final String detail;

  /**
   * Reports that {@code object} was failed.
   *
   * @param object the request as its holder names it, e.g. {@code csr orders-7f9}
   * @param reason the machine-readable reason of the condition, may be empty
   * @param detail the human-readable message of the condition, may be empty
   */
  public CertificateFailedException(String object, String reason, String detail) {
    super(requireNonNull(object, "object") + " failed" + describe(reason, detail), null);
    this.object = object;
    this.reason = requireNonNull(reason, "reason");
    this.detail = requireNonNull(detail, "detail");
  }

  private static String describe(String reason, String detail) {
    return (reason.isEmpty() ? "" : ": " + reason) + (detail.isEmpty() ? "" : " (" + detail + ")");
  }

  /** Returns the request as its holder names it, e.g. {@code csr orders-7f9}. */
  public String object() {
    return object;
  }

  /** Returns the condition's machine-readable reason, empty if none was given. */
  public String reason() {
    return reason;
  }

  /** Returns the condition's human-readable message, empty if none was given. */
  public String detail() {
    return detail;
  }
}
