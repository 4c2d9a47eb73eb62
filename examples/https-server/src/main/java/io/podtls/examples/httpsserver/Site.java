package io.podtls.examples.httpsserver;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsServer;
import io.podtls.PodTls;
import io.podtls.PodTlsStatus;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What the server answers: a greeting, and whether it is ready. */
final class Site implements AutoCloseable {
  private final HttpsServer server;
  private final ExecutorService threads;

  private Site(HttpsServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  static Site open(HttpsServer server, PodTls tls) {
    ExecutorService threads = Executors.newCachedThreadPool();
    server.setExecutor(threads);
    server.createContext("/", exchange -> answer(exchange, 200, "hello"));
    server.createContext(
        "/readyz",
        exchange -> {
          PodTlsStatus status = tls.status();
          answer(
              exchange,
              status.ready() ? 200 : 503,
              "generation %d, valid until %s"
                  .formatted(
                      status.generation(),
                      status.validUntil().map(Object::toString).orElse("never")));
        });
    server.start();
    return new Site(server, threads);
  }

  int port() {
    return server.getAddress().getPort();
  }

  URI url(InetAddress address) {
    String host = address.getHostAddress();
    return URI.create(
        "https://"
            + (address instanceof Inet6Address ? "[" + host + "]" : host)
            + ":"
            + port()
            + "/");
  }

  /** Returns when the process is asked to end, after closing. */
  void awaitStop() throws InterruptedException {
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  close();
                  stopped.countDown();
                }));
    stopped.await();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private static void answer(HttpExchange exchange, int code, String text) throws IOException {
    try (exchange) {
      byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
      exchange.sendResponseHeaders(code, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
