package io.podtls.examples.embedded;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.ListMetaBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestListBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * A double of the Kubernetes API server, for certificate signing requests alone: create, get, list
 * and filtered watch, the approval and status subresources, and errors as {@code Status} objects.
 *
 * <p>Plain HTTP on the loopback interface, everything in memory, accounts by bearer token.
 */
final class ApiServerDouble implements AutoCloseable {
  private static final String REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

  /** Where clients such as kubectl ask first. */
  private static final Set<String> DISCOVERY =
      Set.of("/api", "/apis", "/version", "/openapi/v2", "/openapi/v3");

  /** As the API server limits bodies. */
  private static final int LARGEST_BODY = 3 << 20;

  /** A watch says that it is alive this often, and notices then that its client is gone. */
  private static final Duration BOOKMARKS = Duration.ofSeconds(30);

  private final KubernetesSerialization json;
  private final Map<String, Account> accounts;
  private final RequestStore store = new RequestStore();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "api-server-double");
            thread.setDaemon(true);
            return thread;
          });
  private final HttpServer server;

  private ApiServerDouble(
      HttpServer server, Map<String, Account> accounts, KubernetesSerialization json) {
    this.server = server;
    this.accounts = Map.copyOf(accounts);
    this.json = json;
    server.setExecutor(threads);
    server.createContext("/", this::handle);
  }

  /** Starts on a free port; the accounts are found by their bearer tokens. */
  static ApiServerDouble start(Map<String, Account> accounts, KubernetesSerialization json) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      ApiServerDouble started = new ApiServerDouble(server, accounts, json);
      server.start();
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  RequestStore store() {
    return store;
  }

  @Override
  public void close() {
    threads.shutdownNow();
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      try {
        route(exchange);
      } catch (ApiException e) {
        answer(exchange, e.code(), e.status());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void route(HttpExchange exchange) throws ApiException, IOException, InterruptedException {
    String path = exchange.getRequestURI().getPath();
    if (DISCOVERY.contains(path)) {
      throw ApiException.noDiscovery();
    }
    Account account = account(exchange);
    String method = exchange.getRequestMethod();
    if (path.equals(REQUESTS)) {
      Map<String, String> query = query(exchange.getRequestURI());
      switch (method) {
        case "POST" -> {
          require(account, Account.Right.CREATE);
          answer(exchange, 201, store.create(body(exchange), account));
        }
        case "GET" -> {
          if (exchange.getRequestHeaders().containsKey("Sec-WebSocket-Key")) {
            // No WebSockets here. After an answer that ends, a client watches over HTTP instead.
            exchange.sendResponseHeaders(200, -1);
          } else if ("true".equals(query.get("watch"))) {
            watch(exchange, query);
          } else {
            list(exchange, query);
          }
        }
        default -> throw ApiException.methodNotAllowed();
      }
    } else if (path.startsWith(REQUESTS + "/")) {
      String[] rest = path.substring(REQUESTS.length() + 1).split("/", 2);
      String operation = method + (rest.length == 2 ? " " + rest[1] : "");
      switch (operation) {
        case "GET" -> answer(exchange, 200, store.get(rest[0]));
        case "PUT approval" -> {
          require(account, Account.Right.APPROVE);
          answer(exchange, 200, store.updateApproval(rest[0], body(exchange)));
        }
        case "PUT status" -> {
          require(account, Account.Right.SIGN);
          answer(exchange, 200, store.updateStatus(rest[0], body(exchange)));
        }
        default -> throw ApiException.methodNotAllowed();
      }
    } else {
      throw ApiException.notFound("the server could not find the requested resource: " + path);
    }
  }

  private Account account(HttpExchange exchange) throws ApiException {
    String header = exchange.getRequestHeaders().getFirst("Authorization");
    Account account =
        header != null && header.startsWith("Bearer ")
            ? accounts.get(header.substring("Bearer ".length()))
            : null;
    if (account == null) {
      throw ApiException.unauthorized();
    }
    return account;
  }

  private static void require(Account account, Account.Right right) throws ApiException {
    if (!account.rights().contains(right)) {
      throw ApiException.forbidden(account, right);
    }
  }

  private CertificateSigningRequest body(HttpExchange exchange) throws ApiException, IOException {
    byte[] body = exchange.getRequestBody().readNBytes(LARGEST_BODY + 1);
    if (body.length > LARGEST_BODY) {
      throw ApiException.tooLarge(LARGEST_BODY);
    }
    String text = new String(body, StandardCharsets.UTF_8);
    try {
      CertificateSigningRequest request = json.unmarshal(text, CertificateSigningRequest.class);
      if (request != null && request.getMetadata() != null && request.getSpec() != null) {
        return request;
      }
    } catch (RuntimeException e) {
      // Answered like one that lacks its parts.
    }
    throw ApiException.badRequest("the body is no CertificateSigningRequest");
  }

  private void list(HttpExchange exchange, Map<String, String> query)
      throws ApiException, IOException {
    RequestStore.Snapshot snapshot = store.list(filter(query));
    answer(
        exchange,
        200,
        new CertificateSigningRequestListBuilder()
            .withMetadata(
                new ListMetaBuilder()
                    .withResourceVersion(Long.toString(snapshot.version()))
                    .build())
            .withItems(snapshot.objects())
            .build());
  }

  private void watch(HttpExchange exchange, Map<String, String> query)
      throws ApiException, IOException, InterruptedException {
    Predicate<CertificateSigningRequest> filter = filter(query);
    boolean bookmarks = "true".equals(query.get("allowWatchBookmarks"));
    long end =
        System.nanoTime()
            + Duration.ofSeconds(Long.parseLong(query.getOrDefault("timeoutSeconds", "1800")))
                .toNanos();
    long since = Long.parseLong(query.getOrDefault("resourceVersion", "0"));
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream stream = exchange.getResponseBody()) {
      if (since == 0) {
        RequestStore.Snapshot present = store.list(filter);
        for (CertificateSigningRequest object : present.objects()) {
          send(stream, "ADDED", object);
        }
        since = present.version();
      }
      while (System.nanoTime() < end) {
        List<RequestStore.Event> events = store.awaitChanges(since, BOOKMARKS);
        for (RequestStore.Event event : events) {
          since = event.version();
          if (filter.test(event.object())) {
            send(stream, event.type(), event.object());
          }
        }
        if (events.isEmpty() && bookmarks) {
          send(stream, "BOOKMARK", bookmark(since));
        }
      }
    } catch (ApiException e) {
      send(exchange.getResponseBody(), "ERROR", e.status());
    }
  }

  private void send(OutputStream stream, String type, Object object) throws IOException {
    String line = "{\"type\":\"%s\",\"object\":%s}\n".formatted(type, json.asJson(object));
    stream.write(line.getBytes(StandardCharsets.UTF_8));
    stream.flush();
  }

  private static CertificateSigningRequest bookmark(long version) {
    CertificateSigningRequest bookmark = new CertificateSigningRequest();
    bookmark.setMetadata(
        new ObjectMetaBuilder().withResourceVersion(Long.toString(version)).build());
    return bookmark;
  }

  private static Predicate<CertificateSigningRequest> filter(Map<String, String> query)
      throws ApiException {
    Predicate<CertificateSigningRequest> filter = request -> true;
    for (String term : query.getOrDefault("fieldSelector", "").split(",", -1)) {
      if (!term.isEmpty()) {
        String[] parts = term.split("==?", 2);
        String value = parts.length == 2 ? parts[1] : "";
        filter =
            filter.and(
                switch (parts[0]) {
                  case "metadata.name" -> request -> value.equals(request.getMetadata().getName());
                  case "spec.signerName" ->
                      request -> value.equals(request.getSpec().getSignerName());
                  default ->
                      throw ApiException.badRequest("field label not supported: " + parts[0]);
                });
      }
    }
    return filter;
  }

  private void answer(HttpExchange exchange, int code, Object object) throws IOException {
    byte[] body = json.asJson(object).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(code, body.length);
    exchange.getResponseBody().write(body);
  }

  private static Map<String, String> query(URI uri) {
    Map<String, String> query = new HashMap<>();
    if (uri.getRawQuery() != null) {
      for (String pair : uri.getRawQuery().split("&", -1)) {
        String[] parts = pair.split("=", 2);
        query.put(
            URLDecoder.decode(parts[0], StandardCharsets.UTF_8),
            parts.length == 2 ? URLDecoder.decode(parts[1], StandardCharsets.UTF_8) : "");
      }
    }
    return query;
  }
}
