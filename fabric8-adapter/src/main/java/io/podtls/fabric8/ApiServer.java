package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.podtls.fabric8.JsonObject.JsonException;
import java.io.IOException;
import java.net.URLEncoder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The API server as a place to send JSON to: one request, one answer, and nothing retried behind
 * the caller's back.
 *
 * <p>It speaks through the HTTP client of a fabric8 KubernetesClient rather than through its typed
 * operations, because these hide the Retry-After header, retry on their own, open a second
 * connection for a watch, and load model classes for most of a second.
 *
 * <p>Thread safety: safe for use by many threads.
 */
final class ApiServer implements AutoCloseable {

  /** How long an answer may take, unless it is a watch. */
  static final Duration ANSWER_WITHIN = Duration.ofSeconds(10);

  /** How long a body may stand still. */
  private static final Duration PROGRESS_WITHIN = Duration.ofSeconds(2);

  /** What goes into the Authorization header, read anew for each request. */
  interface Authorization {
    /** Returns the header's value, empty if the HTTP client sees to it. */
    Optional<String> header() throws IOException;
  }

  private final String base;
  private final Authorization authorization;
  private final @Nullable Supplier<HttpClient.Builder> connector;
  private final Runnable whenClosed;
  private final Duration answerWithin;
  private final Set<WatchStream> watches = ConcurrentHashMap.newKeySet();
  private @Nullable HttpClient http;
  private boolean closed;

  private ApiServer(
      String base,
      Authorization authorization,
      @Nullable Supplier<HttpClient.Builder> connector,
      @Nullable HttpClient http,
      Runnable whenClosed,
      Duration answerWithin) {
    this.base = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
    this.authorization = authorization;
    this.connector = connector;
    this.http = http;
    this.whenClosed = whenClosed;
    this.answerWithin = answerWithin;
  }

  /** Borrows the client's connections, address and credentials. */
  static ApiServer lentBy(KubernetesClient client) {
    return through(client, () -> {});
  }

  /** Uses the client's connections, address and credentials, and closes the client. */
  static ApiServer ownedThrough(KubernetesClient client) {
    return through(client, client::close);
  }

  private static ApiServer through(KubernetesClient client, Runnable whenClosed) {
    HttpClient lent = client.getHttpClient();
    RequestConfig own =
        lent instanceof Interceptor.RequestTags tags ? tags.getTag(RequestConfig.class) : null;
    RequestConfig config = own == null ? client.getConfiguration().getRequestConfig() : own;
    return new ApiServer(
        client.getMasterUrl().toString(),
        Optional::empty,
        null,
        unretried(lent.newBuilder(), new RequestConfigBuilder(config)),
        whenClosed,
        ANSWER_WITHIN);
  }

  /**
   * Makes connections of its own.
   *
   * @param base scheme, host and port
   * @param authorization how requests are authorized
   * @param connector prepares an HTTP client; called at the first request, and again when a
   *     connection turns out to be dead
   */
  static ApiServer at(
      String base, Authorization authorization, Supplier<HttpClient.Builder> connector) {
    return at(base, authorization, connector, ANSWER_WITHIN);
  }

  /** As above, with less patience. */
  static ApiServer at(
      String base,
      Authorization authorization,
      Supplier<HttpClient.Builder> connector,
      Duration answerWithin) {
    return new ApiServer(base, authorization, connector, null, () -> {}, answerWithin);
  }

  /** The client without fabric8's own retries, which know nothing of deadlines. */
  private static HttpClient unretried(
      HttpClient.DerivedClientBuilder client, RequestConfigBuilder config) {
    return client.tag(config.withRequestRetryBackoffLimit(0).build()).build();
  }

  /** Makes the HTTP client and loads what the first exchange will need; sends nothing. */
  void prepare() {
    try {
      request(client(), "/").build();
      JsonObject.parse(JsonObject.of(Map.of()).toBytes());
    } catch (ApiException | JsonException e) {
      // Whatever it is, the first exchange meets it again, and has somebody to tell.
    }
  }

  JsonObject get(String path) throws ApiException, InterruptedException {
    return exchange("GET", path, null);
  }

  JsonObject post(String path, JsonObject body) throws ApiException, InterruptedException {
    return exchange("POST", path, body);
  }

  JsonObject put(String path, JsonObject body) throws ApiException, InterruptedException {
    return exchange("PUT", path, body);
  }

  /** A name as part of a path. */
  static String segment(String name) {
    return URLEncoder.encode(name, UTF_8).replace("+", "%20");
  }

