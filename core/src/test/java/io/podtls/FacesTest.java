package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.podtls.failure.CertificateDeniedException;
import io.podtls.failure.PodTlsException;
import io.podtls.failure.RequestRefusedException;
import io.podtls.identity.TlsIdentity;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.LoopbackTls;
import io.podtls.testing.RecordingListener;
import io.podtls.testing.RecordingListener.Closed;
import io.podtls.testing.RecordingListener.Failed;
import io.podtls.testing.RecordingListener.Renewed;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("What a handle offers")
@Timeout(60)
class FacesTest {

  private static final RenewalPolicy HALFWAY = RenewalPolicy.between(0.5, 0.5);
  private static final Duration HALF = Duration.ofHours(12).plusSeconds(5);

  private static VirtualHandle handle(Answer... answers) {
    return VirtualHandle.with(
        FakeCertificateSigner.answering(answers), options -> options.renewing(HALFWAY));
  }

  @Test
  @DisplayName("generation() is the same until a rotation, and works after expiry")
  void generation() {
    try (VirtualHandle handle = handle(Answer.ISSUE, Answer.UNAVAILABLE)) {
      Generation first = handle.tls.generation();
      assertThat(first.number()).isEqualTo(1);
      assertThat(first.trust().certificates()).containsExactly(handle.signer.ca().certificate());
      TlsIdentity identity = first.identity().orElseThrow();
      assertThat(first.toString()).contains("generation 1", identity.toString());
      assertThat(handle.tls.generation()).isEqualTo(first);

      handle.advance(Duration.ofHours(25));
      assertThat(handle.tls.status().ready()).isFalse();
      assertThat(handle.tls.generation()).isEqualTo(first);
      assertThat(handle.tls.generation().identity()).containsSame(identity);
    }
  }

  @Test
  @DisplayName("a generation keeps its own managers when another one is in use")
  void managersOfAGeneration() {
    try (VirtualHandle handle = handle(Answer.ISSUE)) {
      Generation first = handle.tls.generation();
      X509ExtendedKeyManager keys = first.keyManager();
      handle.advance(HALF);
      Generation second = handle.tls.generation();
      assertThat(second.number()).isEqualTo(2);
      assertThat(shown(keys)).isEqualTo(first.identity().orElseThrow().leaf());
      assertThat(shown(second.keyManager())).isEqualTo(second.identity().orElseThrow().leaf());
      assertThat(keys.getPrivateKey(second.keyManager().chooseEngineServerAlias("EC", null, null)))
          .isNull();
    }
  }

  private static X509Certificate shown(X509ExtendedKeyManager keys) {
    return keys.getCertificateChain(keys.chooseEngineServerAlias("EC", null, null))[0];
  }

  @Test
  @DisplayName("a context made of a generation's managers is known by generationOf, until close")
  void contextsOfGenerations() throws Exception {
    try (VirtualHandle handle = handle(Answer.ISSUE)) {
      Generation first = handle.tls.generation();
      SSLContext server = contextOf(first);
      handle.advance(HALF);
      SSLContext client = contextOf(handle.tls.generation());
      LoopbackTls.Sessions sessions = LoopbackTls.handshake(client, server, "TLSv1.3", false);
      assertThat(handle.tls.generationOf(sessions.server())).hasValue(1);
      assertThat(handle.tls.generationOf(sessions.client())).hasValue(2);

      handle.tls.close();
      assertThat(first.keyManager().chooseEngineServerAlias("EC", null, null)).isNull();
      assertThatThrownBy(
              () ->
                  first
                      .trustManager()
                      .checkServerTrusted(
                          first.identity().orElseThrow().chain().toArray(X509Certificate[]::new),
                          "UNKNOWN"))
          .isInstanceOf(CertificateException.class)
          .hasMessageContaining("closed");
    }
  }

