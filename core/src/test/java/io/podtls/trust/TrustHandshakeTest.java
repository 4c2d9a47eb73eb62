package io.podtls.trust;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.peer.Peers;
import io.podtls.testing.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TrustHandshakeTest {

  private static final KeyPair KEYS = TestCa.newKeyPair();
  private static final TestCa CA = TestCa.rootWithoutKeyIdentifiers("kubernetes");
  private static final TestCa STRANGER = TestCa.rootWithoutKeyIdentifiers("kubernetes");
  private static final TrustBundle PLAIN = TrustBundle.of(List.of(CA.certificate()));
  private static final TrustBundle NAMESAKES = namesakes();

  /** Many of one subject, which nothing but their keys tells apart. */
  private static TrustBundle namesakes() {
    List<X509Certificate> certificates = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      certificates.add(TestCa.rootWithoutKeyIdentifiers("kubernetes").certificate());
    }
    certificates.add(CA.certificate());
    return TrustBundle.of(certificates);
  }

  static Stream<TrustBundle> bundles() {
    return Stream.of(PLAIN, NAMESAKES);
  }

  @ParameterizedTest
  @CsvSource({
    "PLAIN,   orders.shop.svc",
    "PLAIN,   a.wild.shop.svc",
    "PLAIN,   10.0.34.2",
    "PLAIN,   fd00::34:2",
    "PLAIN,   fd00:0:0:0:0:0:34:2",
    "NAMESAKES, orders.shop.svc",
    "NAMESAKES, 10.0.34.2",
    "NAMESAKES, fd00::34:2"
  })
  @DisplayName("a server is accepted under each of its names: DNS, wildcard, IPv4, IPv6")
  void acceptsOwnNames(String bundle, String host) throws Exception {
    handshake(client(named(bundle), host, "HTTPS"), server(serverCertificate(CA)));
  }

  @ParameterizedTest
  @CsvSource({
    "PLAIN,   billing.shop.svc, No subject alternative DNS name matching billing.shop.svc found",
    "PLAIN,   a.b.wild.shop.svc, No subject alternative DNS name matching a.b.wild.shop.svc found",
    "PLAIN,   10.0.34.3, No subject alternative names matching IP address 10.0.34.3 found",
    "PLAIN,   fd00::34:3, No subject alternative names matching IP address fd00::34:3 found",
    "NAMESAKES, billing.shop.svc, No subject alternative DNS name matching billing.shop.svc found",
    "NAMESAKES, 10.0.34.3, No subject alternative names matching IP address 10.0.34.3 found",
    "NAMESAKES, fd00::34:3, No subject alternative names matching IP address fd00::34:3 found"
  })
  @DisplayName("a server is refused under any other name, in the JDK's own words")
  void refusesOtherNames(String bundle, String host, String reason) throws Exception {
    SSLEngine client = client(named(bundle), host, "HTTPS");
    SSLEngine server = server(serverCertificate(CA));
    assertThatThrownBy(() -> handshake(client, server))
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @MethodSource("bundles")
  @DisplayName("an engine that asks for no endpoint identification looks at path and name as well")
  void withoutIdentification(TrustBundle bundle) throws Exception {
    handshake(client(bundle, "orders.shop.svc", null), server(serverCertificate(CA)));
    SSLEngine other = client(bundle, "any.name", null);
    SSLEngine named = server(serverCertificate(CA));
    assertThatThrownBy(() -> handshake(other, named))
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining("No subject alternative DNS name matching any.name found");
    SSLEngine client = client(bundle, "orders.shop.svc", null);
    SSLEngine server = server(serverCertificate(STRANGER));
    assertThatThrownBy(() -> handshake(client, server))
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining("PKIX path");
  }

  @ParameterizedTest
  @MethodSource("bundles")
  @DisplayName("a server that asks for a client certificate accepts the bundle's and no other")
  void clientCertificates(TrustBundle bundle) throws Exception {
    SSLEngine[] accepted = mutual(bundle, CA);
    handshake(accepted[0], accepted[1]);
    assertThat(accepted[1].getSession().getPeerPrincipal().getName()).isEqualTo("CN=caller");

    SSLEngine[] refused = mutual(bundle, STRANGER);
    assertThatThrownBy(() -> handshake(refused[0], refused[1]))
        .isInstanceOf(SSLHandshakeException.class);
  }

  @ParameterizedTest
  @MethodSource("bundles")
  @DisplayName("an HTTPS connection over sockets reaches a server by its address, and no other")
  void httpsConnection(TrustBundle bundle) throws Exception {
    assertThat(request(bundle, CA, "127.0.0.1")).isEqualTo(204);
    assertThatThrownBy(() -> request(bundle, CA, "127.0.0.2"))
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining("No subject alternative names matching IP address 127.0.0.1 found");
    assertThatThrownBy(() -> request(bundle, STRANGER, "127.0.0.1"))
        .isInstanceOf(SSLHandshakeException.class)
        .hasMessageContaining("PKIX path");
  }

  /** Asks a server on 127.0.0.1 whose certificate is for the given address. */
  private static int request(TrustBundle bundle, TestCa authority, String address)
      throws Exception {
    X509Certificate leaf = authority.leaf(KEYS.getPublic()).ip(address).issue();
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    try (ServerSocket listening =
        context(keyManagers(leaf), null)
            .getServerSocketFactory()
            .createServerSocket(0, 1, loopback)) {
      Thread server =
          new Thread(
              () -> {
                try (Socket socket = listening.accept()) {
                  socket.getInputStream().read();
                  socket
                      .getOutputStream()
                      .write(
                          "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
                              .getBytes(US_ASCII));
                } catch (IOException e) {
                  // The client refused, and says so itself.
                }
              });
      server.start();
      try {
        HttpsURLConnection connection =
            (HttpsURLConnection)
                URI.create("https://127.0.0.1:" + listening.getLocalPort() + "/")
                    .toURL()
                    .openConnection(Proxy.NO_PROXY);
        connection.setSSLSocketFactory(bundle.sslContext().getSocketFactory());
        return connection.getResponseCode();
      } finally {
        server.join();
      }
    }
  }

  private static TrustBundle named(String bundle) {
    return bundle.equals("PLAIN") ? PLAIN : NAMESAKES;
  }

  private static X509Certificate serverCertificate(TestCa authority) {
    return authority
        .leaf(KEYS.getPublic())
        .dns("orders.shop.svc", "*.wild.shop.svc")
        .ip("10.0.34.2", "fd00::34:2")
        .issue();
  }

  private static SSLEngine client(TrustBundle bundle, String host, String identification) {
    SSLEngine engine = bundle.sslContext().createSSLEngine(host, 8443);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm(identification);
    engine.setSSLParameters(parameters);
    return engine;
  }

  private static SSLEngine server(X509Certificate certificate) throws Exception {
    SSLEngine engine = context(keyManagers(certificate), null).createSSLEngine();
    engine.setUseClientMode(false);
    return engine;
  }

  private static SSLEngine[] mutual(TrustBundle serversTrust, TestCa clientsAuthority)
      throws Exception {
    X509Certificate caller = clientsAuthority.leaf(KEYS.getPublic()).subject("CN=caller").issue();
    SSLEngine client = context(keyManagers(caller), PLAIN).createSSLEngine("orders.shop.svc", 8443);
    client.setUseClientMode(true);
    SSLEngine server = context(keyManagers(serverCertificate(CA)), serversTrust).createSSLEngine();
    server.setUseClientMode(false);
    server.setNeedClientAuth(true);
    return new SSLEngine[] {client, server};
  }

  private static SSLContext context(KeyManager[] keys, TrustBundle trust) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        keys,
        trust == null ? null : new TrustManager[] {trust.trustManager(Peers.anyTrusted())},
        null);
    return context;
  }

  private static KeyManager[] keyManagers(X509Certificate certificate) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("key", KEYS.getPrivate(), new char[0], new X509Certificate[] {certificate});
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  private static void handshake(SSLEngine client, SSLEngine server) throws SSLException {
    ByteBuffer toServer = ByteBuffer.allocate(1 << 16);
    ByteBuffer toClient = ByteBuffer.allocate(1 << 16);
    client.beginHandshake();
    server.beginHandshake();
    for (int step = 0; step < 500; step++) {
      if (isThrough(client) && isThrough(server)) {
        return;
      }
      advance(client, toServer, toClient);
      advance(server, toClient, toServer);
    }
    throw new AssertionError("no end in sight");
  }

  private static boolean isThrough(SSLEngine engine) {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
  }

  private static void advance(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws SSLException {
    switch (engine.getHandshakeStatus()) {
      case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), out);
      case NEED_TASK -> engine.getDelegatedTask().run();
      case NEED_UNWRAP -> {
        in.flip();
        engine.unwrap(in, ByteBuffer.allocate(1 << 16));
        in.compact();
      }
      default -> {}
    }
  }
}
