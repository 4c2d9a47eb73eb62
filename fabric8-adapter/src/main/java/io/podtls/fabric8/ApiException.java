package io.podtls.fabric8;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What came instead of the object that was asked for: an HTTP answer that is no success, or no
 * answer at all.
 *
 * <p>Thread safety: immutable.
 */
final class ApiException extends Exception {

  private static final long serialVersionUID = 1L;
  private static final int LONGEST_TEXT = 300;

  private final int status;
  private final String reason;
  private final String object;
  private final @Nullable Duration retryAfter;

  private ApiException(
      int status,
      String reason,
      String object,
      String message,
      @Nullable Duration retryAfter,
      @Nullable Throwable cause) {
    super(message, cause);
    this.status = status;
    this.reason = reason;
    this.object = object;
    this.retryAfter = retryAfter;
  }

  /** There was no answer, or none that makes sense. */
  static ApiException noAnswer(String message, @Nullable Throwable cause) {
    return new ApiException(0, "", "", message, null, cause);
  }

  /** An answer that is no success, with the Status object that the API server puts in its body. */
  static ApiException answer(int httpStatus, JsonObject status, Optional<Duration> retryAfter) {
    Duration asked =
        retryAfter.orElseGet(
            () -> {
              long seconds = status.number("details", "retryAfterSeconds");
              return seconds > 0 ? Duration.ofSeconds(seconds) : null;
            });
    String message = status.text("message");
    return new ApiException(
        httpStatus,
        status.text("reason"),
        status.text("details", "name"),
        shorten(message.isEmpty() ? "HTTP status " + httpStatus : message),
        asked,
        null);
  }

  /** An answer that is no success, with any other body: from a proxy, or an overloaded server. */
  static ApiException answer(int httpStatus, String body, Optional<Duration> retryAfter) {
    String text = body.replaceAll("\\s+", " ").strip();
    return new ApiException(
        httpStatus,
        "",
        "",
        "HTTP status " + httpStatus + (text.isEmpty() ? "" : ": " + shorten(text)),
        retryAfter.orElse(null),
        null);
  }

  /** Reads a Retry-After header, RFC 9110 10.2.3: seconds or a date. */
  static Optional<Duration> retryAfter(@Nullable String header, Instant now) {
    if (header == null) {
      return Optional.empty();
    }
    String value = header.strip();
    try {
      if (!value.isEmpty() && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
        return Optional.of(Duration.ofSeconds(Integer.parseInt(value)));
      }
      Instant date = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(value));
      return Optional.of(date.isAfter(now) ? Duration.between(now, date) : Duration.ZERO);
    } catch (DateTimeParseException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static String shorten(String text) {
    return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "...";
  }

  /** The HTTP status code, 0 if there was no answer. */
  int status() {
    return status;
  }

  /** The reason of the Status object, e.g. {@code AlreadyExists}; empty if there was none. */
  String reason() {
    return reason;
  }

  /** How long the answer asked to wait, null if it did not. */
  @Nullable Duration retryAfter() {
    return retryAfter;
  }

  /** Whether the API server knows the kind of object and says that this one is not there. */
  boolean saysObjectIsMissing() {
    return status == 404 && reason.equals("NotFound") && !object.isEmpty();
  }

  /** Whether the kind of object is unknown at that address. */
  boolean saysApiIsMissing() {
    return status == 404 && !saysObjectIsMissing();
  }

  /** Whether the requester's role lacks a right, as opposed to an admission rule that objects. */
  boolean saysRightIsMissing() {
    // The API server composes both: the first for every authorizer, the second for signers.
    String message = String.valueOf(getMessage());
    return status == 403 && (message.contains(" cannot ") || message.contains("not permitted to"));
  }
}
