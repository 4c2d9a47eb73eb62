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
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The paths of the server: a greeting, and {@code /readyz}.
 *
 * <p>A stop is graceful: first {@code /readyz} answers 503, so that the kubelet takes the pod out
 * of its Service; for a time the server still serves, and asks clients to close their connections;
 * then it closes. Without that, a roll-out loses requests.
 */
final class Site implements AutoCloseable {
  private static final int THREADS = 64;

  private final HttpsServer server;
  private volatile boolean draining;

  private Site(HttpsServer server) {
    this.server = server;
  }

  /**
   * Makes the threads for a server: a bounded number, each serving one request at a time. A
   * connection beyond them is closed at once. Slow clients are disconnected by the JDK's server
   * after the times in its system properties, which {@code image/run} sets.
   */
  static ExecutorService threads() {
    return new ThreadPoolExecutor(0, THREADS, 10, TimeUnit.SECONDS, new SynchronousQueue<>());
  }

  static Site open(HttpsServer server, PodTls tls) {
    Site site = new Site(server);
    server.createContext("/", exchange -> site.answer(exchange, 200, "hello"));
    server.createContext("/readyz", exchange -> site.readiness(exchange, tls.status()));
    server.start();
    return site;
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

  /**
   * Returns when the process was asked to end, and after draining and closing.
   *
   * @param drain how long to serve with readiness off: longer than it takes until the kubelet has
   *     seen that and every kube-proxy has been updated
   */
  void awaitStop(Duration drain, Report report) throws InterruptedException {
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  report.line(
                      "stopping", "not ready, serving for " + drain.toSeconds() + " s more");
                  drain(drain);
                  close();
                  stopped.countDown();
                }));
    stopped.await();
  }

  private void drain(Duration drain) {
    draining = true;
    try {
      Thread.sleep(drain.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // and close now
    }
  }

  /** Closes the server; a request that is being answered is given one second. */
  @Override
  public void close() {
    server.stop(1);
  }

  private void readiness(HttpExchange exchange, PodTlsStatus status) throws IOException {
    if (draining) {
      answer(exchange, 503, "stopping");
    } else {
      answer(
          exchange,
          status.ready() ? 200 : 503,
          "generation %d, valid until %s"
              .formatted(
                  status.generation(), status.validUntil().map(Object::toString).orElse("never")));
    }
  }

  private void answer(HttpExchange exchange, int code, String text) throws IOException {
    try (exchange) {
      byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
      if (draining) {
        exchange.getResponseHeaders().set("Connection", "close");
      }
      exchange.sendResponseHeaders(code, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
