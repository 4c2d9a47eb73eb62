package io.podtls.examples.signing;

/**
 * The authority does not sign this request, now or later. The message is for the requester: it
 * becomes the message of the request's Failed condition.
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
  public RequestRefusedException(String reason) {
    super(reason);
    this.reason = reason;
  }

  /** Returns what about the request is not acceptable, and what would be. */
  public String reason() {
    return reason;
  }
}
