package io.podtls.fabric8.approval;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between a client and the API server's GETs, and answers in its place when told to. */
final class FaultyProxy implements AutoCloseable {

  /** What happens to a request. */
  enum Fault {
    NONE,
    INTERNAL_ERROR,
    TOO_MANY_REQUESTS,
    NOT_JSON,
    NO_ANSWER
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final KubernetesClient upstream;
  private final KubernetesClient client;
  private final AtomicInteger faults = new AtomicInteger();
  private volatile Fault fault = Fault.NONE;

  FaultyProxy(KubernetesClient upstream) {
    this.upstream = upstream;
    try {
      this.server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
    this.client =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(Config.empty())
                    .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                    .build())
            .build();
  }

  /** A client with the rights of the one behind this proxy, which sees its faults. */
  KubernetesClient client() {
    return client;
  }

  void set(Fault next) {
    fault = next;
    faults.set(0);
  }

  /** How many requests were answered wrongly since the fault was set. */
  int faults() {
    return faults.get();
  }

  @Override
  public void close() {
    client.close();
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (fault != Fault.NONE) {
        faults.incrementAndGet();
      }
      switch (fault) {
        case NONE -> forward(exchange);
        case INTERNAL_ERROR -> answer(exchange, 500, "{\"kind\":\"Status\",\"code\":500}");
        case TOO_MANY_REQUESTS -> {
          exchange.getResponseHeaders().add("Retry-After", "1");
          answer(exchange, 429, "{\"kind\":\"Status\",\"code\":429}");
        }
        case NOT_JSON -> answer(exchange, 200, "<html>please log in</html>");
        case NO_ANSWER -> closing.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void forward(HttpExchange exchange) throws IOException {
    try {
      answer(exchange, 200, upstream.raw(exchange.getRequestURI().toString()));
    } catch (KubernetesClientException e) {
      answer(exchange, e.getCode(), "{\"kind\":\"Status\",\"code\":" + e.getCode() + "}");
    }
  }

  private static void answer(HttpExchange exchange, int status, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }
}