  /** Starts a watch and returns at once. */
  WatchStream watch(String path, WatchStream.Listener listener) {
    WatchStream watch = new WatchStream(listener, watches::remove);
    watches.add(watch);
    CompletableFuture<HttpResponse<AsyncBody>> answer;
    try {
      HttpClient client = client();
      HttpRequest request = request(client, path).forStreaming().build();
      answer = client.consumeBytes(request, watch);
    } catch (ApiException | RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    watch.follow(answer);
    return watch;
  }

  private JsonObject exchange(String method, String path, @Nullable JsonObject body)
      throws ApiException, InterruptedException {
    HttpClient client = client();
    HttpRequest.Builder request = request(client, path);
    if (body != null) {
      request.method(method, "application/json", new String(body.toBytes(), UTF_8));
    }
    AnswerBody received = new AnswerBody(shorter(answerWithin, PROGRESS_WITHIN));
    HttpResponse<AsyncBody> response = headers(client, request.build(), received);
    Optional<byte[]> content = received.of(response);
    if (!response.isSuccessful()) {
      throw refusal(response, content.orElse(new byte[0]), Instant.now());
    }
    if (content.isEmpty()) {
      reconnect();
      throw ApiException.noAnswer("the answer ended after its headers", null);
    }
    try {
      return JsonObject.parse(content.get());
    } catch (JsonException e) {
      throw ApiException.noAnswer(base + " answered " + method + " with what is no object", e);
    }
  }

  private HttpResponse<AsyncBody> headers(
      HttpClient client, HttpRequest request, AnswerBody received)
      throws ApiException, InterruptedException {
    CompletableFuture<HttpResponse<AsyncBody>> answer;
    try {
      answer = client.consumeBytes(request, received);
    } catch (RuntimeException e) {
      throw noAnswer(e);
    }
    try {
      return answer.get(answerWithin.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw noAnswer(e);
    } catch (TimeoutException e) {
      answer.cancel(true);
      reconnect();
      throw ApiException.noAnswer("no answer within " + answerWithin.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      answer.cancel(true);
      throw e;
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private HttpRequest.Builder request(HttpClient client, String path) throws ApiException {
    HttpRequest.Builder request =
        client.newHttpRequestBuilder().uri(base + path).setHeader("Accept", "application/json");
    try {
      authorization.header().ifPresent(value -> request.setHeader("Authorization", value));
    } catch (IOException e) {
      throw ApiException.noAnswer("no token to authenticate with: " + describe(e), e);
    }
    return request;
  }

  private synchronized HttpClient client() throws ApiException {
    if (closed) {
      throw ApiException.noAnswer("the connection to " + base + " is closed", null);
    }
    if (http == null) {
      if (connector == null) {
        throw new IllegalStateException("lent no HTTP client");
      }
      http = unretried(connector.get(), new RequestConfigBuilder());
    }
    return http;
  }

  /**
   * Sends further requests over a new connection, because the present one may be half open: over
   * HTTP/2 every further request would join the same silence. A lent client stays as it is.
   */
  synchronized void reconnect() {
    if (connector != null) {
      http = null; // whoever still waits on the old one does so in peace; it ends with them
    }
  }

  /** Ends all watches, without a word to their listeners, and the connections made here. */
  @Override
  public void close() {
    HttpClient own;
    synchronized (this) {
      closed = true;
      own = connector == null ? null : http;
      http = null;
    }
    watches.forEach(WatchStream::close);
    if (own != null) {
      own.close();
    }
    whenClosed.run();
  }

  static ApiException refusal(HttpResponse<?> response, byte[] body, Instant now) {
    List<String> headers = response.headers("Retry-After");
    Optional<Duration> retryAfter =
        ApiException.retryAfter(headers.isEmpty() ? null : headers.get(0), now);
    try {
      JsonObject status = JsonObject.parse(body);
      if (status.text("kind").equals("Status")) {
        return ApiException.answer(response.code(), status, retryAfter);
      }
    } catch (JsonException e) {
      // Plain text of an overloaded API server, or a proxy's page: told as it is.
    }
    return ApiException.answer(response.code(), new String(body, UTF_8), retryAfter);
  }

  static ApiException noAnswer(Throwable failure) {
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
          "the request cannot be sent: its address or a header, perhaps the token, has characters"
              + " that HTTP does not allow",
          null);
    }
    return ApiException.noAnswer(
        isTimeout(cause) ? "no answer within " + ANSWER_WITHIN.toSeconds() + " s" : describe(cause),
        cause);
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

  private static boolean isTimeout(@Nullable Throwable failure) {
    return failure instanceof TimeoutException
        || failure instanceof java.net.http.HttpTimeoutException;
  }

  private static String describe(Throwable failure) {
    String type = failure.getClass().getSimpleName();
    for (Throwable told = failure; told != null; told = told.getCause()) {
      String message = told.getMessage();
      if (message != null && !message.isEmpty()) {
        return type + ": " + message + explain(message);
      }
    }
    return type;
  }

  @Override
  public String toString() {
    return base;
  }
}
