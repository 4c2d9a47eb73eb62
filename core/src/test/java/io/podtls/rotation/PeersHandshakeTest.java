package io.podtls.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.Peers;
import io.podtls.pem.Pem;
import io.podtls.testing.OpenSsl;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Peers in a handshake")
class PeersHandshakeTest {

  private static final TestCa CA = TestCa.root("peers");
  private static final TrustBundle TRUST = TrustBundle.of(List.of(CA.certificate()));
  private static final String BILLING = "spiffe://cluster.local/ns/shop/sa/billing";

  private final SettableClock clock = new SettableClock(Instant.now());
  private final List<String> refused = new CopyOnWriteArrayList<>();

  private static TlsIdentity identity(UnaryOperator<TestCa.Leaf> shape) {
    KeyPair keys = TestCa.newKeyPair();
    return TlsIdentity.of(keys.getPrivate(), shape.apply(CA.leaf(keys.getPublic())).issueChain());
  }

  /** A handle's context for localhost. */
  private Rotation rotation(Peers peers) {
    Rotation rotation =
        new Rotation(clock, peers, (names, reason) -> refused.add(names + ": " + reason));
    rotation.activate(Optional.of(TestIdentity.issuedBy(CA)), TRUST);
    return rotation;
  }

  private static SSLContext server(UnaryOperator<TestCa.Leaf> shape) {
    return identity(shape).sslContext(TRUST);
  }

  private static SSLEngine client(SSLContext context, String host) {
    SSLEngine engine = context.createSSLEngine(host, 8443);
    engine.setUseClientMode(true);
    return engine;
  }

  private static void shake(SSLEngine client, SSLContext server, String protocol)
      throws SSLException {
    EngineHandshake.between(client, server.createSSLEngine()).protocol(protocol).complete();
  }

  private static void call(SSLEngine client, SSLContext server) throws SSLException {
    shake(client, server, "TLSv1.3");
  }

  @Nested
  @DisplayName("servers that are called")
  class Servers {

    private final SSLContext own = TRUST.sslContext();
    private final SSLContext handle = rotation(Peers.anyTrusted()).sslContext();

    private List<SSLContext> contexts() {
      return List.of(own, handle, identity(leaf -> leaf).sslContext(TRUST));
    }

    @ParameterizedTest
    @CsvSource({
      "orders.shop.svc,      orders.shop.svc",
      "orders.shop.svc,      ORDERS.shop.svc",
      "orders.shop.svc,      orders.shop.svc.",
      "*.shop.svc,           orders.shop.svc",
      "or*rs.shop.svc,       orders.shop.svc",
      "xn--bcher-kva.example, xn--bcher-kva.example",
    })
    @DisplayName(
        "are accepted under a DNS name of theirs: exact, wildcard within its first label, IDN as"
            + " A-labels")
    void dnsNames(String name, String host) throws Exception {
      for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
        for (SSLContext context : contexts()) {
          shake(client(context, host), server(leaf -> leaf.dns("other.svc", name)), protocol);
        }
      }
    }

    @ParameterizedTest
    @CsvSource({
      "orders.shop.svc,       billing.shop.svc",
      "*.shop.svc,            a.orders.shop.svc",
      "*.shop.svc,            shop.svc",
      "orders.shop.svc,       10.0.0.1",
      "xn--bcher-kva.example, xn--bcher-kva.example.org",
    })
    @DisplayName("are refused under any other name, without endpoint identification as well")
    void otherNames(String name, String host) {
      for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
        for (SSLContext context : contexts()) {
          assertThatThrownBy(
                  () -> shake(client(context, host), server(leaf -> leaf.dns(name)), protocol))
              .isInstanceOf(SSLException.class)
              .hasMessageContaining("server refused (DNS " + name + "): called as " + host + ": ");
        }
      }
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.1, 10.0.0.1", "fd00::34:2, fd00::34:2", "fd00::34:2, [fd00::34:2]"})
    @DisplayName("are accepted under an address of theirs and no other")
    void addresses(String address, String host) throws Exception {
      call(client(own, host), server(leaf -> leaf.ip(address)));
      assertThatThrownBy(() -> call(client(own, host), server(leaf -> leaf.ip("10.0.0.2"))))
          .isInstanceOf(SSLException.class);
      assertThatThrownBy(() -> call(client(own, host), server(leaf -> leaf.dns("orders"))))
          .isInstanceOf(SSLException.class);
    }

