package io.podtls.failure;

import static java.util.Objects.requireNonNull;

/**
 * A request that ended without a certificate: an approver denied it or the signer failed it. Final
 * for this request; another attempt is another request.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public abstract sealed class RequestRefusedException extends PodTlsException
    permits CertificateDeniedException, CertificateFailedException {

  private static final long serialVersionUID = 1L;

  private final String object;
  private final String reason;
  private final String message;

  RequestRefusedException(String verb, String object, String reason, String message) {
    super(
        requireNonNull(object, "object")
            + " "
            + verb
            + (requireNonNull(reason, "reason").isEmpty() ? "" : ": " + reason)
            + (requireNonNull(message, "message").isEmpty() ? "" : " (" + message + ")"),
        null);
    this.object = object;
    this.reason = reason;
    this.message = message;
  }

  /** Returns the request as its holder names it, e.g. {@code csr orders-7f9}. */
  public String object() {
    return object;
  }

  /** Returns the condition's machine-readable reason, empty if none was given. */
  public String reason() {
    return reason;
  }

  /**
   * Returns the condition's human-readable message, empty if none was given; {@link #getMessage()}
   * has the object and the reason with it.
   */
  public String message() {
    return message;
  }
}
