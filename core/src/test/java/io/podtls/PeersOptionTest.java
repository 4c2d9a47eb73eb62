package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.identity.TlsIdentity;
import io.podtls.peer.Peers;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.LoopbackTls;
import io.podtls.testing.RecordingListener.PeerRefused;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.security.KeyPair;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A handle's peers")
@Timeout(60)
class PeersOptionTest {

  private static final Peers BILLING =
      Peers.matching(names -> names.dnsNames().contains("billing.shop.svc"));

  private static VirtualHandle handle(UnaryOperator<PodTls.Requesting> options) {
    return VirtualHandle.with(FakeCertificateSigner.answering(Answer.ISSUE), options);
  }

  /** Calls the handle's server as a client with a certificate for this name. */
  private static void call(VirtualHandle server, SSLContext serverContext, String name)
      throws Exception {
    TestCa ca = server.signer.ca();
    KeyPair keys = TestCa.newKeyPair();
    TlsIdentity client =
        TlsIdentity.of(keys.getPrivate(), ca.leaf(keys.getPublic()).dns(name).issueChain());
    LoopbackTls.handshake(
        client.sslContext(TrustBundle.of(List.of(ca.certificate()))),
        serverContext,
        "TLSv1.3",
        true);
    server.time.settle();
  }

  @Test
  @DisplayName("let in the clients that they name; the listener receives the names of others")
  void named() throws Exception {
    try (VirtualHandle server = handle(options -> options.peers(BILLING))) {
      call(server, server.tls.sslContext(), "billing.shop.svc");
      call(server, server.tls.generation().sslContext(), "billing.shop.svc");
      assertThat(server.listener.all(PeerRefused.class)).isEmpty();

      assertThatThrownBy(() -> call(server, server.tls.sslContext(), "cart.shop.svc"))
          .isInstanceOf(Exception.class);
      server.time.settle();

      assertThat(server.listener.all(PeerRefused.class))
          .singleElement()
          .satisfies(
              refused -> {
                assertThat(refused.names().dnsNames()).containsExactly("cart.shop.svc");
                assertThat(refused.reason())
                    .isEqualTo("the predicate of Peers.matching does not accept its names");
              });
    }
  }

  @Test
  @DisplayName("let no client in by default: its certificate is refused, with the option's name")
  void none() {
    try (VirtualHandle server = handle(options -> options)) {
      assertThatThrownBy(() -> call(server, server.tls.sslContext(), "billing.shop.svc"))
          .isInstanceOf(Exception.class);
      server.time.settle();

      assertThat(server.listener.last(PeerRefused.class).reason())
          .contains("peers(Peers.services(...))");
    }
  }

  @Test
  @DisplayName("can be any that the trust bundle vouches for")
  void anyTrusted() throws Exception {
    try (VirtualHandle server = handle(options -> options.peers(Peers.anyTrusted()))) {
      call(server, server.tls.sslContext(), "cart.shop.svc");
    }
  }
}