  private static SSLContext contextOf(Generation generation) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        new KeyManager[] {generation.keyManager()},
        new TrustManager[] {generation.trustManager()},
        null);
    return context;
  }

  @Test
  @DisplayName("perGeneration builds once per generation, and nothing before it is asked")
  void perGeneration() {
    try (VirtualHandle handle = handle(Answer.ISSUE)) {
      List<Long> built = new ArrayList<>();
      Supplier<String> value =
          handle.tls.perGeneration(
              generation -> {
                built.add(generation.number());
                return "value " + generation.number();
              });
      assertThat(built).isEmpty();
      assertThat(value.get()).isEqualTo("value 1").isSameAs(value.get());
      handle.advance(HALF);
      assertThat(value.get()).isEqualTo("value 2").isSameAs(value.get());
      assertThat(built).containsExactly(1L, 2L);

      handle.tls.close();
      assertThatThrownBy(value::get)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }
  }

  @Test
  @DisplayName("a factory that throws keeps the former value, is reported, and runs again later")
  void failingFactory() {
    try (VirtualHandle handle = handle(Answer.ISSUE)) {
      AtomicBoolean broken = new AtomicBoolean(true);
      List<Long> built = new ArrayList<>();
      Supplier<Long> value =
          handle.tls.perGeneration(
              generation -> {
                built.add(generation.number());
                if (broken.get()) {
                  throw new NoClassDefFoundError("a jar is missing");
                }
                return generation.number();
              });
      assertThatThrownBy(value::get).isInstanceOf(NoClassDefFoundError.class);
      broken.set(false);
      assertThat(value.get()).isEqualTo(1);

      handle.advance(HALF);
      broken.set(true);
      assertThat(value.get()).isEqualTo(1);
      assertThat(value.get()).isEqualTo(1);
      assertThat(built).containsExactly(1L, 1L, 2L);
      handle.time.settle();
      assertThat(handle.listener.all(Failed.class)).hasSize(1);
      assertThat(handle.lastFailure()).hasMessageContaining("a jar is missing");
      assertThat(handle.tls.status().lastFailure()).contains(handle.lastFailure());
      assertThat(handle.tls.status().ready()).isTrue();

      broken.set(false);
      handle.advance(Duration.ofSeconds(31));
      assertThat(value.get()).isEqualTo(2);
      assertThat(handle.tls.status().lastFailure()).isEmpty();
    }
  }

  @Test
  @DisplayName("while one thread builds, others get the former value, and rotation goes on")
  void slowFactory() throws Exception {
    try (VirtualHandle handle = handle(Answer.ISSUE)) {
      CountDownLatch building = new CountDownLatch(1);
      CountDownLatch release = new CountDownLatch(1);
      Supplier<Long> value =
          handle.tls.perGeneration(
              generation -> {
                if (generation.number() == 2) {
                  building.countDown();
                  awaitQuietly(release);
                }
                return generation.number();
              });
      assertThat(value.get()).isEqualTo(1);
      handle.advance(HALF);
      CompletableFuture<Long> slow = CompletableFuture.supplyAsync(value);
      building.await();
      assertThat(value.get()).isEqualTo(1);
      handle.advance(HALF);
      assertThat(handle.tls.generation().number()).isEqualTo(3);
      release.countDown();
      assertThat(slow.get()).isEqualTo(2);
      assertThat(value.get()).isEqualTo(3);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  @DisplayName("the factories need no init, survive one, and follow the handle")
  void factories() throws Exception {
    try (VirtualHandle handle = handle(Answer.ISSUE)) {
      KeyManagerFactory keys = handle.tls.keyManagerFactory();
      TrustManagerFactory trust = handle.tls.trustManagerFactory();
      keys.init(null, null);
      trust.init((java.security.KeyStore) null);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      TrustBundle bundle = handle.tls.generation().trust();
      assertThat(shownBy(context, bundle)).isEqualTo(handle.identity().leaf());
      handle.advance(HALF);
      assertThat(shownBy(context, bundle)).isEqualTo(handle.identity().leaf());
      assertThat(keys.getProvider()).isNotNull();
      assertThat(trust.getAlgorithm()).isEqualTo(TrustManagerFactory.getDefaultAlgorithm());
    }
  }

  private static Certificate shownBy(SSLContext server, TrustBundle trust) throws Exception {
    return LoopbackTls.handshake(trust.sslContext(), server, "TLSv1.3", false)
        .client()
        .getPeerCertificates()[0];
  }

  @Test
  @DisplayName("a started handle refuses handshakes with what it waits for, until it is ready")
  void notReadyYet() {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.PENDING);
    try (VirtualHandle handle = VirtualHandle.with(signer)) {
      SSLContext context = handle.tls.sslContext();
      CompletableFuture<PodTls> ready = handle.tls.whenReady();
      assertThat(handle.tls.status().ready()).isFalse();
      assertThat(ready).isNotDone();
      for (Runnable use : List.<Runnable>of(context::createSSLEngine, handle.tls::generation)) {
        assertThatThrownBy(use::run)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContainingAll("not ready", "csr orders-", "kubectl certificate approve");
      }
      handle.advance(Duration.ofDays(3));
      assertThat(ready).isNotDone();

      signer.nowAnswering(Answer.ISSUE);
      handle.advance(Duration.ofSeconds(10));
      assertThat(ready).isCompletedWithValue(handle.tls);
      context.createSSLEngine();
    }
  }

  @Test
  @DisplayName("a started handle that can never be ready says why, and is closed")
  void neverReady() {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.DENY);
    try (VirtualHandle handle = VirtualHandle.with(signer)) {
      CompletableFuture<PodTls> ready = handle.tls.whenReady();
      Throwable failure = ready.handle((tls, thrown) -> thrown).join();
      assertThat(failure)
          .isInstanceOf(CertificateDeniedException.class)
          .isInstanceOf(RequestRefusedException.class);
      assertThat(handle.tls.status().lastFailure()).contains((PodTlsException) failure);
      assertThatThrownBy(handle.tls.sslContext()::createSSLEngine)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("could not bootstrap", "PolicyViolation");
      assertThat(handle.listener.all(Closed.class)).hasSize(1);
      assertThat(handle.time.waiting()).isZero();
    }
  }

  @Test
  @DisplayName("whenReady is a copy, and fails when the handle is closed before")
  void whenReadyIsACopy() {
    try (VirtualHandle handle = handle(Answer.PENDING)) {
      handle.tls.whenReady().complete(null);
      CompletableFuture<PodTls> ready = handle.tls.whenReady();
      assertThat(ready).isNotDone();
      handle.tls.close();
      assertThat(ready.handle((tls, thrown) -> thrown).join())
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  @DisplayName("a listener comes at any time and goes with its registration")
  void listeners() {
    try (VirtualHandle handle = handle(Answer.ISSUE)) {
      RecordingListener late = new RecordingListener();
      PodTlsListener.Registration registration = handle.tls.addListener(late);
      assertThat(late.events()).isEmpty();
      handle.advance(HALF);
      assertThat(late.all(Renewed.class)).hasSize(1);
      registration.close();
      registration.close();
      handle.advance(HALF);
      assertThat(late.all(Renewed.class)).hasSize(1);
      assertThat(handle.listener.all(Renewed.class)).hasSize(2);
    }
  }

  @Test
  @DisplayName("a bootstrap that fails shows the caller's own frame")
  void stackTrace() {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.DENY);
    TrustBundleSource trust =
        TrustBundleSource.fixed(TrustBundle.of(List.of(TestCa.root("ca").certificate())));
    Throwable denied =
        catchThrowable(
            () ->
                PodTls.requesting(VirtualHandle.REQUEST, signer)
                    .trusting(trust)
                    .bootstrap(Duration.ofSeconds(20)));
    assertThat(denied).isInstanceOf(CertificateDeniedException.class);
    assertThat(denied.getStackTrace())
        .anyMatch(frame -> frame.getClassName().equals(FacesTest.class.getName()));
  }
}
