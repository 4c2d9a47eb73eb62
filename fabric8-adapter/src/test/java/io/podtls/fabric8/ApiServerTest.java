package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.podtls.fabric8.WireServer.Request;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@DisplayName("The API server over the wire")
class ApiServerTest {

  private static final String STATUS =
      """
      {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"%s","message":"%s",
       "details":{"name":"podtls-1","kind":"certificatesigningrequests"%s},"code":%d}
      """;

  private final WireServer wire;
  private final ApiServer server;

  ApiServerTest() throws IOException {
    wire = new WireServer();
    server = wire.connect();
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    wire.close();
  }

  private ApiException failure() {
    return catchThrowableOfType(ApiException.class, () -> server.get("/apis/x"));
  }

  @Nested
  @DisplayName("A request")
  class Requests {

    @Test
    @DisplayName("sends JSON and reads JSON")
    void sendsAndReads() throws Exception {
      wire.then(WireServer.json(201, "{\"metadata\":{\"name\":\"n\"},\"n\":[1,{\"a\":true}]}"));

      JsonObject answer =
          server.post("/apis/x", JsonObject.of(Map.of("spec", Map.of("usages", List.of("a b")))));

      assertThat(answer.text("metadata", "name")).isEqualTo("n");
      Request sent = wire.requests().get(0);
      assertThat(sent.method()).isEqualTo("POST");
      assertThat(sent.target()).isEqualTo("/apis/x");
      assertThat(sent.header("content-type")).contains("application/json");
      assertThat(sent.header("accept")).contains("application/json");
      assertThat(sent.body()).isEqualTo("{\"spec\":{\"usages\":[\"a b\"]}}");
    }

    @Test
    @DisplayName("a refusal is reported with status, reason, message and Retry-After")
    void refusalIsTold() {
      wire.then(
          WireServer.json(
              429, STATUS.formatted("TooManyRequests", "slow down", "", 429), "Retry-After: 7"));

      ApiException refusal = failure();

      assertThat(refusal.status()).isEqualTo(429);
      assertThat(refusal.reason()).isEqualTo("TooManyRequests");
      assertThat(refusal).hasMessage("slow down");
      assertThat(refusal.retryAfter()).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    @DisplayName("without the header, the Status object's retryAfterSeconds counts")
    void retryAfterInTheStatus() {
      wire.then(
          WireServer.json(
              503, STATUS.formatted("ServerTimeout", "later", ",\"retryAfterSeconds\":3", 503)));

      assertThat(failure().retryAfter()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    @DisplayName("an overloaded server's plain text is quoted as it is")
    void plainText() {
      wire.then(WireServer.json(429, "Too many requests, please try again later.\n"));

      ApiException refusal = failure();

      assertThat(refusal).hasMessage("HTTP status 429: Too many requests, please try again later.");
      assertThat(refusal.retryAfter()).isNull();
      assertThat(refusal.saysApiIsMissing()).isFalse();
    }

    @Test
    @DisplayName("an API that is not served differs from an object that does not exist")
    void missingApi() {
      wire.then(WireServer.json(404, "404 page not found\n"))
          .then(WireServer.json(404, STATUS.formatted("NotFound", "not found", "", 404)));

      assertThat(failure().saysApiIsMissing()).isTrue();
      assertThat(failure().saysObjectIsMissing()).isTrue();
    }

    @Test
    @DisplayName("a refusal is not retried behind the caller's back")
    void noHiddenRetries() {
      wire.then(WireServer.json(503, "busy")).then(WireServer.json(200, "{}"));

      assertThat(failure().status()).isEqualTo(503);
      assertThat(wire.requests()).hasSize(1);
    }

    @Test
    @DisplayName("an answer that is no JSON object, or breaks off, is no answer")
    void brokenAnswers() {
      wire.then(WireServer.json(200, "<html>"))
          .then(WireServer.json(200, "[1]"))
          .then(WireServer.json(200, "{\"a\":1"))
          .then(WireServer.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":"))
          .then(WireServer.raw("HTTP/1.1 200 OK\r\nContent-Le"));

      for (int i = 0; i < 5; i++) {
        assertThat(failure().status()).isZero();
      }
    }

    @Test
    @DisplayName("no answer in time: the next request takes another connection")
    void silenceLeadsToAnotherConnection() throws Exception {
      wire.then(WireServer.json(200, "{}"))
          .then(WireServer.silence())
          .then(WireServer.json(200, "{\"kind\":\"x\"}"));
      server.get("/1");

      assertThatThrownBy(() -> server.get("/2")).hasMessageContaining("no answer within");
      assertThat(server.get("/3").text("kind")).isEqualTo("x");

      assertThat(wire.requests()).extracting(Request::connection).containsExactly(1, 1, 2);
    }

    @Test
    @DisplayName("an answer longer than 8 MiB is given up, without all of it in memory")
    void endlessAnswer() {
      AtomicLong sent = new AtomicLong();
      wire.then(
          (request, out) -> {
            WireServer.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
            byte[] blanks = new byte[1 << 16];
            Arrays.fill(blanks, (byte) ' ');
            while (true) {
              out.write(blanks);
              sent.addAndGet(blanks.length);
            }
          });

      assertThat(failure()).hasMessageContaining("with more than 8388608 bytes");
      assertThat(sent).hasValueLessThan(100L << 20);
    }

    @Test
    @DisplayName("a body that stops coming is given up")
    void stalledBody() {
      wire.then(
          (request, out) -> {
            WireServer.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":");
            WireServer.silence().write(request, out);
          });

      assertThat(failure()).hasMessageContaining("ended after its headers");
    }

    @Test
    @DisplayName("a refused connection is reported with its address and where that came from")
    void refusedConnection() throws Exception {
      wire.close();

      assertThat(failure().status()).isZero();
      assertThat(failure())
          .hasMessageContaining("cannot connect to " + wire.url() + " (from a test): Connect");
    }

    @Test
    @DisplayName("a host name that does not resolve is reported as such, with its address")
    void unresolvedHost() {
      try (ApiServer nowhere = WireServer.connect(Origin.of("http://api.invalid:1", "a test"))) {
        assertThatThrownBy(() -> nowhere.get("/"))
            .hasMessage(
                "cannot connect to http://api.invalid:1 (from a test): the host name does not"
                    + " resolve");
      }
    }

    @Test
    @DisplayName("faults leave no connection and no thread behind, without garbage collection")
    void faultsLeaveNoThreads() throws Exception {
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      try (ApiServer own = wire.connect()) {
        for (int i = 0; i < 3; i++) {
          wire.then(WireServer.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":"))
              .then(
                  (request, out) -> {
                    WireServer.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
                    WireServer.silence().write(request, out);
                  })
              .then(WireServer.silence());
          for (int j = 0; j < 3; j++) {
            assertThatThrownBy(() -> own.get("/")).isInstanceOf(ApiException.class);
          }
        }
        assertThat(clients(before)).hasSizeLessThan(2);
      }
      awaitNone(() -> threadsSince(before));
    }

