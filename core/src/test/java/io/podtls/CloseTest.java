package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.identity.TlsIdentity;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.VirtualTime;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CloseTest {

  private static final Duration LIMIT = Duration.ofMillis(100);
  private static final int TRIES = 20;

  private static PodTls.Requesting handle(FakeCertificateSigner signer) {
    return PodTls.requesting(VirtualHandle.REQUEST, signer)
        .trusting(TrustBundleSource.fixed(TrustBundle.of(List.of(signer.ca().certificate()))));
  }

  private static Duration timeToClose(Answer answer, Runnable afterwards)
      throws InterruptedException {
    CountDownLatch stepping = new CountDownLatch(1);
    FakeCertificateSigner signer =
        FakeCertificateSigner.answering(
            (self, pending) -> {
              stepping.countDown();
              return answer.to(self, pending);
            });
    EngineThreads threads = new EngineThreads();
    PodTls tls = handle(signer).start();
    stepping.await();
    assertThat(threads.started()).hasSize(1);
    long start = System.nanoTime();
    tls.close();
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    afterwards.run();
    threads.awaitEnd();
    assertThat(signer.open()).isZero();
    assertThat(tls.status().ready()).isFalse();
    return took;
  }

  /** Once in some: a machine that is busy with other things is not what is tested. */
  private static void assertClosesInTime(Answer answer, Runnable afterwards) throws Exception {
    Duration best = timeToClose(answer, afterwards);
    for (int i = 1; i < TRIES && best.compareTo(LIMIT) >= 0; i++) {
      Duration took = timeToClose(answer, afterwards);
      best = took.compareTo(best) < 0 ? took : best;
    }
    assertThat(best).isLessThan(LIMIT);
  }

  @Test
  @DisplayName("close with a request pending: within 100 ms, its one thread and attempt gone")
  void whilePending() throws Exception {
    assertClosesInTime(Answer.PENDING, () -> {});
  }

  @Test
  @DisplayName("close while a step blocks: interrupted, within 100 ms")
  void whileBlocked() throws Exception {
    assertClosesInTime(
        (self, pending) -> {
          new CountDownLatch(1).await();
          throw new AssertionError("nobody counts down");
        },
        () -> {});
  }

  @Test
  @DisplayName(
      "close while a step ignores its interrupt: within 100 ms too, and cleaned up afterwards")
  void whileDeaf() throws Exception {
    Semaphore release = new Semaphore(0);
    assertClosesInTime(
        (self, pending) -> {
          release.acquireUninterruptibly();
          return self.issue(pending);
        },
        release::release);
  }

  @Test
  @DisplayName("a closed handle refuses handshakes and accessors, and a second close does nothing")
  void closed() throws Exception {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.ISSUE);
    PodTls tls = handle(signer).bootstrap(Duration.ofSeconds(20));
    javax.net.ssl.SSLContext context = tls.sslContext();
    tls.close();
    tls.close();
    assertThatThrownBy(context::createSSLEngine).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(tls::sslContext).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(tls::generation).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(tls::keyManagerFactory).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(tls::trustManagerFactory).isInstanceOf(IllegalStateException.class);
    assertThat(tls.status().ready()).isFalse();
  }

  @Test
  @DisplayName("a listener may close the handle that calls it")
  void closedByListener() throws Exception {
    FakeCertificateSigner signer = FakeCertificateSigner.answering(Answer.ISSUE);
    AtomicReference<PodTls> self = new AtomicReference<>();
    CountDownLatch closed = new CountDownLatch(1);
    PodTls tls =
        handle(signer.lifetime(Duration.ofSeconds(12)))
            .addListener(
                new PodTlsListener() {
                  @Override
                  public void renewed(
                      TlsIdentity previous, TlsIdentity current, Optional<Instant> next) {
                    self.get().close();
                    closed.countDown();
                  }
                })
            .bootstrap(Duration.ofSeconds(20));
    self.set(tls);
    closed.await();
    assertThatThrownBy(tls::sslContext).isInstanceOf(IllegalStateException.class);
  }

  @Test
  @DisplayName("the caller's scheduler is used, left running, and shows no stray interrupt")
  void callersScheduler() throws Exception {
    ScheduledExecutorService pool = Executors.newScheduledThreadPool(3);
    try {
      CountDownLatch stepping = new CountDownLatch(1);
      FakeCertificateSigner signer =
          FakeCertificateSigner.answering(
              (self, pending) -> {
                stepping.countDown();
                new CountDownLatch(1).await();
                throw new AssertionError("nobody counts down");
              });
      PodTls tls = handle(signer).scheduler(pool).clock(InstantSource.system()).start();
      stepping.await();
      tls.close();
      assertThat(pool.isShutdown()).isFalse();
      for (int i = 0; i < 20; i++) {
        assertThat(pool.submit(Thread::interrupted).get(5, TimeUnit.SECONDS)).isFalse();
      }
      // The interrupted task ends on a thread that close() does not own and so does not wait for.
      long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (signer.open() != 0 && System.nanoTime() < limit) {
        Thread.onSpinWait();
      }
      assertThat(signer.open()).isZero();
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  @DisplayName("after close nothing is planned and nothing is awaited any more")
  void plansNothing() {
    VirtualTime time = VirtualTime.startingNow();
    PodTls tls =
        handle(FakeCertificateSigner.answering(Answer.PENDING)).scheduler(time).clock(time).start();
    time.advance(Duration.ofSeconds(10));
    assertThat(tls.status().pending()).isPresent();
    tls.close();
    assertThat(tls.status().pending()).isEmpty();

    PodTls issued =
        handle(FakeCertificateSigner.answering(Answer.ISSUE)).scheduler(time).clock(time).start();
    time.advance(Duration.ofSeconds(10));
    assertThat(issued.status().nextRenewal()).isPresent();
    issued.close();
    assertThat(issued.status().nextRenewal()).isEmpty();
  }

  @Test
  @DisplayName("on the caller's scheduler nothing is left to be run after close")
  void leavesNothing() {
    VirtualTime time = VirtualTime.startingNow();
    try (PodTls tls =
        handle(FakeCertificateSigner.answering(Answer.ISSUE)).scheduler(time).clock(time).start()) {
      time.advance(Duration.ofSeconds(10));
      assertThat(tls.status().ready()).isTrue();
      assertThat(time.waiting()).isPositive();
    }
    assertThat(time.waiting()).isZero();
  }
}
