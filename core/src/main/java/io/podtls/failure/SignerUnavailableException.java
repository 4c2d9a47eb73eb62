package io.podtls.failure;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The signer's side could not be asked, or would not answer: no connection, no right, too many
 * requests, an error of its own. Worth another try after {@link #retryAfter()} or a backoff.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class SignerUnavailableException extends PodTlsException {

  private static final long serialVersionUID = 1L;

  private final int httpStatus;
  private final @Nullable Duration retryAfter;

  /**
   * Reports a failure without an HTTP answer, such as a refused connection.
   *
   * @param message what was tried, what was seen and what to do
   * @param cause the failure as the client reported it, or null
   */
  public SignerUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
    this.httpStatus = 0;
    this.retryAfter = null;
  }

  /**
   * Reports an HTTP answer that is no success.
   *
   * @param message what was tried, what was seen and what to do
   * @param httpStatus the status code, 100 to 599
   * @param retryAfter how long the answer asked to wait, zero or more; null if it did not ask
   * @param cause the failure as the client reported it, or null
   */
  public SignerUnavailableException(
      String message, int httpStatus, @Nullable Duration retryAfter, @Nullable Throwable cause) {
    super(message, cause);
    if (httpStatus < 100 || httpStatus > 599) {
      throw new IllegalArgumentException("httpStatus is not an HTTP status code: " + httpStatus);
    }
    this.httpStatus = httpStatus;
    this.retryAfter = retryAfter;
  }

  /** Returns the HTTP status code of the answer, empty if there was no answer. */
  public OptionalInt httpStatus() {
    return httpStatus == 0 ? OptionalInt.empty() : OptionalInt.of(httpStatus);
  }

  /** Returns how long the answer asked to wait before the next try, empty if it did not ask. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
