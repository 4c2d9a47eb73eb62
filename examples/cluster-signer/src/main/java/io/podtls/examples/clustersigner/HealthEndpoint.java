package io.podtls.examples.clustersigner;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The paths {@code /healthz} and {@code /readyz} over HTTP: 200 with {@code ok}, or 503 with the
 * problems, one a line.
 *
 * <p>A request occupies a thread for as long as the client takes to send it. The threads are
 * bounded: a connection beyond them is closed at once. A client that sends nothing is disconnected
 * after {@code sun.net.httpserver.maxReqTime} seconds, a system property of the JDK's server, which
 * {@code image/run} sets.
 */
final class HealthEndpoint implements AutoCloseable {
  private static final int THREADS = 16;

  private final HttpServer server;
  private final ExecutorService threads;

  private HealthEndpoint(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * Starts the endpoint.
   *
   * @param port the port to listen on, 0 for any free one
   * @param alive returns the problems that only a restart can end
   * @param ready returns the problems that may end by themselves
   */
  static HealthEndpoint start(int port, Supplier<List<String>> alive, Supplier<List<String>> ready)
      throws IOException {
    ExecutorService threads =
        new ThreadPoolExecutor(
            0,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, "health");
              thread.setDaemon(true);
              return thread;
            });
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
    server.setExecutor(threads);
    server.createContext("/healthz", exchange -> answer(exchange, alive.get()));
    server.createContext("/readyz", exchange -> answer(exchange, ready.get()));
    server.start();
    return new HealthEndpoint(server, threads);
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private static void answer(HttpExchange exchange, List<String> problems) throws IOException {
    try (exchange) {
      String text = problems.isEmpty() ? "ok\n" : String.join("\n", problems) + "\n";
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
      exchange.sendResponseHeaders(problems.isEmpty() ? 200 : 503, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
