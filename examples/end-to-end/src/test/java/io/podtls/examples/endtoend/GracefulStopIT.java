package io.podtls.examples.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.examples.httpsserver.Main;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The HTTPS server between SIGTERM and its end, with clients that a Service routes to it. */
@DisplayName("the HTTPS server, asked to stop,")
@Timeout(120)
class GracefulStopIT {
  private static final Duration DRAIN = Duration.ofSeconds(3);

  /** A Service without its kube-proxy: clients come for this long after readiness went off. */
  private static final Duration ROUTED = Duration.ofSeconds(1);

  @Test
  @DisplayName("is not ready at once and serves on until its clients are gone: no request fails")
  void losesNoRequest(@TempDir Path folder) throws Exception {
    Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 localhost\n");
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Program server =
        Program.start(
            Main.class,
            hosts,
            Map.of(),
            List.of("--embedded", "--serve", "--port", "0", "--drain", "" + DRAIN.toSeconds()))) {
      int port =
          Integer.parseInt(server.awaitOutput("serving +https://127\\.0\\.0\\.1:(\\d+)/").group(1));
      URI url = URI.create("https://127.0.0.1:" + port + "/");
      CountDownLatch routedAway = new CountDownLatch(1);
      CountDownLatch firstAnswers = new CountDownLatch(4);
      AtomicInteger served = new AtomicInteger();
      List<Future<?>> clients = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        boolean keepsConnections = i % 2 == 0;
        clients.add(
            threads.submit(
                () -> {
                  HttpClient client = client();
                  while (routedAway.getCount() > 0) {
                    HttpResponse<String> answer = get(keepsConnections ? client : client(), url);
                    assertThat(answer.statusCode()).isEqualTo(200);
                    served.incrementAndGet();
                    firstAnswers.countDown();
                  }
                  return null;
                }));
      }
      firstAnswers.await();
      HttpClient kubelet = client();
      assertThat(get(kubelet, url.resolve("/readyz")).statusCode()).isEqualTo(200);

      long asked = System.nanoTime();
      server.askToStop();
      server.awaitOutput("not ready, serving for 3 s more");
      HttpResponse<String> unready = get(client(), url.resolve("/readyz"));
      while (unready.statusCode() == 200) { // the line is printed just before
        unready = get(client(), url.resolve("/readyz"));
      }
      int servedWhenUnready = served.get();
      assertThat(routedAway.await(ROUTED.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
      routedAway.countDown();
      for (Future<?> client : clients) {
        client.get();
      }

      assertThat(unready.statusCode()).isEqualTo(503);
      assertThat(unready.headers().firstValue("connection")).contains("close");
      assertThat(served.get()).isGreaterThan(servedWhenUnready);
      assertThat(server.exitCode()).isEqualTo(128 + 15);
      assertThat(Duration.ofNanos(System.nanoTime() - asked))
          .isBetween(DRAIN, DRAIN.plusSeconds(5));
      assertThat(isOpen(port)).isFalse();
    } finally {
      threads.shutdownNow();
    }
  }

  private static boolean isOpen(int port) {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static HttpResponse<String> get(HttpClient client, URI url) throws Exception {
    return client.send(
        HttpRequest.newBuilder(url).version(HttpClient.Version.HTTP_1_1).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** A client that verifies nothing, as the kubelet's probes: the embedded CA is not published. */
  private static HttpClient client() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Anything()}, null);
    return HttpClient.newBuilder().sslContext(context).build();
  }

  private static final class Anything extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
