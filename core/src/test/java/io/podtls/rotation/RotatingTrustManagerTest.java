package io.podtls.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.identity.TlsIdentity;
import io.podtls.jsse.Contexts;
import io.podtls.peer.Peers;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RotatingTrustManagerTest {

  private static final TestCa CA = TestCa.root("trusted first");
  private static final TestCa NEXT_CA = TestCa.root("trusted next");
  private static final TrustBundle TRUST = TrustBundle.of(List.of(CA.certificate()));
  private static final TrustBundle NEXT_TRUST = TrustBundle.of(List.of(NEXT_CA.certificate()));
  private static final TlsIdentity PEER = TestIdentity.issuedBy(CA);
  private static final TlsIdentity NEXT_PEER = TestIdentity.issuedBy(NEXT_CA);

  private final Rotation rotation = TestIdentity.rotation(new SettableClock(Instant.now()));
  private final X509ExtendedTrustManager trust = rotation.trustManager();

  /** As a framework makes it: once, of the manager. */
  private final SSLContext foreign = Contexts.of(new KeyManager[0], trust);

  private static void connect(SSLContext client, TlsIdentity server) throws SSLException {
    EngineHandshake.between(client, server.sslContext(TRUST)).complete();
  }

  @Test
  @DisplayName(
      "a context made of the manager trusts what the current generation trusts, and names no"
          + " issuer")
  void followsInEngines() throws Exception {
    rotation.activate(Optional.empty(), TRUST);
    connect(foreign, PEER);
    assertThatThrownBy(() -> connect(foreign, NEXT_PEER)).isInstanceOf(SSLException.class);
    assertThat(trust.getAcceptedIssuers()).isEmpty();

    rotation.activate(Optional.empty(), NEXT_TRUST);

    connect(foreign, NEXT_PEER);
    assertThatThrownBy(() -> connect(foreign, PEER)).isInstanceOf(SSLException.class);
    assertThat(trust.getAcceptedIssuers()).isEmpty();
  }

  @Test
  @DisplayName("so does one that uses sockets, and its connections have their generation")
  void followsInSockets() throws Exception {
    SSLServerSocket listener =
        (SSLServerSocket) NEXT_PEER.sslContext(TRUST).getServerSocketFactory().createServerSocket();
    try (EchoServer server = new EchoServer(listener)) {
      rotation.activate(Optional.empty(), TRUST);
      assertThatThrownBy(() -> EchoServer.connect(foreign.getSocketFactory(), server.port()))
          .isInstanceOf(SSLException.class);

      rotation.activate(Optional.empty(), NEXT_TRUST);

      try (SSLSocket socket = EchoServer.connect(foreign.getSocketFactory(), server.port())) {
        assertThat(EchoServer.ask(socket, "hello")).isEqualTo("hello");
        assertThat(rotation.generationOf(socket.getSession())).hasValue(2);
      }
    }
  }

  @Test
  @DisplayName("without a connection, for clients, and for servers that are not compared by host")
  void followsInPlainCalls() {
    X509Certificate[] chain = {PEER.leaf()};
    Rotation rotation =
        new Rotation(
            new SettableClock(Instant.now()),
            Peers.matching(names -> names.dnsNames().contains("localhost")).insteadOfHostName(),
            (names, reason) -> {});
    X509ExtendedTrustManager trust = rotation.trustManager();
    rotation.activate(Optional.empty(), TRUST);
    assertThatCode(() -> trust.checkServerTrusted(chain, "UNKNOWN")).doesNotThrowAnyException();
    assertThatCode(() -> trust.checkClientTrusted(chain, "UNKNOWN")).doesNotThrowAnyException();

    rotation.activate(Optional.empty(), NEXT_TRUST);

    assertThatThrownBy(() -> trust.checkServerTrusted(chain, "UNKNOWN"))
        .isInstanceOf(CertificateException.class);
    assertThatThrownBy(() -> trust.checkClientTrusted(chain, "UNKNOWN"))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  @DisplayName("after close a handshake ends with an alert, and no issuer is named")
  void closeRefuses() {
    rotation.activate(Optional.empty(), TRUST);

    rotation.close();

    assertThatThrownBy(() -> connect(foreign, PEER))
        .isInstanceOf(SSLException.class)
        .hasMessageContaining("closed");
    assertThat(trust.getAcceptedIssuers()).isEmpty();
  }
}
