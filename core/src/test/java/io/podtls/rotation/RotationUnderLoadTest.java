package io.podtls.rotation;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsServer;
import io.podtls.identity.TlsIdentity;
import io.podtls.jsse.Contexts;
import io.podtls.peer.Peers;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RotationUnderLoadTest {

  private static final int ROTATIONS = 1_000;
  private static final int LOAD_THREADS = 2;
  private static final int MOST_HANDSHAKES = 20_000;

  private static final TestCa CA = TestCa.root("load");
  private static final TrustBundle TRUST = TrustBundle.of(List.of(CA.certificate()));

  private final Rotation rotation = TestIdentity.rotation(InstantSource.system());
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicBoolean done = new AtomicBoolean();
  private HttpsServer server;

  /** Answers with the generation of the connection. */
  @BeforeEach
  void serve() throws IOException {
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
    server.setHttpsConfigurator(new HttpsConfigurator(rotation.sslContext()));
    server.createContext(
        "/",
        exchange -> {
          byte[] body =
              Long.toString(
                      rotation.generationOf(((HttpsExchange) exchange).getSSLSession()).getAsLong())
                  .getBytes(US_ASCII);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    done.set(true);
    server.stop(0);
    threads.shutdownNow();
  }

  private static SSLContext newClient() {
    return Contexts.of(new KeyManager[0], TRUST.trustManager(Peers.anyTrusted()));
  }

  private SSLSocket connect(SSLContext client) throws IOException {
    return EchoServer.connect(client.getSocketFactory(), server.getAddress().getPort());
  }

  /** One request on a connection that stays; returns the generation that the server names. */
  private static long ask(SSLSocket socket) throws IOException {
    socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
    InputStream in = socket.getInputStream();
    int length = 0;
    for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
      if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(line.substring(line.indexOf(':') + 1).trim());
      }
    }
    return Long.parseLong(new String(in.readNBytes(length), US_ASCII));
  }

  private static String readLine(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the connection has ended after: " + line);
      }
      line.append((char) c);
    }
    return line.toString().trim();
  }

  private static X509Certificate shown(SSLSocket socket) throws IOException {
    return (X509Certificate) socket.getSession().getPeerCertificates()[0];
  }

  /** Handshakes until told to stop; one context throughout, so that it offers old tickets. */
  private long load() throws IOException {
    SSLContext client = newClient();
    long handshakes = 0;
    while (!done.get() && handshakes < MOST_HANDSHAKES) {
      long before = rotation.current().number();
      try (SSLSocket socket = connect(client)) {
        assertThat(ask(socket)).isBetween(before, rotation.current().number());
      }
      handshakes++;
    }
    return handshakes;
  }

  @Test
  @DisplayName(
      "1,000 rotations under load: no handshake fails, connections stand, each is seen next")
  void thousandRotations() throws Exception {
    List<TlsIdentity> identities =
        Stream.generate(() -> TestIdentity.issuedBy(CA)).limit(16).toList();
    rotation.activate(Optional.of(identities.get(0)), TRUST);
    SSLContext client = newClient();
    List<Future<Long>> load = new ArrayList<>();
    try (SSLSocket standing = connect(client)) {
      assertThat(ask(standing)).isEqualTo(1);
      for (int i = 0; i < LOAD_THREADS; i++) {
        load.add(threads.submit(this::load));
      }
      for (int i = 1; i <= ROTATIONS; i++) {
        TlsIdentity identity = identities.get(i % identities.size());
        long number = rotation.activate(Optional.of(identity), TRUST).number();
        if (i % 10 == 0) {
          try (SSLSocket next = connect(client)) {
            assertThat(shown(next)).isEqualTo(identity.leaf());
            assertThat(ask(next)).isEqualTo(number);
          }
          assertThat(ask(standing)).as("a connection kept alive").isEqualTo(1);
        }
      }
      done.set(true);
      long handshakes = 0;
      for (Future<Long> each : load) {
        handshakes += each.get(); // Throws what a handshake threw.
      }
      assertThat(rotation.current().number()).isEqualTo(ROTATIONS + 1);
      assertThat(handshakes).as("handshakes meanwhile").isGreaterThan(100);
      assertThat(ask(standing)).isEqualTo(1);
    }
  }
}