    @Test
    @DisplayName("are refused if only the common name or a SPIFFE ID is theirs, or no name at all")
    void noSubjectAlternativeName() {
      List<UnaryOperator<TestCa.Leaf>> shapes =
          List.of(
              leaf -> leaf.subject("CN=orders.shop.svc"),
              leaf -> leaf.subject("CN=orders.shop.svc").ip("10.0.0.1"),
              leaf -> leaf.subject("CN=orders.shop.svc").uri(BILLING),
              leaf -> leaf.subject("CN=orders.shop.svc").emptyNames(),
              leaf -> leaf.uri(BILLING),
              TestCa.Leaf::emptyNames);
      for (UnaryOperator<TestCa.Leaf> shape : shapes) {
        assertThatThrownBy(() -> call(client(own, "orders.shop.svc"), server(shape)))
            .isInstanceOf(SSLException.class);
      }
    }

    @Test
    @DisplayName("are refused without a host to compare them with, in a sentence with the option")
    void noHost() {
      for (SSLContext context : contexts()) {
        SSLEngine client = context.createSSLEngine();
        client.setUseClientMode(true);
        assertThatThrownBy(() -> call(client, server(leaf -> leaf.dns("orders.shop.svc"))))
            .isInstanceOf(SSLException.class)
            .hasMessageContaining("no host name")
            .hasMessageContaining("createSSLEngine(host, port)")
            .hasMessageContaining("insteadOfHostName()");
      }
    }

    @Test
    @DisplayName("are compared with the name asked for by SNI, if there is no other")
    void serverNameIndication() throws Exception {
      SSLEngine client = own.createSSLEngine();
      client.setUseClientMode(true);
      SSLParameters parameters = client.getSSLParameters();
      parameters.setServerNames(List.of(new SNIHostName("orders.shop.svc")));
      client.setSSLParameters(parameters);
      call(client, server(leaf -> leaf.dns("orders.shop.svc")));
    }

    @Test
    @DisplayName("are refused for their chain in the JDK's words, and that is no refusal of names")
    void untrusted() {
      TestCa stranger = TestCa.root("stranger");
      KeyPair keys = TestCa.newKeyPair();
      TlsIdentity other =
          TlsIdentity.of(
              keys.getPrivate(), stranger.leaf(keys.getPublic()).dns("other").issueChain());
      assertThatThrownBy(() -> call(client(handle, "orders"), other.sslContext(TRUST)))
          .isInstanceOf(SSLException.class)
          .hasMessageContaining("PKIX path");
      assertThat(refused).isEmpty();
    }

