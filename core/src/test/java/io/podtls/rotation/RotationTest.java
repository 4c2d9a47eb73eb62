package io.podtls.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.identity.TlsIdentity;
import io.podtls.jsse.Contexts;
import io.podtls.peer.Peers;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.lang.ref.WeakReference;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RotationTest {

  private static final TestCa CA = TestCa.root("rotation");
  private static final TrustBundle TRUST = TrustBundle.of(List.of(CA.certificate()));
  private static final SSLContext CLIENT =
      Contexts.of(new KeyManager[0], TRUST.trustManager(Peers.anyTrusted()));

  private final SettableClock clock = new SettableClock(Instant.now());
  private final Rotation rotation = TestIdentity.rotation(clock);

  private Generation rotate() {
    return rotation.activate(Optional.of(TestIdentity.issuedBy(CA)), TRUST);
  }

  private static Certificate shownTo(SSLEngine client) throws Exception {
    return client.getSession().getPeerCertificates()[0];
  }

  @Test
  @DisplayName("generations are numbered 1, 2, 3 and carry what they were made of")
  void numbersGenerations() {
    TlsIdentity identity = TestIdentity.issuedBy(CA);

    Generation first = rotation.activate(Optional.of(identity), TRUST);
    Generation second = rotation.activate(Optional.empty(), TRUST);

    assertThat(first.number()).isEqualTo(1);
    assertThat(first.identity()).contains(identity);
    assertThat(second.number()).isEqualTo(2);
    assertThat(second.identity()).isEmpty();
    assertThat(second.trust()).isSameAs(TRUST);
    assertThat(second.sslContext()).isNotSameAs(first.sslContext());
    assertThat(rotation.current()).isSameAs(second);
  }

  @Test
  @DisplayName("the context and the managers are the same objects over all generations")
  void keepsOneContext() {
    SSLContext context = rotation.sslContext();
    rotate();
    rotate();

    assertThat(rotation.sslContext()).isSameAs(context);
    assertThat(rotation.sslContext().getSocketFactory()).isSameAs(context.getSocketFactory());
    assertThat(rotation.keyManager()).isSameAs(rotation.keyManager());
    assertThat(rotation.trustManager()).isSameAs(rotation.trustManager());
  }

  @Test
  @DisplayName("before the first generation there is none to read, and no handshake starts")
  void hasNothingBeforeTheFirst() {
    assertThatIllegalStateException().isThrownBy(rotation::current);
    assertThatIllegalStateException().isThrownBy(() -> rotation.sslContext().createSSLEngine());
    assertThat(rotation.keyManager().chooseServerAlias("EC", null, null)).isNull();
    assertThat(rotation.trustManager().getAcceptedIssuers()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("the next handshake after a rotation shows the new certificate")
  void nextHandshakeShowsTheNewCertificate(String protocol) throws Exception {
    for (int i = 0; i < 3; i++) {
      Generation generation = rotate();
      EngineHandshake handshake =
          EngineHandshake.between(CLIENT, rotation.sslContext()).protocol(protocol).complete();

      assertThat(shownTo(handshake.client())).isEqualTo(generation.identity().get().leaf());
      assertThat(handshake.carriesData()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("a rotation at every step of a mutual handshake: it ends as it began, on both sides")
  void rotationMidHandshake(String protocol) throws Exception {
    Rotation peer = TestIdentity.rotation(clock);
    Generation server = rotate();
    Generation client = peer.activate(Optional.of(TestIdentity.issuedBy(CA)), TRUST);
    TlsIdentity later = TestIdentity.issuedBy(CA);
    EngineHandshake handshake =
        EngineHandshake.between(peer.sslContext(), rotation.sslContext())
            .protocol(protocol)
            .needClientAuth()
            .betweenSteps(
                () -> {
                  rotation.activate(Optional.of(later), TRUST);
                  peer.activate(Optional.of(later), TRUST);
                })
            .complete();

    assertThat(rotation.current().number()).isGreaterThan(10);
    assertThat(shownTo(handshake.client())).isEqualTo(server.identity().get().leaf());
    assertThat(shownTo(handshake.server())).isEqualTo(client.identity().get().leaf());
    assertThat(rotation.generationOf(handshake.server().getSession())).hasValue(1);
    assertThat(peer.generationOf(handshake.client().getSession())).hasValue(1);
    assertThat(handshake.carriesData()).isTrue();
  }

  @Test
  @DisplayName("a generation that cannot be made leaves the current one in place, without a gap")
  void failureKeepsTheCurrent() throws Exception {
    Generation first = rotate();
    TlsIdentity stranger = TestIdentity.issuedBy(TestCa.root("stranger"));

    assertThatThrownBy(() -> rotation.activate(Optional.of(stranger), TRUST))
        .isInstanceOf(InvalidCertificateException.class);

    assertThat(rotation.current()).isSameAs(first);
    assertThat(shownTo(EngineHandshake.between(CLIENT, rotation.sslContext()).complete().client()))
        .isEqualTo(first.identity().get().leaf());
    assertThat(rotate().number()).isEqualTo(2);
  }

  @Test
  @DisplayName("trust can change under an identity that is in place, whatever became of its chain")
  void trustChangesAlone() {
    Generation first = rotate();
    TrustBundle other = TrustBundle.of(List.of(TestCa.root("other").certificate()));
    clock.advance(Duration.ofDays(365));

    Generation second = rotation.activate(first.identity(), other);

    assertThat(rotation.current()).isSameAs(second);
    assertThat(second.trust()).isSameAs(other);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("connections know their generation: servers', clients', resumed ones'")
  void tellsTheGeneration(String protocol) throws Exception {
    TlsIdentity identity = TestIdentity.issuedBy(CA);
    for (long number = 1; number <= 3; number++) {
      // The same identity each time: the certificate alone does not show the generation.
      rotation.activate(Optional.of(identity), TRUST);
      for (int again = 0; again < 2; again++) {
        EngineHandshake asServer =
            EngineHandshake.between(CLIENT, rotation.sslContext()).protocol(protocol).complete();
        EngineHandshake asClient =
            EngineHandshake.between(rotation.sslContext(), rotation.current().sslContext())
                .protocol(protocol)
                .complete();

        assertThat(rotation.generationOf(asServer.server().getSession())).hasValue(number);
        assertThat(rotation.generationOf(asClient.client().getSession())).hasValue(number);
      }
    }
  }

  @Test
  @DisplayName(
      "a client without a certificate knows its generation too, long after it was superseded")
  void tellsTheGenerationOfOldConnections() throws Exception {
    Rotation peer = TestIdentity.rotation(clock);
    rotate();
    peer.activate(Optional.empty(), TRUST);
    EngineHandshake old =
        EngineHandshake.between(peer.sslContext(), rotation.sslContext()).complete();
    for (int i = 0; i < 3; i++) {
      rotate();
      peer.activate(Optional.empty(), TRUST);
      clock.advance(Rotation.RETENTION.multipliedBy(2));
    }

    assertThat(peer.generationOf(old.client().getSession())).hasValue(1);
    assertThat(rotation.generationOf(old.server().getSession())).hasValue(1);
  }

  @Test
  @DisplayName("a session of another context has no generation")
  void knowsNoStrangers() throws Exception {
    rotate();
    Rotation other = TestIdentity.rotation(clock);
    other.activate(Optional.of(TestIdentity.issuedBy(CA)), TRUST);
    SSLSession session =
        EngineHandshake.between(CLIENT, other.sslContext()).complete().server().getSession();

    assertThat(rotation.generationOf(session)).isEmpty();
    assertThat(rotation.generationOf(CLIENT.createSSLEngine().getSession())).isEmpty();
  }

  @Test
  @DisplayName("after close no handshake starts, and connections that exist go on")
  void closeRefuses() throws Exception {
    rotate();
    EngineHandshake standing = EngineHandshake.between(CLIENT, rotation.sslContext()).complete();

    rotation.close();
    rotation.close();

    assertThat(standing.carriesData()).isTrue();
    SSLContext context = rotation.sslContext();
    assertThatIllegalStateException().isThrownBy(context::createSSLEngine);
    assertThatIllegalStateException().isThrownBy(() -> context.createSSLEngine("localhost", 1));
    assertThatIllegalStateException().isThrownBy(() -> context.getSocketFactory().createSocket());
    assertThatIllegalStateException()
        .isThrownBy(() -> context.getServerSocketFactory().createServerSocket());
    assertThatIllegalStateException().isThrownBy(this::rotate);
    assertThat(rotation.keyManager().chooseServerAlias("EC", null, null)).isNull();
    assertThat(rotation.keyManager().chooseClientAlias(new String[] {"EC"}, null, null)).isNull();
    X509Certificate[] chain = {rotation.current().identity().get().leaf()};
    assertThatThrownBy(() -> rotation.trustManager().checkServerTrusted(chain, "UNKNOWN"))
        .isInstanceOf(CertificateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  @DisplayName("session timeout and cache size hold for later generations, on each side its own")
  void carriesSessionSettings() {
    SSLSessionContext server = rotation.sslContext().getServerSessionContext();
    SSLSessionContext client = rotation.sslContext().getClientSessionContext();
    server.setSessionTimeout(111);
    rotate();
    client.setSessionTimeout(222);
    client.setSessionCacheSize(333);
    SSLContext first = rotation.current().sslContext();
    SSLContext second = rotate().sslContext();

    for (SSLContext made : List.of(first, second, rotation.sslContext())) {
      assertThat(made.getServerSessionContext().getSessionTimeout()).isEqualTo(111);
      assertThat(made.getClientSessionContext().getSessionTimeout()).isEqualTo(222);
      assertThat(made.getClientSessionContext().getSessionCacheSize()).isEqualTo(333);
    }
  }

  @Test
  @DisplayName("the session contexts show the current generation's sessions only")
  void showsCurrentSessions() throws Exception {
    rotate();
    SSLSessionContext sessions = rotation.sslContext().getClientSessionContext();
    EngineHandshake.between(rotation.sslContext(), rotation.sslContext())
        .protocol("TLSv1.2")
        .complete();
    byte[] id = sessions.getIds().nextElement();
    assertThat(sessions.getSession(id)).isNotNull();

    rotate();

    assertThat(sessions.getIds().hasMoreElements()).isFalse();
    assertThat(sessions.getSession(id)).isNull();
  }

  @Test
  @DisplayName("a superseded generation is let go of at once where only the context was used")
  void letsGoOfTheSuperseded() throws Exception {
    WeakReference<Generation> first = new WeakReference<>(rotate());
    EngineHandshake.between(CLIENT, rotation.sslContext()).complete();
    WeakReference<SSLContext> context = new WeakReference<>(rotation.current().sslContext());
    assertThat(rotation.sslContext().getServerSocketFactory().createServerSocket()).isNotNull();

    rotate();

    collectUntil(() -> first.get() == null && context.get() == null);
  }

  @Test
  @DisplayName("a superseded generation whose alias is out is let go of after the retention time")
  void letsGoOfTheLentAfterAWhile() {
    WeakReference<Generation> first = new WeakReference<>(rotate());
    String alias = rotation.keyManager().chooseServerAlias("EC", null, null);
    rotate();
    clock.advance(Rotation.RETENTION.minusNanos(1));
    System.gc();
    assertThat(rotation.keyManager().getPrivateKey(alias)).isNotNull();

    clock.advance(Duration.ofNanos(1));

    assertThat(rotation.keyManager().getPrivateKey(alias)).isNull();
    assertThat(rotation.keyManager().getCertificateChain(alias)).isNull();
    collectUntil(() -> first.get() == null);
  }

  @Test
  @DisplayName("1,000 rotations with handshakes retain less than 1 MiB")
  void retainsNothing() throws Exception {
    List<TlsIdentity> identities =
        Stream.generate(() -> TestIdentity.issuedBy(CA)).limit(8).toList();
    AtomicInteger turn = new AtomicInteger();
    IntConsumer rotations =
        count -> {
          for (int i = 0; i < count; i++) {
            rotation.activate(
                Optional.of(identities.get(turn.incrementAndGet() % identities.size())), TRUST);
            rotation.keyManager().chooseServerAlias("EC", null, null);
            clock.advance(Duration.ofSeconds(10));
            if (i % 10 == 0) {
              handshake();
            }
          }
        };
    rotations.accept(200); // Classes, caches of the JDK, compiled code.
    long before = usedHeap();

    rotations.accept(1_000);

    collectUntil(() -> usedHeap() - before < 1 << 20);
  }

  private void handshake() {
    try {
      EngineHandshake.between(CLIENT, rotation.sslContext()).complete();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static long usedHeap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static void collectUntil(BooleanSupplier condition) {
    for (int i = 0; i < 50; i++) {
      if (condition.getAsBoolean()) {
        return;
      }
      System.gc();
    }
    assertThat(condition.getAsBoolean()).as("after 50 collections").isTrue();
  }
}
