package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.failure.CertificateDeniedException;
import io.podtls.failure.CertificateFailedException;
import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.request.CertificateRequest;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.RecordingListener;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class BootstrapTest {

  private static final CertificateRequest REQUEST = VirtualHandle.REQUEST;

  private static TrustBundleSource trustIn(FakeCertificateSigner signer) {
    return TrustBundleSource.fixed(TrustBundle.of(List.of(signer.ca().certificate())));
  }

  private static PodTls.Requesting handle(FakeCertificateSigner signer) {
    return PodTls.requesting(REQUEST, signer).trusting(trustIn(signer));
  }

  @Test
  @DisplayName("one call: the handle serves TLS that a client with the same trust accepts")
  void bootstrapsAndServes() throws Exception {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.PENDING, Answer.ISSUE);
    RecordingListener listener = new RecordingListener();
    try (PodTls tls = handle(signer).addListener(listener).bootstrap(Duration.ofSeconds(20))) {
      assertThat(signer.submissions()).hasSize(1);
      assertThat(tls.generation().identity().orElseThrow())
          .isSameAs(listener.last(RecordingListener.Issued.class).identity());
      assertThat(tls.status().ready()).isTrue();
      assertThat(tls.status().generation()).isEqualTo(1);
      assertThat(tls.status().validUntil())
          .contains(tls.generation().identity().orElseThrow().notAfter());
      assertThat(tls.status().lastFailure()).isEmpty();
      try (SSLServerSocket server =
              (SSLServerSocket)
                  tls.sslContext()
                      .getServerSocketFactory()
                      .createServerSocket(0, 1, InetAddress.getLoopbackAddress());
          SSLSocket client =
              (SSLSocket)
                  trustIn(signer)
                      .sslContext()
                      .getSocketFactory()
                      .createSocket(server.getInetAddress(), server.getLocalPort())) {
        Thread accepting =
            new Thread(
                () -> {
                  try (SSLSocket accepted = (SSLSocket) server.accept()) {
                    accepted.getOutputStream().write(42);
                  } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  }
                });
        accepting.start();
        InputStream in = client.getInputStream();
        assertThat(in.read()).isEqualTo(42);
        assertThat(client.getSession().getPeerCertificates()[0])
            .isEqualTo(tls.generation().identity().orElseThrow().leaf());
        accepting.join();
      }
    }
  }

  @Test
  @DisplayName("a signer that is unavailable for a while is retried until it answers")
  void retriesUnavailability() throws Exception {
    FakeCertificateSigner signer =
        FakeCertificateSigner.answering(Answer.UNAVAILABLE, Answer.UNAVAILABLE, Answer.ISSUE);
    RecordingListener listener = new RecordingListener();
    try (PodTls tls = handle(signer).addListener(listener).bootstrap(Duration.ofSeconds(20))) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(listener.all(RecordingListener.Failed.class)).hasSize(2);
      assertThat(signer.submissions()).hasSize(1);
    }
  }

  @Test
  @DisplayName("a denial ends the bootstrap with its reason")
  void denied() {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.DENY);
    CertificateDeniedException denied =
        catchThrowableOfType(
            CertificateDeniedException.class,
            () -> handle(signer).bootstrap(Duration.ofSeconds(20)));
    assertThat(denied.reason()).isEqualTo("PolicyViolation");
    assertThat(denied.message()).isEqualTo("not your name");
    assertThat(signer.open()).isZero();
  }

  @Test
  @DisplayName("a failed request ends the bootstrap with its own error")
  void failed() {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.FAIL);
    assertThatThrownBy(() -> handle(signer).bootstrap(Duration.ofSeconds(20)))
        .isInstanceOf(CertificateFailedException.class)
        .hasMessageContaining("SignerValidationFailure");
  }

  @Test
  @DisplayName("a certificate without the requested names is refused, naming them")
  void invalid() {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.ISSUE_WITHOUT_NAMES);
    assertThatThrownBy(() -> handle(signer).bootstrap(Duration.ofSeconds(20)))
        .isInstanceOf(InvalidCertificateException.class)
        .hasMessageContaining("orders.shop.svc");
    assertThat(signer.submissions()).hasSize(1);
  }

  @Test
  @DisplayName(
      "a bootstrap that times out says what was awaited, from which signer, and what would help")
  void timesOut() throws Exception {
    EngineThreads threads = new EngineThreads();
    RecordingListener listener = new RecordingListener();
    FakeCertificateSigner signer =
        FakeCertificateSigner.answering(Answer.PENDING)
            .preparing(() -> listener.await(RecordingListener.Pending.class));
    BootstrapTimeoutException timeout =
        catchThrowableOfType(
            BootstrapTimeoutException.class,
            () -> handle(signer).addListener(listener).bootstrap(Duration.ofSeconds(1)));
    assertThat(timeout.phase()).isEqualTo(Phase.AWAITING_APPROVAL);
    assertThat(timeout.lastObserved())
        .contains("csr orders-", "example.com/serving", "kubectl certificate approve orders-");
    assertThat(timeout.waited()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
    assertThat(timeout).hasNoCause();
    threads.awaitEnd();
    assertThat(signer.open()).isZero();
  }

  /** How a bootstrap ended: after how long, and with how many attempts still open. */
  private record Ending(Duration after, int open) {
    static Ending of(Duration deadline) {
      FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.PENDING);
      long start = System.nanoTime();
      assertThatThrownBy(() -> handle(signer).bootstrap(deadline))
          .isInstanceOf(BootstrapTimeoutException.class);
      return new Ending(Duration.ofNanos(System.nanoTime() - start), signer.open());
    }

    boolean isInTime(Duration deadline) {
      return after.compareTo(deadline.plusMillis(100)) <= 0 && open == 0;
    }
  }

  @Test
  @DisplayName("the deadline is kept to 100 ms, and everything is closed by then")
  void keepsTheDeadline() {
    // Once in some: a machine that is busy with other things is not what is tested.
    Duration deadline = Duration.ofMillis(300);
    List<Ending> endings = new ArrayList<>();
    do {
      endings.add(Ending.of(deadline));
    } while (endings.size() < 20 && endings.stream().noneMatch(end -> end.isInTime(deadline)));
    assertThat(endings)
        .allMatch(end -> end.after().compareTo(deadline) >= 0)
        .anyMatch(end -> end.isInTime(deadline));
  }

  @Test
  @DisplayName("a deadline without any answer carries the last unavailability as its cause")
  void timesOutUnavailable() {
    RecordingListener listener = new RecordingListener();
    FakeCertificateSigner signer =
        FakeCertificateSigner.answering(Answer.UNAVAILABLE)
            .preparing(() -> listener.await(RecordingListener.Failed.class));
    BootstrapTimeoutException timeout =
        catchThrowableOfType(
            BootstrapTimeoutException.class,
            () -> handle(signer).addListener(listener).bootstrap(Duration.ofMillis(500)));
    assertThat(timeout.phase()).isEqualTo(Phase.SUBMITTING);
    assertThat(timeout).hasCauseInstanceOf(SignerUnavailableException.class);
    assertThat(timeout.lastObserved()).contains("connection refused");
  }

  @Test
  @DisplayName("a step that hangs does not delay the deadline, and is interrupted")
  void hangingStep() throws Exception {
    RecordingListener listener = new RecordingListener();
    CountDownLatch interrupted = new CountDownLatch(1);
    FakeCertificateSigner signer =
        FakeCertificateSigner.answering(
                (self, pending) -> {
                  try {
                    new CountDownLatch(1).await();
                    throw new AssertionError("nobody counts down");
                  } catch (InterruptedException e) {
                    interrupted.countDown();
                    throw e;
                  }
                })
            .preparing(() -> listener.await(RecordingListener.Requested.class));
    assertThatThrownBy(() -> handle(signer).addListener(listener).bootstrap(Duration.ofMillis(300)))
        .isInstanceOf(BootstrapTimeoutException.class);
    interrupted.await();
  }

  @Test
  @DisplayName("an interrupt ends the bootstrap and everything that it started")
  void interrupted() throws Exception {
    EngineThreads threads = new EngineThreads();
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.PENDING);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        new Thread(
            () -> {
              Thread.currentThread().interrupt();
              try {
                handle(signer).bootstrap(Duration.ofSeconds(20));
              } catch (Throwable e) {
                thrown.set(e);
              }
            });
    caller.start();
    caller.join();
    assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
    threads.awaitEnd();
    assertThat(signer.open()).isZero();
  }

  @Test
  @DisplayName("a trust bundle that is not there is an error at once, naming the file")
  void noTrust(@TempDir Path directory) {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.ISSUE);
    Path missing = directory.resolve("ca.crt");
    assertThatThrownBy(
            () ->
                PodTls.requesting(REQUEST, signer)
                    .trusting(TrustBundleSource.pemFile(missing))
                    .bootstrap(Duration.ofSeconds(20)))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining(missing.toString());
    assertThat(signer.steps()).isZero();
  }

  @Test
  @DisplayName("what breaks while it starts is thrown at once, not after the deadline")
  void brokenFromTheStart() {
    assertThatThrownBy(
            () ->
                PodTls.trusting(
                        new TrustBundleSource() {
                          @Override
                          public TrustBundle load() {
                            throw new LinkageError("a jar is missing");
                          }

                          @Override
                          public String description() {
                            return "broken";
                          }
                        })
                    .bootstrap(Duration.ofSeconds(20)))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContainingAll("broken", "a jar is missing")
        .hasCauseInstanceOf(LinkageError.class);
  }

  @Test
  @DisplayName("without an identity there is trust and no certificate")
  void withoutIdentity() throws Exception {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.ISSUE);
    try (PodTls tls = PodTls.trusting(trustIn(signer)).bootstrap(Duration.ofSeconds(20))) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(tls.status().validUntil()).isEmpty();
      assertThat(tls.generation().trust().certificates())
          .containsExactly(signer.ca().certificate());
      assertThat(tls.generation().identity()).isEmpty();
    }
  }

  @Test
  @DisplayName("a timeout of zero or less is refused")
  void nonsenseTimeout() {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.ISSUE);
    assertThatThrownBy(() -> handle(signer).bootstrap(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("timeout");
  }
}
