package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.fabric8.JsonObject.JsonException;
import java.io.IOException;
import java.net.URLEncoder;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The API server: one request, one answer, no retries of its own.
 *
 * <p>Sends JSON over a {@link Transport} rather than through fabric8's typed operations, which hide
 * the Retry-After header, retry on their own, open a second connection for a watch, and load model
 * classes for most of a second.
 *
 * <p>Thread safety: safe for use by many threads.
 */
final class ApiServer implements AutoCloseable {

  /** How long an answer may take, unless it is a watch. */
  static final Duration ANSWER_WITHIN = Duration.ofSeconds(10);

  /** How long a body may stand still. */
  private static final Duration PROGRESS_WITHIN = Duration.ofSeconds(2);

  /** Source of the Authorization header, asked for each request. */
  interface Authorization {
    /** Returns the header's value, empty if the transport adds its own. */
    Optional<String> header() throws IOException;
  }

  private final Origin origin;
  private final String base;
  private final Authorization authorization;
  private final Supplier<Transport> connector;
  private final Runnable whenClosed;
  private final Duration answerWithin;
  private final Set<WatchStream> watches = ConcurrentHashMap.newKeySet();
  private @Nullable Transport transport;
  private boolean closed;

  private ApiServer(
      Origin origin,
      Authorization authorization,
      Supplier<Transport> connector,
      Runnable whenClosed,
      Duration answerWithin) {
    this.origin = origin;
    this.base = origin.address();
    this.authorization = authorization;
    this.connector = connector;
    this.whenClosed = whenClosed;
    this.answerWithin = answerWithin;
  }

  /** Borrows the client's connections, address and credentials. */
  static ApiServer lentBy(KubernetesClient client) {
    String configuration = "the given KubernetesClient";
    Origin origin =
        new Origin(
            client.getMasterUrl().toString(),
            configuration,
            "the CA of " + configuration,
            Optional.empty(),
            Optional.ofNullable(client.getNamespace()));
    return through(client, origin, Optional::empty, () -> {});
  }

  /**
   * Uses the client's connections, and its credentials unless others are given.
   *
   * @param whenClosed called at the end, e.g. to close the client
   */
  static ApiServer through(
      KubernetesClient client, Origin origin, Authorization authorization, Runnable whenClosed) {
    Transport lent = new LentTransport(client);
    return new ApiServer(origin, authorization, () -> lent, whenClosed, ANSWER_WITHIN);
  }

  /**
   * Makes its own connections.
   *
   * @param origin the address, and what messages say of it
   * @param authorization how requests are authorized
   * @param trust verifies the API server
   */
  static ApiServer at(Origin origin, Authorization authorization, TrustManager trust) {
    return at(origin, authorization, trust, ANSWER_WITHIN);
  }

  /** As above, with another limit on how long an answer may take. */
  static ApiServer at(
      Origin origin, Authorization authorization, TrustManager trust, Duration answerWithin) {
    Executor executor = OwnTransport.executor();
    return new ApiServer(
        origin, authorization, () -> new OwnTransport(trust, executor), () -> {}, answerWithin);
  }

  /** Makes the HTTP client and loads what the first exchange will need; sends nothing. */
  void prepare() {
    try {
      transport();
      request("GET", "/", null);
      JsonObject.parse(JsonObject.of(Map.of()).toJson().getBytes(UTF_8));
    } catch (ApiException | JsonException e) {
      // The first exchange meets it again and reports it.
    }
  }

  /** The namespace that the configuration names, empty if it names none. */
  Optional<String> namespace() {
    return origin.namespace();
  }

  JsonObject get(String path) throws ApiException, InterruptedException {
    return exchange("GET", path, null);
  }

  JsonObject post(String path, JsonObject body) throws ApiException, InterruptedException {
    return exchange("POST", path, body);
  }

  /** A name as part of a path. */
  static String segment(String name) {
    return URLEncoder.encode(name, UTF_8).replace("+", "%20");
  }

