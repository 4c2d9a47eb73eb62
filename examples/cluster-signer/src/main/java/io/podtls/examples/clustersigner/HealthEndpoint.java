package io.podtls.examples.clustersigner;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;

/**
 * {@code /healthz} and {@code /readyz} over HTTP: 200 with {@code ok}, or 503 with what is wrong,
 * one problem a line.
 */
final class HealthEndpoint implements AutoCloseable {
  private final HttpServer server;

  private HealthEndpoint(HttpServer server) {
    this.server = server;
  }

  /**
   * Starts.
   *
   * @param port 0 for any free one
   * @param alive what is wrong beyond hope of recovery
   * @param ready what is wrong for the time being
   */
  static HealthEndpoint start(int port, Supplier<List<String>> alive, Supplier<List<String>> ready)
      throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
    server.createContext("/healthz", exchange -> answer(exchange, alive.get()));
    server.createContext("/readyz", exchange -> answer(exchange, ready.get()));
    server.start();
    return new HealthEndpoint(server);
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
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
