package io.podtls.examples.clustersigner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("the health endpoint")
@Timeout(60)
class HealthEndpointTest {
  @Test
  @DisplayName("answers 200 with ok, or 503 with the problems, one a line")
  void showsProblems() throws Exception {
    try (HealthEndpoint endpoint =
        HealthEndpoint.start(0, List::of, () -> List.of("no CA", "no watch"))) {
      assertThat(get(endpoint, "/healthz").statusCode()).isEqualTo(200);
      assertThat(get(endpoint, "/healthz").body()).isEqualTo("ok\n");
      assertThat(get(endpoint, "/readyz").statusCode()).isEqualTo(503);
      assertThat(get(endpoint, "/readyz").body()).isEqualTo("no CA\nno watch\n");
    }
  }

  @Test
  @DisplayName("answers while other clients stop in the middle of their requests or send nothing")
  void slowClientsDoNotStallIt() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try (HealthEndpoint endpoint = HealthEndpoint.start(0, List::of, List::of)) {
      for (int i = 0; i < 8; i++) {
        slow.add(connect(endpoint, "GET /healthz HT"));
        slow.add(connect(endpoint, ""));
      }

      assertThat(get(endpoint, "/healthz").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  @DisplayName("disconnects those beyond the number of its threads, which stays bounded")
  void boundsItsThreads() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try (HealthEndpoint endpoint = HealthEndpoint.start(0, List::of, List::of)) {
      int refused = 0;
      for (int i = 0; i < 40; i++) {
        slow.add(connect(endpoint, "GET /healthz HT"));
      }
      for (Socket socket : slow) {
        socket.setSoTimeout(200);
        refused += isClosed(socket) ? 1 : 0;
      }

      assertThat(refused).isEqualTo(40 - 16);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  private static boolean isClosed(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) {
      return true; // reset, since what was sent was never read
    }
  }

  private static Socket connect(HealthEndpoint endpoint, String sent) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), endpoint.port());
    socket.getOutputStream().write(sent.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static HttpResponse<String> get(HealthEndpoint endpoint, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + endpoint.port() + path))
                .timeout(Duration.ofSeconds(5))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }
}
