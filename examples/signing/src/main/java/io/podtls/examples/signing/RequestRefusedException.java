package io.podtls.examples.signing;

/**
 * Thrown if a request is never signed, now or later. The message is for the requester: it becomes
 * the message of the request's Failed condition.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class RequestRefusedException extends Exception {

  private static final long serialVersionUID = 1L;

  private final String reason;

  /**
   * Refuses a request.
   *
   * @param reason what about the request is not acceptable, and what would be
   */
  RequestRefusedException(String reason) {
    super(reason);
    this.reason = Printable.of(reason);
  }

  /**
   * Refuses a request.
   *
   * @param reason what about the request is not acceptable, and what would be
   * @param cause the failure that showed it
   */
  RequestRefusedException(String reason, Throwable cause) {
    super(reason, cause);
    this.reason = Printable.of(reason);
  }

  /**
   * Returns what about the request is not acceptable, and what would be; printable ASCII, at most
   * 1,000 characters.
   */
  public String reason() {
    return reason;
  }
}
