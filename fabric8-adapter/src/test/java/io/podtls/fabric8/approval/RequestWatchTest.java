package io.podtls.fabric8.approval;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.request.SignerName;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A watch and a scripted API server. */
class RequestWatchTest {

  private static final String CSRS = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
  private static final String SELECTOR = "fieldSelector=spec.signerName%3Dexample.com%2Fserving";
  private static final String OPEN_WATCH =
      CSRS
          + "?"
          + SELECTOR
          + "&watch=true&allowWatchBookmarks=true&timeoutSeconds=240&resourceVersion=";

  /** Answers one request. */
  private interface Answer {
    void send(HttpExchange exchange) throws Exception;
  }

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final BlockingQueue<Answer> script = new LinkedBlockingQueue<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private final List<RuntimeException> failures = new CopyOnWriteArrayList<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private HttpServer server;
  private KubernetesClient client;

  @BeforeEach
  void startServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
    client =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(Config.empty())
                    .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                    .build())
            .build();
  }

  @AfterEach
  void stopServer() {
    closing.countDown();
    client.close();
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  @DisplayName("lists in pages, reports that, and then watches from the version of the list")
  void listsAndWatches() throws Exception {
    script.add(json(list("7", "next page", csr("a", "1", ""))));
    script.add(json(list("7", "", csr("b", "2", ""))));
    script.add(
        watch(
            event("ADDED", csr("c", "3", "")),
            event("MODIFIED", csr("a", "1", condition("Approved"))),
            event("DELETED", csr("b", "2", ""))));

    try (RequestWatch watch = start()) {
      assertNext("PENDING a", "PENDING b", "listed", "PENDING c", "APPROVED a", "gone b 2");
      assertThat(watch.isWatching()).isTrue();
    }

    assertThat(asked)
        .startsWith(
            CSRS + "?" + SELECTOR + "&limit=20",
            CSRS + "?" + SELECTOR + "&limit=20&continue=next+page",
            OPEN_WATCH + "7");
  }

  @Test
  @DisplayName("a watch that ended goes on from its last event or bookmark, without a list")
  void resumes() throws Exception {
    script.add(json(list("7", "")));
    script.add(
        watchThatEnds(
            event("ADDED", csr("c", "3", "")),
            "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"99\"},\"spec\":{}}}"));
    script.add(watch(event("ADDED", csr("d", "4", ""))));

    try (RequestWatch watch = start()) {
      assertNext("listed", "PENDING c", "PENDING d");
      assertThat(watch.isWatching()).isTrue();
    }
    assertThat(asked).hasSize(3).last().isEqualTo(OPEN_WATCH + "99");
  }

  @Test
  @DisplayName(
      "a version that is too old leads to a new list, which also shows what is gone meanwhile")
  void listsAgainWhenTooOld() throws Exception {
    script.add(json(list("7", "", csr("a", "1", ""), csr("b", "2", ""))));
    script.add(
        watch(
            "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"message\":\"old\"}}"));
    script.add(json(list("50", "", csr("a", "another", ""))));
    script.add(watch());

    try (RequestWatch watch = start()) {
      assertNext("PENDING a", "PENDING b", "listed", "gone a 1", "PENDING a", "gone b 2");
      assertNext("listed");
      assertThat(watch.isWatching()).isTrue();
    }
  }

  @Test
  @DisplayName("a refusal is reported with the API server's reason, and tried again")
  void reportsRefusal() throws Exception {
    script.add(
        exchange ->
            send(
                exchange,
                403,
                "{\"kind\":\"Status\",\"code\":403,\"message\":\"no list for you\"}"));
    script.add(json("<html>please log in</html>"));
    script.add(json(list("7", "")));
    script.add(watch());

    try (RequestWatch watch = start()) {
      assertNext("failed", "failed", "listed");
      assertThat(watch.isWatching()).isTrue();
    }
    assertThat(failures.get(0))
        .isInstanceOfSatisfying(
            KubernetesClientException.class,
            refused -> {
              assertThat(refused.getCode()).isEqualTo(403);
              assertThat(refused).hasMessageEndingWith("answers 403: no list for you");
            });
    assertThat(failures.get(1)).hasMessageContaining("not JSON");
  }

  @Test
  @DisplayName("requests that the listener does not want to be remembered are not reported as gone")
  void forgetsWhatNeedsNothing() throws Exception {
    script.add(json(list("7", "", csr("a", "1", condition("Denied")))));
    script.add(
        watch(
            event("DELETED", csr("a", "1", condition("Denied"))),
            event("ADDED", csr("b", "2", ""))));

    try (RequestWatch watch = start()) {
      assertNext("DENIED a", "listed", "PENDING b");
      assertThat(watch.isWatching()).isTrue();
    }
  }

  @Test
  @DisplayName("a listener that throws is called again for the next request")
  void listenerThrows() throws Exception {
    script.add(json(list("7", "", csr("throw", "1", ""), csr("b", "2", ""))));
    script.add(watch());

    try (RequestWatch watch = start()) {
      assertNext("PENDING throw", "PENDING b", "listed");
      assertThat(watch.isWatching()).isTrue();
    }
  }

  @Test
  @DisplayName("a new list is made on demand, while the watch is silent")
  void listsOnDemand() throws Exception {
    CountDownLatch watching = new CountDownLatch(1);
    script.add(json(list("7", "", csr("a", "1", ""))));
    script.add(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().flush();
          watching.countDown();
          closing.await();
        });
    script.add(json(list("9", "", csr("a", "1", condition("Approved")))));
    script.add(watch());

    try (RequestWatch watch = start()) {
      assertNext("PENDING a", "listed");
      watching.await();
      watch.listAgain();
      assertNext("APPROVED a", "listed");
    }
    assertThat(failures).isEmpty();
  }

  @Test
  @DisplayName("a new list that fails is made again, instead of going on with the watch")
  void listsOnDemandUntilThatWorks() throws Exception {
    CountDownLatch watching = new CountDownLatch(1);
    script.add(json(list("7", "", csr("a", "1", ""))));
    script.add(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().flush();
          watching.countDown();
          closing.await();
        });
    script.add(exchange -> send(exchange, 503, "overloaded"));
    script.add(json(list("9", "", csr("b", "2", ""))));
    script.add(watch());

    try (RequestWatch watch = start()) {
      assertNext("PENDING a", "listed");
      watching.await();
      watch.listAgain();
      assertNext("failed", "PENDING b", "gone a 1", "listed");
    }
  }

  @Test
  @DisplayName(
      "a request of 1.2 MB is reported with its name, its requester and that it is too large")
  void tooLarge() throws Exception {
    String large = csr("a", "1", "").replace("\"request\":\"QQ==\"", request(1_200_000));
    String largest = csr("b", "2", "").replace("\"request\":\"QQ==\"", request(64 << 10));
    script.add(json(list("7", "", large, largest)));
    script.add(watch(event("ADDED", csr("c", "3", ""))));
    script.add(json(large));

    try (RequestWatch watch = start()) {
      assertNext(
          "PENDING a too large: spec.request is larger than 64 KiB of system:serviceaccount:shop:web",
          "PENDING b",
          "listed",
          "PENDING c");
      WatchedRequest read = watch.read(new RequestId("a", "1")).orElseThrow();
      assertThat(read.tooLarge()).contains("spec.request is larger than 64 KiB");
      assertThat(read.csr().getSpec().getRequest()).isEqualTo(BoundedJson.ELIDED);
    }
  }

  @Test
  @DisplayName("labels without end make a request too large, and its state is read none the less")
  void tooManyLabels() throws Exception {
    StringBuilder labels = new StringBuilder("\"labels\":{\"first\":\"x\"");
    for (int i = 0; i < 60_000; i++) {
      labels.append(",\"l").append(i).append("\":\"v\"");
    }
    String large =
        csr("a", "1", condition("Denied"))
            .replace("\"managedFields\"", labels + "},\"managedFields\"");
    script.add(json(large));

    WatchedRequest read =
        RequestWatch.read(RequestWatch.api(client), new RequestId("a", "1")).orElseThrow();

    assertThat(read.tooLarge()).contains("the object is larger than podtls reads");
    assertThat(read.state()).isEqualTo(WatchedRequest.State.DENIED);
  }

  @Test
  @DisplayName("a request that is gone, or another one of its name, is read as empty")
  void readsGone() throws Exception {
    script.add(exchange -> send(exchange, 404, "{\"kind\":\"Status\",\"code\":404}"));
    script.add(json(csr("a", "another", "")));
    script.add(exchange -> send(exchange, 500, "overloaded"));

    BoundedApi api = RequestWatch.api(client);
    assertThat(RequestWatch.read(api, new RequestId("a", "1"))).isEmpty();
    assertThat(RequestWatch.read(api, new RequestId("a", "1"))).isEmpty();
    assertThatThrownBy(() -> RequestWatch.read(api, new RequestId("a", "1")))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageEndingWith("answers 500");
  }

  @Test
  @DisplayName("a closed watch reports nothing more and asks for nothing more")
  void closes() throws Exception {
    CountDownLatch watching = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    script.add(json(list("7", "")));
    script.add(
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          watching.countDown();
          try (OutputStream body = exchange.getResponseBody()) {
            while (true) {
              body.write((event("ADDED", csr("late", "1", "")) + "\n").getBytes(UTF_8));
              body.flush();
            }
          } catch (IOException e) {
            ended.countDown(); // the client hung up
          }
        });

    RequestWatch watch = start();
    watching.await();
    watch.close();
    watch.close();

    assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(watch.isWatching()).isFalse();
    assertThat(asked).hasSize(2);
  }

  private RequestWatch start() {
    return RequestWatch.start(
        client,
        signer(),
        new RequestWatch.Listener() {
          @Override
          public boolean changed(WatchedRequest request) {
            String tooLarge =
                request
                    .tooLarge()
                    .map(why -> " too large: " + why + " of " + request.requester().username())
                    .orElse("");
            events.add(request.state() + " " + request.id().name() + tooLarge);
            if (request.id().name().equals("throw")) {
              throw new IllegalStateException("broken listener");
            }
            return request.state() != WatchedRequest.State.DENIED;
          }

          @Override
          public void gone(RequestId id) {
            events.add("gone " + id.name() + " " + id.uid());
          }

          @Override
          public void listed() {
            events.add("listed");
          }

          @Override
          public void failed(RuntimeException failure, Duration nextAttempt) {
            failures.add(failure);
            events.add("failed");
          }
        });
  }

  private static SignerName signer() {
    return SignerName.of("example.com/serving");
  }

  private void assertNext(String... expected) throws InterruptedException {
    for (String event : expected) {
      assertThat(events.poll(30, TimeUnit.SECONDS)).isEqualTo(event);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      asked.add(exchange.getRequestURI().toString());
      Answer answer = script.poll();
      if (answer == null) {
        closing.await();
      } else {
        answer.send(exchange);
      }
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private static Answer json(String body) {
    return exchange -> send(exchange, 200, body);
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  /** A watch that stays open. */
  private Answer watch(String... lines) {
    return exchange -> {
      watchThatEnds(lines).send(exchange);
      closing.await();
    };
  }

  private static Answer watchThatEnds(String... lines) {
    return exchange -> {
      exchange.sendResponseHeaders(200, 0);
      for (String line : lines) {
        exchange.getResponseBody().write((line + "\n").getBytes(UTF_8));
      }
      exchange.getResponseBody().flush();
    };
  }

  private static String list(String version, String rest, String... items) {
    return "{\"kind\":\"CertificateSigningRequestList\",\"metadata\":{\"resourceVersion\":\"%s\",\"continue\":\"%s\"},\"items\":[%s]}"
        .formatted(version, rest, String.join(",", items));
  }

  private static String event(String type, String object) {
    return "{\"type\":\"" + type + "\",\"object\":" + object + "}";
  }

  private static String csr(String name, String uid, String status) {
    return """
    {"metadata":{"name":"%s","uid":"%s","resourceVersion":"12","managedFields":[{"x":"y"}]},\
    "spec":{"request":"QQ==","signerName":"example.com/serving","usages":["server auth"],\
    "username":"system:serviceaccount:shop:web"},"status":{%s}}"""
        .formatted(name, uid, status);
  }

  private static String condition(String type) {
    return "\"conditions\":[{\"type\":\"" + type + "\",\"status\":\"True\"}]";
  }

  private static String request(int bytes) {
    return "\"request\":\"" + "QUFB".repeat(bytes / 3 + 1) + "\"";
  }
}