    private List<String> clients(Set<Thread> before) {
      return threadsSince(before).stream().filter(name -> name.startsWith("HttpClient-")).toList();
    }

    @Test
    @DisplayName("the token is read for each request; a missing one is reported, never shown")
    void tokenIsReadForEachRequest() throws Exception {
      Iterator<String> tokens = List.of("Bearer one", "Bearer two").iterator();
      ApiServer authorized =
          wire.connect(
              () -> {
                if (!tokens.hasNext()) {
                  throw new IOException("/var/run/token is empty");
                }
                return Optional.of(tokens.next());
              });
      wire.then(WireServer.json(200, "{}")).then(WireServer.json(200, "{}"));

      authorized.get("/1");
      authorized.get("/2");

      assertThat(wire.requests())
          .extracting(request -> request.header("authorization").orElseThrow())
          .containsExactly("Bearer one", "Bearer two");
      assertThatThrownBy(() -> authorized.get("/3"))
          .hasMessageContaining("no token to authenticate with")
          .hasMessageContaining("/var/run/token is empty");
      authorized.close();
    }

    @Test
    @DisplayName("after close there is no request")
    void closed() {
      server.close();

      assertThat(failure()).hasMessageContaining("is closed");
      assertThat(wire.requests()).isEmpty();
    }
  }

  @Nested
  @DisplayName("A watch")
  class Watches {

    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

    private WatchStream watch() {
      return server.watch(
          "/watch",
          new WatchStream.Listener() {
            @Override
            public void event(String type, JsonObject object) {
              heard.add(type + " " + object.text("metadata", "name"));
            }

            @Override
            public void ended(@Nullable ApiException cause) {
              heard.add(
                  cause == null ? "ended" : "ended " + cause.status() + " " + cause.getMessage());
            }
          });
    }

    private String next() throws InterruptedException {
      String line = heard.poll(5, TimeUnit.SECONDS);
      assertThat(line).as("something within 5 s").isNotNull();
      return line;
    }

    private String event(String type, String name) {
      return "{\"type\":\"" + type + "\",\"object\":{\"metadata\":{\"name\":\"" + name + "\"}}}\n";
    }

    @Test
    @DisplayName("events arrive however they are cut into chunks, and a clean end is one")
    void eventsAcrossChunks() throws Exception {
      String one = event("ADDED", "ä");
      wire.then(
          WireServer.chunks(
              one.substring(0, 9),
              one.substring(9) + event("MODIFIED", "b") + "\r\n" + event("BOOKMARK", ""),
              event("NEW-TYPE", "c")));

      watch();

      assertThat(List.of(next(), next(), next(), next(), next()))
          .containsExactly("ADDED ä", "MODIFIED b", "BOOKMARK ", "NEW-TYPE c", "ended");
    }

