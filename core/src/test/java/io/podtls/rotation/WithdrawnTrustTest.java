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
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
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

  private final Rotation rotation = new Rotation(new SettableClock(Instant.now()));
  private final AtomicInteger fullHandshakes = new AtomicInteger();

  /** A fixed peer that counts the handshakes in which its key is asked for. */
  private SSLContext peer(TlsIdentity identity, TrustBundle trust) {
    return Generation.context(
        new KeyManager[] {
          new ForwardingKeyManager(identity.keyManager()) {
            @Override
            void answered(String call) {
              if (call.equals("getPrivateKey")) {
                fullHandshakes.incrementAndGet();
              }
            }
          }
        },
        trust.trustManager());
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("the server's CA is withdrawn: the client's next connection is refused, not resumed")
  void withdrawsTheServersCa(String protocol) throws Exception {
    SSLContext server = peer(SERVER, SERVERS);
    rotation.activate(Optional.empty(), SERVERS.union(CLIENTS));
    connect(rotation.sslContext(), server, protocol);
    connect(rotation.sslContext(), server, protocol);
    assertThat(fullHandshakes).as("the second one was resumed").hasValue(1);

    rotation.activate(Optional.empty(), CLIENTS);

    assertThatThrownBy(() -> connect(rotation.sslContext(), server, protocol))
        .isInstanceOf(SSLException.class)
        .hasMessageContaining("PKIX path");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("the client's CA is withdrawn: the server refuses the next connection, not resumed")
  void withdrawsTheClientsCa(String protocol) throws Exception {
    SSLContext client = peer(CLIENT, SERVERS);
    rotation.activate(Optional.of(SERVER), SERVERS.union(CLIENTS));
    connectMutually(client, rotation.sslContext(), protocol);
    connectMutually(client, rotation.sslContext(), protocol);
    assertThat(fullHandshakes).as("the second one was resumed").hasValue(1);

    rotation.activate(Optional.of(SERVER), SERVERS);

    assertThatThrownBy(() -> connectMutually(client, rotation.sslContext(), protocol))
        .isInstanceOf(SSLException.class);
    assertThat(fullHandshakes).as("the client tried to be known again").hasValueBetween(1, 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("over sockets: tickets of a generation whose client CA is gone are worth nothing")
  void withdrawsTheClientsCaOverSockets(String protocol) throws Exception {
    SSLContext client = peer(CLIENT, SERVERS);
    rotation.activate(Optional.of(SERVER), SERVERS.union(CLIENTS));
    SSLServerSocket listener =
        (SSLServerSocket) rotation.sslContext().getServerSocketFactory().createServerSocket();
    listener.setNeedClientAuth(true);
    listener.setEnabledProtocols(new String[] {protocol});
    try (EchoServer server = new EchoServer(listener)) {
      for (int i = 0; i < 2; i++) {
        try (SSLSocket socket = EchoServer.connect(client.getSocketFactory(), server.port())) {
          assertThat(EchoServer.ask(socket, "hello")).isEqualTo("hello");
          assertThat(server.outcome()).isInstanceOf(SSLSocket.class);
        }
      }
      assertThat(fullHandshakes).as("the second one was resumed").hasValue(1);

      rotation.activate(Optional.of(SERVER), SERVERS);

      assertThatThrownBy(
              () -> {
                try (SSLSocket socket =
                    EchoServer.connect(client.getSocketFactory(), server.port())) {
                  throw new AssertionError("got " + EchoServer.ask(socket, "hello"));
                }
              })
          .isInstanceOf(IOException.class);
      assertThat(server.outcome()).isInstanceOf(SSLException.class);
    }
  }

  private static void connect(SSLContext client, SSLContext server, String protocol)
      throws SSLException {
    EngineHandshake.between(client, server).protocol(protocol).complete();
  }

  private static void connectMutually(SSLContext client, SSLContext server, String protocol)
      throws SSLException {
    EngineHandshake.between(client, server).protocol(protocol).needClientAuth().complete();
  }
}
