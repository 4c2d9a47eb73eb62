package io.podtls.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.podtls.PodTls;
import io.podtls.peer.Peers;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.KeyUsage;
import io.podtls.testing.TestAuthority;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PodTlsNettyTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final TestAuthority authority = TestAuthority.create();

  @AfterEach
  void close() {
    authority.close();
  }

  private PodTls.Requesting requesting(CertificateRequest request) {
    return PodTls.requesting(request, authority.signer())
        .trusting(authority.trust())
        .scheduler(authority.time())
        .clock(authority.time());
  }

  private PodTls handle(String service, Peers peers) throws InterruptedException {
    return requesting(authority.request(service)).peers(peers).bootstrap(TIMEOUT);
  }

  private PodTls handle(KeyAlgorithm key) throws InterruptedException {
    CertificateRequest request =
        CertificateRequest.builder(authority.request("orders").signerName())
            .dnsNames("localhost")
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH, KeyUsage.CLIENT_AUTH)
            .keyAlgorithm(key)
            .build();
    return requesting(request).bootstrap(TIMEOUT);
  }

  private static SslHandler client(SslContext context) {
    return client(context, "localhost");
  }

  private static SslHandler client(SslContext context, String host) {
    return context.newHandler(UnpooledByteBufAllocator.DEFAULT, host, 443);
  }

  private static SslHandler server(SslContext context) {
    return context.newHandler(UnpooledByteBufAllocator.DEFAULT);
  }

  private static X509Certificate leaf(PodTls tls) {
    return tls.generation().identity().orElseThrow().leaf();
  }

  private static X509Certificate shown(SslHandler client) throws Exception {
    return (X509Certificate) client.engine().getSession().getPeerCertificates()[0];
  }

  @ParameterizedTest
  @EnumSource(names = {"JDK", "OPENSSL"})
  @DisplayName("client and server agree on the protocol that the client prefers and the server has")
  void applicationProtocols(SslProvider provider) throws Exception {
    BoringSsl.neededBy(provider);
    try (PodTls tls = handle("orders", Peers.services("default/orders"))) {
      SslContext server =
          PodTlsNetty.server(tls, ClientAuth.REQUIRE)
              .provider(provider)
              .applicationProtocols("h2", "http/1.1")
              .build();
      SslContext client =
          PodTlsNetty.client(tls).provider(provider).applicationProtocols("h2").build();

      Handshake handshake = new Handshake(client(client), server(server)).finish();

      assertThat(handshake.succeeded()).isTrue();
      assertThat(handshake.client.applicationProtocol()).isEqualTo("h2");
      assertThat(handshake.server.applicationProtocol()).isEqualTo("h2");
      assertThat(server.isServer()).isTrue();
      assertThat(client.isClient()).isTrue();
      assertThat(server.applicationProtocolNegotiator().protocols())
          .containsExactly("h2", "http/1.1");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JDK", "OPENSSL"})
  @DisplayName("a client that is not among the peers is refused, with its names")
  void clientThatIsNoPeer(SslProvider provider) throws Exception {
    BoringSsl.neededBy(provider);
    try (PodTls orders = handle("orders", Peers.services("default/billing"));
        PodTls billing = handle("billing", Peers.none());
        PodTls cart = handle("cart", Peers.none())) {
      SslContext server = PodTlsNetty.server(orders, ClientAuth.REQUIRE).provider(provider).build();

      Handshake ofPeer =
          new Handshake(
                  client(PodTlsNetty.client(billing).provider(provider).build()), server(server))
              .finish();
      Handshake ofOther =
          new Handshake(client(PodTlsNetty.client(cart).provider(provider).build()), server(server))
              .finish();

      assertThat(ofPeer.succeeded()).isTrue();
      assertThat(Handshake.failure(ofOther.server))
          .hasMessageContaining("client refused")
          .hasMessageContaining("cart.default.svc");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JDK", "OPENSSL"})
  @DisplayName("a server that shows another host's certificate is refused, unless peers name it")
  void serverOfAnotherHost(SslProvider provider) throws Exception {
    BoringSsl.neededBy(provider);
    try (PodTls orders = handle("orders", Peers.none());
        PodTls byHost = handle("billing", Peers.none());
        PodTls byPeers = handle("billing", Peers.services("default/orders").insteadOfHostName())) {
      SslContext server = PodTlsNetty.server(orders).provider(provider).build();

      Handshake checked =
          new Handshake(
                  client(PodTlsNetty.client(byHost).provider(provider).build(), "elsewhere.test"),
                  server(server))
              .finish();
      Handshake named =
          new Handshake(
                  client(PodTlsNetty.client(byPeers).provider(provider).build(), "elsewhere.test"),
                  server(server))
              .finish();

      assertThat(Handshake.failure(checked.client)).hasMessageContaining("elsewhere.test");
      assertThat(checked.client.engine().getSSLParameters().getEndpointIdentificationAlgorithm())
          .isEqualTo("HTTPS");
      assertThat(named.succeeded()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JDK", "OPENSSL"})
  @DisplayName("a handshake that began before a rotation finishes with what it began with")
  void handshakeInFlight(SslProvider provider) throws Exception {
    BoringSsl.neededBy(provider);
    try (PodTls tls = handle("orders", Peers.services("default/orders"))) {
      SslContext server = PodTlsNetty.server(tls, ClientAuth.REQUIRE).provider(provider).build();
      SslContext client = PodTlsNetty.client(tls).provider(provider).build();
      X509Certificate former = leaf(tls);
      Handshake inFlight = new Handshake(client(client), server(server));

      authority.rotate();
      Handshake next = new Handshake(client(client), server(server)).finish();
      collectGarbage();
      inFlight.finish();

      assertThat(inFlight.succeeded()).isTrue();
      assertThat(shown(inFlight.client)).isEqualTo(former);
      assertThat(tls.generationOf(inFlight.server.engine().getSession())).hasValue(1);
      assertThat(next.succeeded()).isTrue();
      assertThat(shown(next.client)).isEqualTo(leaf(tls)).isNotEqualTo(former);
      assertThat(tls.generationOf(next.server.engine().getSession())).hasValue(2);
    }
  }

  @Test
  @DisplayName("BoringSSL's context of a former generation is freed when its last engine is gone")
  @Timeout(60)
  void formerContextIsFreed() throws Exception {
    BoringSsl.neededBy(SslProvider.OPENSSL);
    try (PodTls tls = handle("orders", Peers.none())) {
      SslContext server = PodTlsNetty.server(tls).provider(SslProvider.OPENSSL).build();
      ReferenceQueue<SslContext> finalized = new ReferenceQueue<>();
      PhantomReference<SslContext> former =
          new PhantomReference<>(((PerGenerationSslContext) server).current(), finalized);
      SslHandler engineOfFormer = server(server);

      authority.rotate();
      server(server);
      collectGarbage();
      assertThat(finalized.poll()).isNull();
      assertThat(engineOfFormer.engine().isOutboundDone()).isFalse();

      engineOfFormer = null;
      while (finalized.remove(100) != former) {
        collectGarbage();
      }
    }
  }

  private static void collectGarbage() {
    System.gc();
    System.runFinalization();
  }

  @ParameterizedTest
  @EnumSource(names = {"ECDSA_P256", "ECDSA_P384", "RSA_2048"})
  @DisplayName("BoringSSL shows P-256, P-384 and RSA keys")
  void keysOfBoringSsl(KeyAlgorithm key) throws Exception {
    BoringSsl.neededBy(SslProvider.OPENSSL);
    try (PodTls tls = handle(key)) {
      SslContext server = PodTlsNetty.server(tls).provider(SslProvider.OPENSSL).build();
      SslContext client = PodTlsNetty.client(tls).provider(SslProvider.OPENSSL).build();

      assertThat(new Handshake(client(client), server(server)).finish().succeeded()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ECDSA_P521", "ED25519"})
  @DisplayName("keys that BoringSSL cannot show are refused with a sentence; the JDK shows them")
  void keysOfTheJdkOnly(KeyAlgorithm key) throws Exception {
    BoringSsl.neededBy(SslProvider.OPENSSL);
    try (PodTls tls = handle(key)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> PodTlsNetty.server(tls).provider(SslProvider.OPENSSL).build())
          .withMessageContaining("it is not P-256, P-384 or RSA; use SslProvider.JDK");
      assertThatIllegalStateException()
          .isThrownBy(() -> PodTlsNetty.client(tls).provider(SslProvider.OPENSSL).build())
          .withMessageContaining("it is not P-256, P-384 or RSA; use SslProvider.JDK");

      SslContext server = PodTlsNetty.server(tls).build();
      SslContext client = PodTlsNetty.client(tls).build();
      assertThat(new Handshake(client(client), server(server)).finish().succeeded()).isTrue();
    }
  }

  @Test
  @DisplayName("a key that its provider does not give out is none for BoringSSL")
  void keyInsideItsProvider() throws Exception {
    try (PodTls tls = handle("orders", Peers.none())) {
      assertThat(OpenSslContexts.reasonAgainst(leaf(tls).getPublicKey(), new HeldKey()))
          .isEqualTo("its provider does not give it out");
    }
  }

  /** As of a PKCS#11 token. */
  private static final class HeldKey implements PrivateKey {
    private static final long serialVersionUID = 1;

    @Override
    public String getAlgorithm() {
      return "EC";
    }

    @Override
    public String getFormat() {
      return null;
    }

    @Override
    public byte[] getEncoded() {
      return null;
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JDK", "OPENSSL"})
  @DisplayName("before the handle is ready and after its end, making a handler says why it fails")
  void notReadyAndClosed(SslProvider provider) throws Exception {
    BoringSsl.neededBy(provider);
    authority.unavailableFor(Duration.ofSeconds(30));
    PodTls tls = requesting(authority.request("orders")).start();
    SslContext server = PodTlsNetty.server(tls).provider(provider).build();
    assertThatIllegalStateException()
        .isThrownBy(() -> server(server))
        .withMessageContaining("not ready");

    authority.advance(Duration.ofMinutes(2));
    tls.whenReady().get();
    server(server);

    tls.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> server(server))
        .withMessageContaining("closed");
  }

  @Test
  @DisplayName("contexts whose user counts references are refused: nothing could release them")
  void countedReferences() throws Exception {
    try (PodTls tls = handle("orders", Peers.none())) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> PodTlsNetty.server(tls).provider(SslProvider.OPENSSL_REFCNT))
          .withMessageContaining("use OPENSSL");
    }
  }
}
