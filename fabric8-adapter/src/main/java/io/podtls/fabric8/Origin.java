package io.podtls.fabric8;

import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * An API server's address and where it came from, so that a failure to reach the server names all
 * that can be wrong with it.
 *
 * <p>Thread safety: immutable.
 *
 * @param address scheme, host and port, without a slash at the end
 * @param configuration what named the address, e.g. {@code context dev of /home/ann/.kube/config}
 * @param trust what the server's certificate is verified against, e.g. a file
 * @param proxy the proxy that requests go through, empty for none
 * @param namespace the namespace that the configuration names
 */
record Origin(
    String address,
    String configuration,
    String trust,
    Optional<String> proxy,
    Optional<String> namespace) {

  Origin {
    address = address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
  }

  /** An API server whose trust and proxy are as the configuration says. */
  static Origin of(String address, String configuration) {
    return new Origin(
        address, configuration, "the CA of " + configuration, Optional.empty(), Optional.empty());
  }

  /** Explains why a request had no answer. */
  ApiException explain(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ApiException known) {
      return known;
    }
    if (cause instanceof IllegalArgumentException) {
      // The HTTP client quotes the header that it does not like, and that may be the token.
      return ApiException.noAnswer(
          "the request to "
              + address
              + " cannot be sent: its address or a header, perhaps the token, has characters that"
              + " HTTP does not allow",
          null);
    }
    return ApiException.noAnswer(sentence(cause), cause);
  }

  private String sentence(Throwable cause) {
    if (has(CertificateException.class, cause) || has(CertPathValidatorException.class, cause)) {
      return "the API server's certificate, shown by "
          + this
          + ", is not verified by "
          + trust
          + ": "
          + describe(cause);
    }
    if (has(UnresolvedAddressException.class, cause) || has(UnknownHostException.class, cause)) {
      return "cannot connect to " + this + ": the host name does not resolve";
    }
    if (cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException) {
      return "cannot connect to " + this + ": " + describe(cause);
    }
    if (cause instanceof TimeoutException || cause instanceof HttpTimeoutException) {
      return "no answer in time from " + this;
    }
    return "no answer from " + this + ": " + describe(cause);
  }

  private static boolean has(Class<? extends Throwable> type, Throwable failure) {
    for (Throwable seen = failure; seen != null; seen = seen.getCause()) {
      if (type.isInstance(seen)) {
        return true;
      }
    }
    return false;
  }

  /** The failure's type, and the first message among its causes. */
  static String describe(Throwable failure) {
    String type = failure.getClass().getSimpleName();
    for (@Nullable Throwable seen = failure; seen != null; seen = seen.getCause()) {
      String message = seen.getMessage();
      if (message != null && !message.isEmpty()) {
        return type + ": " + message + explain(message);
      }
    }
    return type;
  }

  /**
   * Over HTTP/2 the API server sends a GOAWAY with each 401, and the JDK's client, up to 17.0.16
   * (JDK-8335181), then loses the 401.
   */
  private static String explain(String message) {
    return message.contains("GOAWAY")
        ? " (the API server ends connections so when it stops, or does not accept the token)"
        : "";
  }

  @Override
  public String toString() {
    return address
        + " ("
        + "from "
        + configuration
        + proxy.map(used -> ", through the proxy " + used).orElse("")
        + ")";
  }
}
