package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.SignerUnavailableException;
import io.podtls.signing.CertificateSigner;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.RecordingListener.Failed;
import io.podtls.testing.TestCa;
import io.podtls.testing.VirtualTime;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("What a handle is given")
@Timeout(30)
class OptionsTest {

  private static final TrustBundleSource TRUST =
      TrustBundleSource.fixed(TrustBundle.of(List.of(TestCa.root("ca").certificate())));

  @Test
  @DisplayName("one directory cannot both keep and publish, in any order and spelling")
  void oneDirectoryForTwo() {
    CertificateSigner signer = FakeCertificateSigner.answering(Answer.ISSUE);
    assertThatThrownBy(
            () ->
                PodTls.requesting(VirtualHandle.REQUEST, signer)
                    .trusting(TRUST)
                    .keepingIn(Path.of("tls"))
                    .publishingTo(Path.of("x", "..", "tls")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("keepingIn", "publishingTo");
    assertThatThrownBy(
            () ->
                PodTls.requesting(VirtualHandle.REQUEST, signer)
                    .trusting(TRUST)
                    .publishingTo(Path.of("tls"))
                    .keepingIn(Path.of("tls")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("a scheduler that is shut down ends the bootstrap at once, by its name")
  void schedulerOver() {
    ScheduledExecutorService over = Executors.newScheduledThreadPool(1);
    over.shutdown();
    assertThatThrownBy(
            () ->
                PodTls.trusting(TRUST)
                    .scheduler(over)
                    .clock(InstantSource.system())
                    .bootstrap(Duration.ofDays(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("scheduler is shut down", over.toString());
  }

  @Test
  @Timeout(10)
  @DisplayName("a scheduler that drops its tasks while they are awaited ends the bootstrap soon")
  void schedulerOverMeanwhile() {
    VirtualTime time = VirtualTime.startingNow();
    FakeCertificateSigner signer =
        FakeCertificateSigner.answering(Answer.ISSUE).preparing(time::shutdown);
    assertThatThrownBy(
            () ->
                PodTls.requesting(VirtualHandle.REQUEST, signer)
                    .trusting(TRUST)
                    .scheduler(time)
                    .clock(time)
                    .bootstrap(Duration.ofDays(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("scheduler is shut down");
    assertThat(signer.steps()).isZero();
  }

  @Test
  @DisplayName("a scheduler that is shut down later is a failure in the status and to the listener")
  void schedulerOverLater() {
    VirtualTime time = VirtualTime.startingNow();
    try (VirtualHandle handle =
        VirtualHandle.with(time, FakeCertificateSigner.answering(Answer.ISSUE), all -> all)) {
      assertThat(handle.tls.status().lastFailure()).isEmpty();
      time.shutdown();
      assertThat(handle.tls.status().lastFailure().orElseThrow())
          .hasMessageContaining("scheduler is shut down");
      assertThat(handle.tls.status().nextRenewal()).isEmpty();
      handle.trust.hint();
      assertThat(handle.listener.all(Failed.class)).hasSize(1);
      assertThat(handle.lastFailure()).hasMessageContaining("scheduler is shut down");
    }
  }

  @Test
  @DisplayName("a signer whose step returns null is a failure that is retried")
  void stepWithoutOutcome() {
    FakeCertificateSigner signer =
        FakeCertificateSigner.answering((self, pending) -> null, Answer.ISSUE);
    try (VirtualHandle handle = VirtualHandle.with(signer)) {
      assertThat(handle.lastFailure())
          .isInstanceOf(SignerUnavailableException.class)
          .hasMessageContaining("advance() returned null");
      handle.advance(Duration.ofSeconds(30));
      assertThat(handle.tls.status().ready()).isTrue();
    }
  }

  @Test
  @DisplayName("a signer that begins nothing ends the bootstrap, saying so")
  void nothingBegun() {
    CertificateSigner signer = (pending, wakeUp) -> null;
    assertThatThrownBy(
            () ->
                PodTls.requesting(VirtualHandle.REQUEST, signer)
                    .trusting(TRUST)
                    .bootstrap(Duration.ofSeconds(20)))
        .hasMessageContaining("begin() returned null");
  }
}