    @Test
    @DisplayName("an event arrives while the watch stays open")
    void eventsArriveAtOnce() throws Exception {
      wire.then(WireServer.open(event("ADDED", "a")));

      try (WatchStream watch = watch()) {
        assertThat(next()).isEqualTo("ADDED a");
        assertThat(watch.isOver()).isFalse();
      }
    }

    @Test
    @DisplayName("a connection that breaks differs from a clean end")
    void brokenConnection() throws Exception {
      wire.then(WireServer.broken(event("ADDED", "a")));

      watch();

      assertThat(next()).isEqualTo("ADDED a");
      assertThat(next()).startsWith("ended 0 ");
    }

    @Test
    @DisplayName("half an event is no event")
    void truncatedEvent() throws Exception {
      wire.then(WireServer.chunks(event("ADDED", "a").substring(0, 30)));

      watch();

      assertThat(next()).startsWith("ended 0 the watch ended within an event");
    }

    @Test
    @DisplayName("garbage ends the watch, and nothing after it is heard")
    void garbage() throws Exception {
      wire.then(WireServer.chunks("<html>\n" + event("MODIFIED", "evil")));

      watch();

      assertThat(next()).startsWith("ended 0 the watch sent what is no event");
      assertThat(heard.poll(200, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    @DisplayName("an ERROR event ends the watch with the Status object's code")
    void errorEvent() throws Exception {
      wire.then(
          WireServer.open(
              "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\",\"message\":\"too"
                  + " old\"}}\n"));

      watch();

      assertThat(next()).isEqualTo("ended 410 too old");
    }

    @Test
    @DisplayName("a watch that is refused ends with the refusal")
    void refused() throws Exception {
      wire.then(WireServer.json(403, STATUS.formatted("Forbidden", "User cannot watch", "", 403)));

      watch();

      assertThat(next()).isEqualTo("ended 403 User cannot watch");
    }

    @Test
    @DisplayName("a refused connection ends the watch")
    void refusedConnection() throws Exception {
      wire.close();

      watch();

      assertThat(next()).startsWith("ended 0 cannot connect to " + wire.url());
    }

    @Test
    @DisplayName("after close no thread is left, though a watch was open")
    void noThreadIsLeft() throws Exception {
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      wire.then(WireServer.open(event("ADDED", "a")));
      ApiServer own = wire.connect();
      own.watch(
          "/watch",
          new WatchStream.Listener() {
            @Override
            public void event(String type, JsonObject object) {
              heard.add(type);
            }

            @Override
            public void ended(@Nullable ApiException cause) {
              heard.add("ended");
            }
          });
      assertThat(next()).isEqualTo("ADDED");
      assertThat(threadsSince(before)).isNotEmpty();

      own.close();

      awaitNone(() -> threadsSince(before));
    }

    @Test
    @DisplayName("close ends the connection's part, and nothing is heard any more")
    void closed() throws Exception {
      wire.then(WireServer.open(event("ADDED", "a")));
      WatchStream watch = watch();
      next();

      watch.close();
      watch.close();

      assertThat(watch.isOver()).isTrue();
      assertThat(heard.poll(200, TimeUnit.MILLISECONDS)).isNull();
    }
  }

  private static List<String> threadsSince(Set<Thread> before) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread) && !thread.getName().startsWith("wire-"))
        .map(Thread::getName)
        .toList();
  }

  private static void awaitNone(Supplier<List<String>> threads) {
    long deadline = System.nanoTime() + Duration.ofSeconds(3).toNanos();
    while (!threads.get().isEmpty() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(20_000_000);
    }
    assertThat(threads.get()).isEmpty();
  }

  @Nested
  @DisplayName("Retry-After")
  class RetryAfter {

    private final Instant now = Instant.parse("2026-11-24T08:00:00Z");

    @Test
    @DisplayName("is seconds, or a date, and never negative")
    void secondsOrDate() {
      assertThat(ApiException.retryAfter("120", now)).contains(Duration.ofMinutes(2));
      assertThat(ApiException.retryAfter("Tue, 24 Nov 2026 08:00:30 GMT", now))
          .contains(Duration.ofSeconds(30));
      assertThat(ApiException.retryAfter("Tue, 24 Nov 2026 07:00:00 GMT", now))
          .contains(Duration.ZERO);
    }

    @Test
    @DisplayName("anything else is as if it were not there")
    void anythingElse() {
      for (String nonsense : new String[] {"", "soon", "-1", "1.5", "99999999999999999999"}) {
        assertThat(ApiException.retryAfter(nonsense, now)).isEmpty();
      }
      assertThat(ApiException.retryAfter(null, now)).isEmpty();
    }
  }
}
