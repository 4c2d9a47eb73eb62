package io.podtls.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.identity.TlsIdentity;
import io.podtls.jsse.Contexts;
import io.podtls.peer.Peers;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RotatingKeyManagerTest {

  private static final TestCa CA = TestCa.root("keys");
  private static final TrustBundle TRUST = TrustBundle.of(List.of(CA.certificate()));
  private static final List<TlsIdentity> IDENTITIES =
      Stream.generate(() -> TestIdentity.issuedBy(CA)).limit(5).toList();

  private final SettableClock clock = new SettableClock(Instant.now());
  private final Rotation rotation = TestIdentity.rotation(clock);
  private final X509ExtendedKeyManager keys = rotation.keyManager();

  private Generation rotate() {
    long next =
        rotation.keyManager().chooseServerAlias("EC", null, null) == null
            ? 1
            : rotation.current().number() + 1;
    return rotation.activate(Optional.of(IDENTITIES.get((int) next % IDENTITIES.size())), TRUST);
  }

  /** What a framework would do to the key manager if rotations came at the worst of moments. */
  private KeyManager[] rotatingAfterEachCall() {
    return new KeyManager[] {
      new ForwardingKeyManager(keys) {
        @Override
        void answered(String call) {
          rotate();
        }
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  @DisplayName("swap storm: a rotation after every single call of a handshake, no handshake fails")
  void swapStorm(String protocol) throws Exception {
    rotate();
    for (int i = 0; i < 20; i++) {
      // Contexts of their own for both sides: nothing is resumed.
      SSLContext server =
          Contexts.of(rotatingAfterEachCall(), TRUST.trustManager(Peers.anyTrusted()));
      SSLContext client =
          Contexts.of(rotatingAfterEachCall(), TRUST.trustManager(Peers.anyTrusted()));
      long before = rotation.current().number();
      EngineHandshake handshake =
          EngineHandshake.between(client, server).protocol(protocol).needClientAuth().complete();

      assertThat(handshake.carriesData()).isTrue();
      assertThat(rotation.current().number()).isGreaterThan(before + 4);
      assertThat(rotation.generationOf(handshake.server().getSession())).hasValue(before);
    }
  }

  @Test
  @DisplayName("the alias is the generation's number, for its key type only")
  void namesTheGeneration() {
    rotate();
    rotate();

    assertThat(keys.chooseServerAlias("EC", null, null)).isEqualTo("2");
    assertThat(keys.chooseEngineServerAlias("EC", null, null)).isEqualTo("2");
    assertThat(keys.chooseClientAlias(new String[] {"RSA", "EC"}, null, null)).isEqualTo("2");
    assertThat(keys.chooseEngineClientAlias(new String[] {"EC"}, null, null)).isEqualTo("2");
    assertThat(keys.getServerAliases("EC", null)).containsExactly("2");
    assertThat(keys.getClientAliases("EC", null)).containsExactly("2");
    assertThat(keys.chooseServerAlias("RSA", null, null)).isNull();
    assertThat(keys.getServerAliases("RSA", null)).isNull();
  }

  @Test
  @DisplayName("an alias answers with its own generation's key and chain after rotations")
  void keepsAnswering() {
    Generation first = rotate();
    String alias = keys.chooseServerAlias("EC", null, null);
    PrivateKey key = keys.getPrivateKey(alias);
    rotate();
    rotate();

    assertThat(key).isNotNull();
    assertThat(keys.getPrivateKey(alias)).isSameAs(key);
    assertThat(keys.getCertificateChain(alias))
        .containsExactlyElementsOf(first.identity().get().chain());
    assertThat(keys.getPrivateKey(keys.chooseServerAlias("EC", null, null))).isNotSameAs(key);
  }

  @Test
  @DisplayName("unknown aliases, null and a generation without identity answer null")
  void answersNullToTheUnknown() {
    rotate();

    for (String alias : new String[] {"2", "0", "podtls", "", null}) {
      assertThat(keys.getPrivateKey(alias)).isNull();
      assertThat(keys.getCertificateChain(alias)).isNull();
    }
    rotation.activate(Optional.empty(), TRUST);
    assertThat(keys.chooseClientAlias(new String[] {"EC"}, null, null)).isNull();
    assertThat(keys.getPrivateKey("2")).isNull();
  }

  @Test
  @DisplayName("a session restored from a stateless ticket is known by the certificate it shows")
  void tellsResumedSessionsOfForeignContexts() throws Exception {
    rotate();
    SSLContext server = Contexts.of(new KeyManager[] {keys}, rotation.trustManager());
    SSLContext client = Contexts.of(new KeyManager[0], TRUST.trustManager(Peers.anyTrusted()));
    for (int i = 0; i < 2; i++) {
      EngineHandshake handshake = EngineHandshake.between(client, server).complete();
      assertThat(rotation.generationOf(handshake.server().getSession())).hasValue(1);
    }
  }

  @Test
  @DisplayName("an alias answers as soon as it is chosen, however fast generations follow")
  void answersWhileGenerationsChange() throws Exception {
    Generation first = rotate();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      AtomicBoolean done = new AtomicBoolean();
      List<Future<Long>> askers =
          Stream.generate(
                  () ->
                      threads.submit(
                          () -> {
                            long answers = 0;
                            while (!done.get() && answers < 1_000_000) {
                              String alias = keys.chooseServerAlias("EC", null, null);
                              assertThat(keys.getPrivateKey(alias)).as(alias).isNotNull();
                              answers++;
                            }
                            return answers;
                          }))
              .limit(2)
              .toList();
      for (int i = 0; i < 3_000; i++) {
        // An identity in place needs no proof: this is as fast as it goes.
        rotation.activate(first.identity(), TRUST);
        // All of it within the retention: an asker may be off its processor for as long as it
        // likes.
        clock.advance(Duration.ofMillis(100));
      }
      done.set(true);
      for (Future<Long> asker : askers) {
        assertThat(asker.get()).isPositive();
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
