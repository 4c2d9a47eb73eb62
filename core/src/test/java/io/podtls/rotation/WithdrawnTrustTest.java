package io.podtls.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.identity.TlsIdentity;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Session tickets are on, as the JDK has them by default; a resumed session asks no trust. */
class WithdrawnTrustTest {

  private static final TestCa SERVER_CA = TestCa.root("servers");
  private static final TestCa CLIENT_CA = TestCa.root("clients");
  private static final TrustBundle SERVERS = TrustBundle.of(List.of(SERVER_CA.certificate()));
  private static final TrustBundle CLIENTS = TrustBundle.of(List.of(CLIENT_CA.certificate()));
  private static final TlsIdentity SERVER = TestIdentity.issuedBy(SERVER_CA);
  private static final TlsIdentity CLIENT = TestIdentity.issuedBy(CLIENT_CA);

  private final Rotation rotation = TestIdentity.rotation(new SettableClock(Instant.now()));

  /** A resumed session is as old as the one that it continues. */
  private static void assertResumed(SSLSession second, SSLSession first) {
    assertThat(second.getCreationTime()).as("made").isEqualTo(first.getCreationTime());
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("the server's CA is withdrawn: the client's next connection is refused, not resumed")
  void withdrawsTheServersCa(String protocol) throws Exception {
    SSLContext server = SERVER.sslContext(SERVERS);
    rotation.activate(Optional.empty(), SERVERS.union(CLIENTS));
    SSLSession first = connect(rotation.sslContext(), server, protocol);
    assertResumed(connect(rotation.sslContext(), server, protocol), first);

    rotation.activate(Optional.empty(), CLIENTS);

    assertThatThrownBy(() -> connect(rotation.sslContext(), server, protocol))
        .isInstanceOf(SSLException.class)
        .hasMessageContaining("PKIX path");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("the client's CA is withdrawn: the server refuses the next connection, not resumed")
  void withdrawsTheClientsCa(String protocol) throws Exception {
    SSLContext client = CLIENT.sslContext(SERVERS);
    rotation.activate(Optional.of(SERVER), SERVERS.union(CLIENTS));
    SSLSession first = connectMutually(client, rotation.sslContext(), protocol);
    assertResumed(connectMutually(client, rotation.sslContext(), protocol), first);

    rotation.activate(Optional.of(SERVER), SERVERS);

    assertThatThrownBy(() -> connectMutually(client, rotation.sslContext(), protocol))
        .isInstanceOf(SSLException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("over sockets: tickets of a generation whose client CA is gone are worth nothing")
  void withdrawsTheClientsCaOverSockets(String protocol) throws Exception {
    SSLContext client = CLIENT.sslContext(SERVERS);
    rotation.activate(Optional.of(SERVER), SERVERS.union(CLIENTS));
    SSLServerSocket listener =
        (SSLServerSocket) rotation.sslContext().getServerSocketFactory().createServerSocket();
    listener.setNeedClientAuth(true);
    listener.setEnabledProtocols(new String[] {protocol});
    try (EchoServer server = new EchoServer(listener)) {
      SSLSession first = session(client, server);
      assertThat(server.outcome()).isInstanceOf(SSLSocket.class);
      assertResumed(session(client, server), first);
      assertThat(server.outcome()).isInstanceOf(SSLSocket.class);

      rotation.activate(Optional.of(SERVER), SERVERS);

      assertThatThrownBy(() -> session(client, server)).isInstanceOf(IOException.class);
      assertThat(server.outcome()).isInstanceOf(SSLException.class);
    }
  }

  private static SSLSession connect(SSLContext client, SSLContext server, String protocol)
      throws SSLException {
    return EngineHandshake.between(client, server)
        .protocol(protocol)
        .complete()
        .client()
        .getSession();
  }

  private static SSLSession connectMutually(SSLContext client, SSLContext server, String protocol)
      throws SSLException {
    return EngineHandshake.between(client, server)
        .protocol(protocol)
        .needClientAuth()
        .complete()
        .client()
        .getSession();
  }

  private static SSLSession session(SSLContext client, EchoServer server) throws IOException {
    try (SSLSocket socket = EchoServer.connect(client.getSocketFactory(), server.port())) {
      String answer = EchoServer.ask(socket, "hello"); // With it, TLS 1.3 brings the ticket.
      if (!"hello".equals(answer)) {
        throw new IOException("hung up after the client's handshake");
      }
      return socket.getSession();
    }
  }
}
