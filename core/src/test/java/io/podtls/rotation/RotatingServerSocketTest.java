package io.podtls.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.identity.TlsIdentity;
import io.podtls.jsse.Contexts;
import io.podtls.peer.Peers;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RotatingServerSocketTest {

  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final TestCa CA = TestCa.root("sockets");
  private static final TrustBundle TRUST = TrustBundle.of(List.of(CA.certificate()));
  private static final TlsIdentity CLIENT = TestIdentity.issuedBy(CA);
  private static final SSLContext TRUSTING =
      Contexts.of(new KeyManager[0], TRUST.trustManager(Peers.anyTrusted()));

  private final Rotation rotation = TestIdentity.rotation(new SettableClock(Instant.now()));
  private SSLServerSocket listener;

  private X509Certificate rotate() {
    return rotation.activate(Optional.of(TestIdentity.issuedBy(CA)), TRUST).identity().get().leaf();
  }

  @BeforeEach
  void listen() throws IOException {
    rotate();
    listener =
        (SSLServerSocket)
            rotation.sslContext().getServerSocketFactory().createServerSocket(0, 10, LOOPBACK);
  }

  @AfterEach
  void stopListening() throws IOException {
    listener.close();
  }

  private SSLSocket connect(EchoServer server) throws IOException {
    return EchoServer.connect(TRUSTING.getSocketFactory(), server.port());
  }

  @Test
  @DisplayName(
      "a server socket, its factory and a client's taken early serve every later generation")
  void takenEarly() throws Exception {
    SSLSocketFactory clients = rotation.sslContext().getSocketFactory();
    try (EchoServer server = new EchoServer(listener);
        SSLSocket standing = connect(server)) {
      assertThat(server.outcome()).isInstanceOf(SSLSocket.class);
      for (long number = 2; number <= 4; number++) {
        X509Certificate leaf = rotate();
        try (SSLSocket socket = EchoServer.connect(clients, server.port())) {
          assertThat(socket.getSession().getPeerCertificates()[0]).isEqualTo(leaf);
          assertThat(EchoServer.ask(socket, "hello")).isEqualTo("hello");
          assertThat(rotation.generationOf(socket.getSession())).hasValue(number);
          SSLSocket accepted = (SSLSocket) server.outcome();
          assertThat(rotation.generationOf(accepted.getSession())).hasValue(number);
        }
      }
      assertThat(EchoServer.ask(standing, "still there")).isEqualTo("still there");
    }
  }

  @Test
  @DisplayName("the generation is the one current when the connection is accepted, not before")
  void waitingAcceptServesTheNext() throws Exception {
    try (EchoServer server = new EchoServer(listener)) { // It waits in accept() already, or soon.
      X509Certificate leaf = rotate();
      try (SSLSocket socket = connect(server)) {
        assertThat(socket.getSession().getPeerCertificates()[0]).isEqualTo(leaf);
      }
    }
  }

  @Test
  @DisplayName("parameters set before a rotation hold for connections after it")
  void carriesParameters() throws Exception {
    SSLParameters parameters = listener.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.2"});
    parameters.setCipherSuites(new String[] {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"});
    parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
    parameters.setSNIMatchers(List.of(SNIHostName.createSNIMatcher("localhost")));
    parameters.setUseCipherSuitesOrder(false);
    parameters.setNeedClientAuth(true);
    listener.setSSLParameters(parameters);
    rotate();
    SSLContext client = CLIENT.sslContext(TRUST);
    try (EchoServer server = new EchoServer(listener)) {
      SSLSocket accepted;
      try (SSLSocket socket =
          (SSLSocket) client.getSocketFactory().createSocket(LOOPBACK, server.port())) {
        SSLParameters asked = socket.getSSLParameters();
        asked.setApplicationProtocols(new String[] {"http/1.1"});
        asked.setServerNames(List.of(new SNIHostName("localhost")));
        socket.setSSLParameters(asked);
        assertThat(EchoServer.ask(socket, "hello")).isEqualTo("hello");
        assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.2");
        assertThat(socket.getSession().getCipherSuite())
            .isEqualTo("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
        assertThat(socket.getApplicationProtocol()).isEqualTo("http/1.1");
        accepted = (SSLSocket) server.outcome();
        assertThat(accepted.getSession().getPeerCertificates()[0]).isEqualTo(CLIENT.leaf());
        assertThat(accepted.getNeedClientAuth()).isTrue();
        assertThat(accepted.getSSLParameters().getUseCipherSuitesOrder()).isFalse();
      }
      try (SSLSocket socket =
          (SSLSocket)
              CLIENT.sslContext(TRUST).getSocketFactory().createSocket(LOOPBACK, server.port())) {
        SSLParameters asked = socket.getSSLParameters();
        asked.setServerNames(List.of(new SNIHostName("elsewhere")));
        socket.setSSLParameters(asked);
        assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
        assertThat(server.outcome()).isInstanceOf(SSLException.class);
      }
    }
  }

  @Test
  @DisplayName("needed client authentication: a client without a certificate is refused")
  void needsClientAuth() throws Exception {
    listener.setNeedClientAuth(true);
    assertThat(listener.getNeedClientAuth()).isTrue();
    try (EchoServer server = new EchoServer(listener)) {
      assertThatThrownBy(
              () -> {
                try (SSLSocket socket = connect(server)) {
                  throw new AssertionError("got " + EchoServer.ask(socket, "hello"));
                }
              })
          .isInstanceOf(IOException.class);
      assertThat(server.outcome()).isInstanceOf(SSLException.class);
    }
  }

  @Test
  @DisplayName("wanted client authentication: known with a certificate, welcome without")
  void wantsClientAuth() throws Exception {
    listener.setWantClientAuth(true);
    assertThat(listener.getWantClientAuth()).isTrue();
    try (EchoServer server = new EchoServer(listener)) {
      try (SSLSocket socket = connect(server)) {
        assertThat(EchoServer.ask(socket, "hello")).isEqualTo("hello");
        SSLSocket accepted = (SSLSocket) server.outcome();
        assertThat(accepted.getWantClientAuth()).isTrue();
        assertThat(accepted.getSession().getLocalCertificates()).isNotNull();
      }
      SSLSocketFactory known = CLIENT.sslContext(TRUST).getSocketFactory();
      try (SSLSocket socket = EchoServer.connect(known, server.port())) {
        assertThat(EchoServer.ask(socket, "hello")).isEqualTo("hello");
        SSLSocket accepted = (SSLSocket) server.outcome();
        assertThat(accepted.getSession().getPeerCertificates()[0]).isEqualTo(CLIENT.leaf());
      }
    }
  }

  @Test
  @DisplayName("each setting means and refuses what it does on the JDK's own server socket")
  void behavesLikeTheJdks() throws Exception {
    try (SSLServerSocket own =
        (SSLServerSocket) TRUSTING.getServerSocketFactory().createServerSocket()) {
      assertThat(listener.getSupportedProtocols()).isEqualTo(own.getSupportedProtocols());
      assertThat(listener.getEnabledProtocols()).isEqualTo(own.getEnabledProtocols());
      assertThat(listener.getSupportedCipherSuites()).isEqualTo(own.getSupportedCipherSuites());
      assertThat(listener.getEnabledCipherSuites()).isEqualTo(own.getEnabledCipherSuites());
      assertThat(listener.getUseClientMode()).isFalse();
      assertThat(listener.getEnableSessionCreation()).isTrue();
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> listener.setEnabledProtocols(new String[] {"TLSv9"}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> listener.setEnabledCipherSuites(new String[] {"NONE_SUCH"}));
    listener.setEnabledProtocols(new String[] {"TLSv1.2"});
    listener.setEnabledCipherSuites(new String[] {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"});
    listener.setNeedClientAuth(true);
    listener.setWantClientAuth(true);
    listener.setEnableSessionCreation(false);
    try (Socket plain = new Socket(LOOPBACK, listener.getLocalPort());
        SSLSocket accepted = (SSLSocket) listener.accept()) {
      assertThat(accepted.getEnabledProtocols()).containsExactly("TLSv1.2");
      assertThat(accepted.getEnabledCipherSuites())
          .containsExactly("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
      assertThat(accepted.getNeedClientAuth()).isFalse();
      assertThat(accepted.getWantClientAuth()).isTrue();
      assertThat(accepted.getEnableSessionCreation()).isFalse();
      assertThat(accepted.getUseClientMode()).isFalse();
      assertThat(accepted.getPort()).isEqualTo(plain.getLocalPort());
    }
  }

  @Test
  @DisplayName("a server socket in client mode makes clients of the connections it accepts")
  void usesClientMode() throws Exception {
    listener.setUseClientMode(true);
    assertThat(listener.getUseClientMode()).isTrue();
    try (Socket plain = new Socket(LOOPBACK, listener.getLocalPort());
        SSLSocket accepted = (SSLSocket) listener.accept()) {
      assertThat(plain.isConnected()).isTrue();
      assertThat(accepted.getUseClientMode()).isTrue();
    }
  }

  @Test
  @DisplayName("accept keeps its timeout")
  void keepsTheTimeout() throws Exception {
    listener.setSoTimeout(1);

    assertThatThrownBy(listener::accept).isInstanceOf(SocketTimeoutException.class);
  }

  @Test
  @DisplayName("every way to make a server socket binds what it says")
  void makesServerSockets() throws Exception {
    SSLServerSocketFactory factory = rotation.sslContext().getServerSocketFactory();
    try (var unbound = factory.createServerSocket();
        var anywhere = factory.createServerSocket(0);
        var withBacklog = factory.createServerSocket(0, 5)) {
      assertThat(unbound.isBound()).isFalse();
      assertThat(anywhere.isBound()).isTrue();
      assertThat(anywhere.getInetAddress().isAnyLocalAddress()).isTrue();
      assertThat(withBacklog.isBound()).isTrue();
    }
    assertThat(listener.getInetAddress()).isEqualTo(LOOPBACK);
    assertThatThrownBy(() -> factory.createServerSocket(listener.getLocalPort(), 1, LOOPBACK))
        .isInstanceOf(BindException.class);
  }

  @Test
  @DisplayName("after close accept fails at once; one that waited hangs up on the next client")
  void closeRefusesToAccept() throws Exception {
    SSLServerSocket idle =
        (SSLServerSocket)
            rotation.sslContext().getServerSocketFactory().createServerSocket(0, 10, LOOPBACK);
    try (idle;
        EchoServer server = new EchoServer(listener);
        SSLSocket standing = connect(server)) {
      assertThat(server.outcome()).isInstanceOf(SSLSocket.class);

      idle.setSoTimeout(20_000);
      rotation.close();

      assertThatIllegalStateException().isThrownBy(idle::accept);
      assertThatThrownBy(() -> connect(server).close()).isInstanceOf(IOException.class);
      assertThat(server.outcome()).isInstanceOf(IllegalStateException.class);
      assertThat(EchoServer.ask(standing, "still there")).isEqualTo("still there");
      assertThat(rotation.generationOf(standing.getSession())).as("a stranger's").isEmpty();
    }
  }
}
