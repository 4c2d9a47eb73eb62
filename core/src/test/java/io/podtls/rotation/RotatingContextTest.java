package io.podtls.rotation;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.podtls.identity.TlsIdentity;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.KeyManagementException;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RotatingContextTest {

  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final TestCa CA = TestCa.root("context");
  private static final TestCa OTHER_CA = TestCa.root("elsewhere");
  private static final TrustBundle TRUST = TrustBundle.of(List.of(CA.certificate()));
  private static final TrustBundle OTHER_TRUST = TrustBundle.of(List.of(OTHER_CA.certificate()));

  private final Rotation server = TestIdentity.rotation(new SettableClock(Instant.now()));
  private final Rotation client = TestIdentity.rotation(new SettableClock(Instant.now()));
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpsServer https;
  private URI uri;

  private static X509Certificate rotate(Rotation rotation) {
    TlsIdentity identity = TestIdentity.issuedBy(CA);
    rotation.activate(Optional.of(identity), TRUST);
    return identity.leaf();
  }

  /** Answers with the connection's generation and the client's serial number. */
  @BeforeEach
  void serve() throws IOException {
    rotate(server);
    rotate(client);
    https = HttpsServer.create(new InetSocketAddress(LOOPBACK, 0), 0);
    https.setHttpsConfigurator(
        new HttpsConfigurator(server.sslContext()) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters tls = getSSLContext().getDefaultSSLParameters();
            tls.setNeedClientAuth(true);
            parameters.setSSLParameters(tls);
          }
        });
    https.createContext(
        "/",
        exchange -> {
          SSLSession session = ((HttpsExchange) exchange).getSSLSession();
          X509Certificate peer = (X509Certificate) session.getPeerCertificates()[0];
          byte[] body =
              (server.generationOf(session).getAsLong() + " " + peer.getSerialNumber())
                  .getBytes(US_ASCII);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    https.setExecutor(threads);
    https.start();
    uri = URI.create("https://localhost:" + https.getAddress().getPort() + "/");
  }

  @AfterEach
  void stop() {
    https.stop(0);
    threads.shutdownNow();
  }

  private HttpResponse<String> get(HttpClient http) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20)).build(),
        BodyHandlers.ofString());
  }

  private static Object serverOf(HttpResponse<?> response) throws IOException {
    return response.sslSession().get().getPeerCertificates()[0];
  }

  @Test
  @DisplayName(
      "HttpsServer and HttpClient, mutual: both sides' rotations reach the next connection")
  void httpsServerAndHttpClient() throws Exception {
    HttpClient first = HttpClient.newBuilder().sslContext(client.sslContext()).build();
    HttpResponse<String> before = get(first);
    assertThat(before.body()).startsWith("1 ");

    X509Certificate serverLeaf = rotate(server);
    X509Certificate clientLeaf = rotate(client);
    HttpResponse<String> standing = get(first);
    HttpResponse<String> after =
        get(HttpClient.newBuilder().sslContext(client.sslContext()).build());

    assertThat(standing.body()).as("a connection that stands").isEqualTo(before.body());
    assertThat(after.body()).isEqualTo("2 " + clientLeaf.getSerialNumber());
    assertThat(serverOf(after)).isEqualTo(serverLeaf);
    assertThat(client.generationOf(before.sslSession().get())).hasValue(1);
    assertThat(client.generationOf(after.sslSession().get())).hasValue(2);
  }

  @Test
  @DisplayName("HttpsURLConnection with the socket factory taken early")
  void httpsUrlConnection() throws Exception {
    SSLSocketFactory factory = client.sslContext().getSocketFactory();
    for (int i = 0; i < 3; i++) {
      X509Certificate serverLeaf = rotate(server);
      X509Certificate clientLeaf = rotate(client);
      HttpsURLConnection connection = (HttpsURLConnection) uri.toURL().openConnection();
      connection.setSSLSocketFactory(factory);
      connection.setRequestProperty("Connection", "close");

      assertThat(new String(connection.getInputStream().readAllBytes(), US_ASCII))
          .endsWith(" " + clientLeaf.getSerialNumber());
      assertThat(connection.getServerCertificates()[0]).isEqualTo(serverLeaf);
    }
  }

  @Test
  @DisplayName("HttpClient fails, and does not hang, when the server's CA is not trusted any more")
  void clientRefusesTheServer() throws Exception {
    HttpClient http = HttpClient.newBuilder().sslContext(client.sslContext()).build();
    client.activate(Optional.of(TestIdentity.issuedBy(OTHER_CA)), OTHER_TRUST);

    assertThatThrownBy(() -> get(http)).isInstanceOf(IOException.class);
  }

  @Test
  @DisplayName("after close HttpClient and HttpsServer fail at once, and do not hang")
  void closedContextsFail() throws Exception {
    HttpClient standing = HttpClient.newBuilder().sslContext(client.sslContext()).build();
    assertThat(get(standing).statusCode()).isEqualTo(200);
    Rotation other = TestIdentity.rotation(new SettableClock(Instant.now()));
    rotate(other);
    server.close();
    client.close();

    assertThat(get(standing).statusCode()).as("a connection that stands").isEqualTo(200);
    assertThatThrownBy(() -> get(HttpClient.newBuilder().sslContext(client.sslContext()).build()))
        .hasStackTraceContaining("closed: no new TLS handshakes");
    assertThatThrownBy(() -> get(HttpClient.newBuilder().sslContext(other.sslContext()).build()))
        .isInstanceOf(IOException.class);
  }

  @Test
  @DisplayName("HTTP/2 by ALPN over a rotating server socket, again after a rotation")
  void http2() throws Exception {
    SSLServerSocket listener =
        (SSLServerSocket)
            server.sslContext().getServerSocketFactory().createServerSocket(0, 10, LOOPBACK);
    try (TinyHttp2Server http2 = new TinyHttp2Server(listener)) {
      URI at = URI.create("https://localhost:" + listener.getLocalPort() + "/");
      for (long number = 1; number <= 2; number++) {
        HttpClient http = HttpClient.newBuilder().sslContext(client.sslContext()).build();
        HttpResponse<String> response =
            http.send(
                HttpRequest.newBuilder(at).timeout(Duration.ofSeconds(20)).build(),
                BodyHandlers.ofString());

        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.statusCode()).isEqualTo(204);
        assertThat(serverOf(response)).isEqualTo(server.current().identity().get().leaf());
        assertThat(client.generationOf(response.sslSession().get())).hasValue(number);
        rotate(server);
        rotate(client);
      }
      assertThat(http2.failures()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("ALPN over engines")
  void alpn(String protocol) throws Exception {
    SSLEngine asking = client.sslContext().createSSLEngine("localhost", 443);
    SSLEngine offering = server.sslContext().createSSLEngine();
    for (SSLEngine engine : List.of(asking, offering)) {
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
      engine.setSSLParameters(parameters);
    }
    EngineHandshake.between(asking, offering).protocol(protocol).complete();

    assertThat(asking.getPeerHost()).isEqualTo("localhost");
    assertThat(asking.getPeerPort()).isEqualTo(443);
    assertThat(asking.getApplicationProtocol()).isEqualTo("h2");
    assertThat(offering.getApplicationProtocol()).isEqualTo("h2");
  }

  @Test
  @DisplayName("every way to make a client's socket connects with the current generation")
  void makesSockets() throws Exception {
    SSLSocketFactory factory = client.sslContext().getSocketFactory();
    SSLServerSocket listener =
        (SSLServerSocket)
            server.sslContext().getServerSocketFactory().createServerSocket(0, 10, LOOPBACK);
    rotate(client);
    String host = LOOPBACK.getHostAddress();
    try (EchoServer echo = new EchoServer(listener)) {
      int port = echo.port();
      Socket later = factory.createSocket();
      later.connect(new InetSocketAddress(LOOPBACK, port));
      List<Socket> sockets =
          List.of(
              later,
              factory.createSocket(host, port),
              factory.createSocket(host, port, LOOPBACK, 0),
              factory.createSocket(LOOPBACK, port),
              factory.createSocket(LOOPBACK, port, LOOPBACK, 0),
              factory.createSocket(new Socket(LOOPBACK, port), host, port, true));
      for (Socket socket : sockets) {
        try (SSLSocket tls = (SSLSocket) socket) {
          assertThat(EchoServer.ask(tls, "hello")).isEqualTo("hello");
          assertThat(client.generationOf(tls.getSession())).hasValue(2);
        }
      }
      assertThat(factory.getDefaultCipherSuites()).isNotEmpty();
      assertThat(factory.getSupportedCipherSuites()).contains(factory.getDefaultCipherSuites());
    }
  }

  @Test
  @DisplayName("it cannot be given other keys, and says what the contexts behind it say")
  void isAJdkContext() throws Exception {
    SSLContext context = server.sslContext();
    SSLContext own = SSLContext.getInstance("TLS");
    own.init(null, null, null);

    assertThatThrownBy(() -> context.init(null, null, null))
        .isInstanceOf(KeyManagementException.class);
    assertThat(context.getProtocol()).isEqualTo("TLS");
    assertThat(context.getProvider()).isSameAs(own.getProvider());
    assertThat(Security.getProviders()).contains(context.getProvider());
    assertThat(context.getDefaultSSLParameters().getProtocols())
        .isEqualTo(own.getDefaultSSLParameters().getProtocols());
    assertThat(context.getSupportedSSLParameters().getCipherSuites())
        .isEqualTo(own.getSupportedSSLParameters().getCipherSuites());
    assertThat(context.createSSLEngine().getClass().getModule().getName())
        .as("frameworks recognise the JDK's engines by their module")
        .isEqualTo("java.base");
  }
}