    @Test
    @DisplayName("are compared by raw sockets, by address and by name, resumed sessions included")
    void rawSockets() throws Exception {
      for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
        try (EchoServer localhost = serve(server(leaf -> leaf.dns("localhost")), false);
            EchoServer other = serve(server(leaf -> leaf.dns("orders.shop.svc")), false)) {
          for (int call = 0; call < 2; call++) {
            try (SSLSocket socket = open(handle, "localhost", localhost.port(), protocol)) {
              socket.startHandshake();
              assertThat(EchoServer.ask(socket, "hello")).isEqualTo("hello");
            }
            try (SSLSocket socket = open(handle, "localhost", other.port(), protocol)) {
              assertThatThrownBy(socket::startHandshake).hasMessageContaining("server refused");
            }
            try (SSLSocket socket = open(handle, "127.0.0.1", localhost.port(), protocol)) {
              assertThatThrownBy(socket::startHandshake).hasMessageContaining("server refused");
            }
          }
        }
      }
    }

    @Test
    @DisplayName("are compared by HttpClient, once, whatever it asks for itself")
    void httpClient() throws Exception {
      try (EchoServer other = serve(server(leaf -> leaf.dns("orders.shop.svc")), false)) {
        HttpClient client = HttpClient.newBuilder().sslContext(handle).build();
        HttpRequest request =
            HttpRequest.newBuilder(URI.create("https://localhost:" + other.port() + "/"))
                .timeout(Duration.ofSeconds(20))
                .build();
        assertThatThrownBy(() -> client.send(request, BodyHandlers.discarding()))
            .isInstanceOf(IOException.class)
            .hasStackTraceContaining("No subject alternative DNS name matching localhost found");
      }
    }

    @Test
    @DisplayName("are compared by Netty's JdkSslContext")
    void netty() throws Exception {
      JdkSslContext netty = netty(handle);
      call(engine(netty, "orders.shop.svc"), server(leaf -> leaf.dns("orders.shop.svc")));
      assertThatThrownBy(
              () -> call(engine(netty, "billing.svc"), server(leaf -> leaf.dns("orders.shop.svc"))))
          .isInstanceOf(SSLException.class)
          .hasMessageContaining("server refused");
      SSLEngine hostless = netty.newEngine(UnpooledByteBufAllocator.DEFAULT);
      assertThatThrownBy(() -> call(hostless, server(leaf -> leaf.dns("orders.shop.svc"))))
          .isInstanceOf(SSLException.class)
          .hasMessageContaining("insteadOfHostName()");
    }

    private JdkSslContext netty(SSLContext context) {
      return new JdkSslContext(
          context,
          true,
          null,
          IdentityCipherSuiteFilter.INSTANCE,
          null,
          ClientAuth.NONE,
          null,
          false);
    }

    private SSLEngine engine(JdkSslContext netty, String host) {
      return netty.newEngine(UnpooledByteBufAllocator.DEFAULT, host, 8443);
    }

    @Test
    @DisplayName("are compared with the peers instead of the host, if these say so")
    void insteadOfHostName() throws Exception {
      Peers peers = Peers.spiffeIds("spiffe://cluster.local/ns/shop/sa/*").insteadOfHostName();
      for (SSLContext context : List.of(TRUST.sslContext(peers), rotation(peers).sslContext())) {
        for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
          for (SSLEngine client :
              List.of(
                  client(context, "any.name"), context.createSSLEngine(), identifying(context))) {
            shake(client, server(leaf -> leaf.uri(BILLING)), protocol);
          }
          for (String name :
              List.of("spiffe://other.domain/ns/shop/sa/billing", "spiffe://cluster.local/ns/x")) {
            assertThatThrownBy(
                    () ->
                        shake(
                            client(context, "any.name"),
                            server(leaf -> leaf.uri(name).dns("any.name")),
                            protocol))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("its SPIFFE ID matches none of");
          }
        }
      }
    }

    /** As HttpClient makes them. */
    private SSLEngine identifying(SSLContext context) {
      SSLEngine engine = client(context, "any.name");
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      engine.setSSLParameters(parameters);
      return engine;
    }
  }

  private static EchoServer serve(SSLContext context, boolean clientAuthentication)
      throws IOException {
    SSLServerSocket listener =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
    listener.setNeedClientAuth(clientAuthentication);
    return new EchoServer(listener);
  }

  private static SSLSocket open(SSLContext context, String host, int port, String protocol)
      throws IOException {
    Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true);
    socket.setSoTimeout(20_000);
    socket.setEnabledProtocols(new String[] {protocol});
    return socket;
  }

  @Nested
  @DisplayName("clients that connect")
  class Clients {

    private final TlsIdentity billing = identity(leaf -> leaf.dns("billing.shop.svc").uri(BILLING));
    private final TlsIdentity cart = identity(leaf -> leaf.dns("cart.shop.svc"));

    private final Peers onlyBilling =
        Peers.matching(names -> names.dnsNames().contains("billing.shop.svc"));

    private void connect(TlsIdentity client, SSLContext server, String protocol)
        throws SSLException {
      EngineHandshake.between(client.sslContext(TRUST), server)
          .protocol(protocol)
          .needClientAuth()
          .complete();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @DisplayName("must match the peers, by engine")
    void engines(String protocol) throws Exception {
      for (Peers peers :
          List.of(onlyBilling, Peers.spiffeIds("spiffe://cluster.local/ns/shop/sa/billing"))) {
        for (SSLContext server :
            List.of(
                rotation(peers).sslContext(), TestIdentity.issuedBy(CA).sslContext(TRUST, peers))) {
          connect(billing, server, protocol);
          assertThatThrownBy(() -> connect(cart, server, protocol))
              .isInstanceOf(SSLException.class)
              .hasMessageContaining("client refused (DNS cart.shop.svc): ");
        }
      }
      assertThat(refused).hasSize(2).allMatch(line -> line.startsWith("DNS cart.shop.svc: "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @DisplayName("are refused with the name of the option, if no peers are named")
    void unnamed(String protocol) throws Exception {
      SSLContext server = rotation(Peers.none()).sslContext();
      assertThatThrownBy(() -> connect(billing, server, protocol))
          .isInstanceOf(SSLException.class)
          .hasMessageContaining("peers(Peers.services(...))");
      EngineHandshake.between(billing.sslContext(TRUST), server).protocol(protocol).complete();
      connect(billing, rotation(Peers.anyTrusted()).sslContext(), protocol);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @DisplayName("are let in or refused over sockets, and so when they come back; one resumes")
    void sockets(String protocol) throws Exception {
      try (EchoServer server = serve(rotation(onlyBilling).sslContext(), true)) {
        SSLContext accepted = billing.sslContext(TRUST);
        SSLContext stranger = cart.sslContext(TRUST);
        List<Long> created = new ArrayList<>();
        for (int call = 0; call < 2; call++) {
          try (SSLSocket socket = open(accepted, "localhost", server.port(), protocol)) {
            assertThat(EchoServer.ask(socket, "hello")).isEqualTo("hello");
            created.add(socket.getSession().getCreationTime());
          }
          assertThat(server.outcome()).isInstanceOf(SSLSocket.class);
          try (SSLSocket socket = open(stranger, "localhost", server.port(), protocol)) {
            assertThatThrownBy(() -> EchoServer.ask(socket, "hello"))
                .isInstanceOf(IOException.class);
          }
          assertThat(server.outcome()).isInstanceOf(SSLException.class);
        }
        assertThat(created.get(1)).as("resumed").isEqualTo(created.get(0));
      }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @DisplayName("get a fatal alert if they are refused")
    void alert(String protocol) throws Exception {
      EngineHandshake handshake =
          EngineHandshake.between(cart.sslContext(TRUST), rotation(onlyBilling).sslContext())
              .protocol(protocol)
              .needClientAuth();
      assertThatThrownBy(handshake::complete).hasMessageContaining("client refused");
      ByteBuffer alert = ByteBuffer.allocate(1 << 15);
      handshake.server().wrap(ByteBuffer.allocate(0), alert);
      alert.flip();
      assertThatThrownBy(() -> handshake.client().unwrap(alert, ByteBuffer.allocate(1 << 15)))
          .isInstanceOf(SSLException.class)
          .hasMessageContaining("certificate_unknown");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @DisplayName("choose their certificate without the names of CAs, which no server sends")
    void noIssuersAreNamed(String protocol) throws Exception {
      SSLContext server = rotation(Peers.anyTrusted()).sslContext();
      EngineHandshake handshake =
          EngineHandshake.between(billing.sslContext(TRUST), server)
              .protocol(protocol)
              .needClientAuth()
              .complete();
      assertThat(handshake.server().getSession().getPeerCertificates()[0])
          .isEqualTo(billing.leaf());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @DisplayName("of openssl's make are let in or refused with an alert, and send a certificate")
    void openssl(String protocol, @TempDir Path directory) throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      openSsl.write("ca.crt", TRUST.toPem());
      for (TlsIdentity client : List.of(billing, cart)) {
        openSsl.write("tls.crt", client.chainPem());
        openSsl.write("tls.key", client.exportPrivateKeyUnencrypted());
        try (EchoServer server = serve(rotation(onlyBilling).sslContext(), true)) {
          String output =
              openSsl
                  .tryTo(
                      "s_client",
                      protocol,
                      "-connect",
                      "127.0.0.1:" + server.port(),
                      "-CAfile",
                      "ca.crt",
                      "-verify_return_error",
                      "-verify_hostname",
                      "localhost",
                      "-cert",
                      "tls.crt",
                      "-key",
                      "tls.key")
                  .output();
          assertThat(output).contains("No client certificate CA names sent");
          if (client == billing) {
            Object outcome = server.outcome();
            assertThat(outcome).isInstanceOf(SSLSocket.class);
            assertThat(((SSLSocket) outcome).getSession().getPeerCertificates()[0])
                .isEqualTo(billing.leaf());
          } else {
            assertThat(server.outcome())
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.THROWABLE)
                .hasMessageContaining("client refused (DNS cart.shop.svc)");
          }
        }
      }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2, false", "TLSv1.3, false", "TLSv1.2, true", "TLSv1.3, true"})
    @DisplayName("do not resume a session of a generation before, whatever its trust")
    void resumptionEndsWithTheGeneration(String protocol, boolean otherTrust) throws Exception {
      List<String> asked = new CopyOnWriteArrayList<>();
      Rotation rotation =
          rotation(
              Peers.matching(
                  names -> {
                    asked.add(names.toString());
                    return asked.size() < 2;
                  }));
      SSLContext client = billing.sslContext(TRUST);
      for (int call = 0; call < 2; call++) {
        EngineHandshake.between(client, rotation.sslContext())
            .protocol(protocol)
            .needClientAuth()
            .complete();
      }
      assertThat(asked).as("the second call resumes").hasSize(1);

      rotation.activate(
          Optional.of(TestIdentity.issuedBy(CA)),
          otherTrust
              ? TrustBundle.of(List.of(CA.certificate(), TestCa.root("next").certificate()))
              : TRUST);

      assertThatThrownBy(
              () ->
                  EngineHandshake.between(client, rotation.sslContext())
                      .protocol(protocol)
                      .needClientAuth()
                      .complete())
          .isInstanceOf(SSLException.class);
      assertThat(asked).hasSize(2);
    }

    @Test
    @DisplayName("that are refused are reported once per minute each, and at most 20 per minute")
    void reportsAreFew() {
      SSLContext server = rotation(onlyBilling).sslContext();
      for (int again = 0; again < 3; again++) {
        assertThatThrownBy(() -> connect(cart, server, "TLSv1.3")).isInstanceOf(SSLException.class);
      }
      assertThat(refused)
          .containsExactly(
              "DNS cart.shop.svc: the predicate of Peers.matching does not accept its names");
      for (int i = 0; i < 30; i++) {
        TlsIdentity other = identityNamed("other" + i);
        assertThatThrownBy(() -> connect(other, server, "TLSv1.3"))
            .isInstanceOf(SSLException.class);
      }
      assertThat(refused).hasSize(20);

      clock.advance(Duration.ofMinutes(1));
      assertThatThrownBy(() -> connect(cart, server, "TLSv1.3")).isInstanceOf(SSLException.class);
      assertThat(refused).hasSize(21);
    }

    private TlsIdentity identityNamed(String name) {
      return identity(leaf -> leaf.dns(name));
    }
  }

  @Test
  @DisplayName("a server of openssl's make is compared by host name")
  void opensslServer(@TempDir Path directory) throws Exception {
    OpenSsl openSsl = OpenSsl.in(directory);
    TlsIdentity orders = identity(leaf -> leaf.dns("orders.shop.svc"));
    openSsl.write("tls.crt", Pem.encode(orders.chain()));
    openSsl.write("tls.key", orders.exportPrivateKeyUnencrypted());
    Process server =
        new ProcessBuilder(
                "openssl",
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-cert",
                "tls.crt",
                "-key",
                "tls.key")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    try {
      int port = acceptingPort(server);
      SSLContext context = rotation(Peers.none()).sslContext();
      for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
        try (SSLSocket socket = open(context, "orders.shop.svc", port, protocol)) {
          socket.startHandshake();
          assertThat(socket.getSession().getPeerCertificates()[0]).isEqualTo(orders.leaf());
        }
        try (SSLSocket socket = open(context, "billing.shop.svc", port, protocol)) {
          assertThatThrownBy(socket::startHandshake)
              .isInstanceOf(SSLException.class)
              .hasMessageContaining("called as billing.shop.svc");
        }
      }
    } finally {
      server.destroyForcibly();
    }
  }

  private static int acceptingPort(Process server) throws IOException {
    java.io.BufferedReader output = server.inputReader();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith("ACCEPT ")) {
        return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1).strip());
      }
    }
    throw new IOException("openssl does not listen");
  }

  @Test
  @DisplayName("a context of no handle names no CAs either")
  void acceptedIssuers() {
    assertThat(TRUST.trustManager().getAcceptedIssuers()).isEmpty();
    assertThat(rotation(Peers.none()).current().trustManager().getAcceptedIssuers()).isEmpty();
  }
}