  /** Starts a watch and returns at once. */
  WatchStream watch(String path, WatchStream.Listener listener) {
    WatchStream watch = new WatchStream(listener, watches::remove, origin::explain);
    watches.add(watch);
    try {
      watch.follow(transport().send(request("GET", path, null), watch));
    } catch (ApiException | RuntimeException e) {
      watch.fail(e);
    }
    return watch;
  }

  private JsonObject exchange(String method, String path, @Nullable JsonObject body)
      throws ApiException, InterruptedException {
    Transport used = transport();
    AnswerBody received = new AnswerBody(shorter(answerWithin, PROGRESS_WITHIN));
    Transport.Exchange exchange = send(used, request(method, path, body), received);
    Transport.Head head = head(exchange, used);
    AnswerBody.End end = received.await(exchange);
    if (!head.isSuccess()) {
      throw refusal(head, received.content(), Instant.now());
    }
    switch (end) {
      case BROKEN_OFF -> throw ApiException.noAnswer("the answer of " + base + " broke off", null);
      case STALLED -> {
        reconnect(used);
        throw ApiException.noAnswer(
            "the answer of " + base + " ended after its headers, without an end", null);
      }
      case TOO_LONG ->
          throw ApiException.noAnswer(
              base + " answered " + method + " with more than " + AnswerBody.LONGEST + " bytes",
              null);
      case WHOLE -> {}
    }
    try {
      return JsonObject.parse(received.content());
    } catch (JsonException e) {
      throw ApiException.noAnswer(
          base + " answered " + method + " with no object: " + e.getMessage(), e);
    }
  }

  private Transport.Exchange send(Transport through, Transport.Request request, AnswerBody body)
      throws ApiException {
    try {
      return through.send(request, body);
    } catch (RuntimeException e) {
      throw origin.explain(e);
    }
  }

  private Transport.Head head(Transport.Exchange exchange, Transport used)
      throws ApiException, InterruptedException {
    try {
      return exchange.head().get(answerWithin.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw origin.explain(e);
    } catch (TimeoutException e) {
      exchange.cancel();
      reconnect(used);
      throw ApiException.noAnswer(
          "no answer within " + answerWithin.toMillis() / 1000.0 + " s from " + origin, e);
    } catch (InterruptedException e) {
      exchange.cancel();
      throw e;
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private Transport.Request request(String method, String path, @Nullable JsonObject body)
      throws ApiException {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Accept", "application/json");
    try {
      authorization.header().ifPresent(value -> headers.put("Authorization", value));
    } catch (IOException e) {
      throw ApiException.noAnswer("no token to authenticate with: " + Origin.describe(e), e);
    }
    return new Transport.Request(method, base + path, headers, body == null ? null : body.toJson());
  }

  private synchronized Transport transport() throws ApiException {
    if (closed) {
      throw ApiException.noAnswer("the connection to " + base + " is closed", null);
    }
    if (transport == null) {
      transport = connector.get();
    }
    return transport;
  }

  /**
   * Sends further requests over a new connection, because the present one may be half open: over
   * HTTP/2 every further request would join the same silence. A lent client stays as it is.
   */
  void reconnect() {
    Transport current;
    synchronized (this) {
      current = transport;
    }
    if (current != null) {
      reconnect(current);
    }
  }

  private void reconnect(Transport suspect) {
    synchronized (this) {
      if (transport == suspect) {
        transport = null;
      }
    }
    suspect.retire(); // once the exchanges on it are over
  }

  /** Ends all watches, without notice to their listeners, and the connections made here. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    watches.forEach(WatchStream::close);
    reconnect();
    whenClosed.run();
  }

  static ApiException refusal(Transport.Head head, byte[] body, Instant now) {
    List<String> headers = head.values("Retry-After");
    Optional<Duration> retryAfter =
        ApiException.retryAfter(headers.isEmpty() ? null : headers.get(0), now);
    try {
      JsonObject status = JsonObject.parse(body);
      if (status.text("kind").equals("Status")) {
        return ApiException.answer(head.status(), status, retryAfter);
      }
    } catch (JsonException e) {
      // Plain text of an overloaded API server, or a proxy's page: quoted as it is.
    }
    return ApiException.answer(head.status(), new String(body, UTF_8), retryAfter);
  }

  @Override
  public String toString() {
    return base;
  }
}
