package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What a handle was told to close")
class ClosingTest {

  private static final TrustBundleSource TRUST =
      TrustBundleSource.fixed(TrustBundle.of(List.of(TestCa.root("ca").certificate())));

  private final List<String> closed = new ArrayList<>();

  @Test
  @DisplayName("is closed with it, in order, and one that fails does not keep the next one open")
  void closedWithTheHandle() throws Exception {
    PodTls tls =
        PodTls.withoutIdentity()
            .trusting(TRUST)
            .closing(
                () -> {
                  throw new IOException("as scripted");
                })
            .closing(() -> closed.add("signer"))
            .bootstrap(Duration.ofSeconds(10));
    assertThat(closed).isEmpty();

    tls.close();

    assertThat(closed).containsExactly("signer");
  }

  @Test
  @DisplayName("is closed when bootstrap refuses its argument or cannot start")
  void closedWhenBootstrapRefuses() {
    PodTls.Builder handle =
        PodTls.withoutIdentity().trusting(TRUST).closing(() -> closed.add("signer"));
    assertThatThrownBy(() -> handle.bootstrap(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(closed).containsExactly("signer");

    assertThatThrownBy(() -> handle.bootstrap(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("timeout");
    assertThat(closed).hasSize(2);

    ScheduledExecutorService over = Executors.newScheduledThreadPool(1);
    over.shutdown();
    handle.runningOn(over, InstantSource.system());
    assertThatThrownBy(() -> handle.bootstrap(Duration.ofSeconds(20)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(closed).hasSize(3);
  }

  @Test
  @DisplayName("is closed when the handle does not come up")
  void closedWhenBootstrapFails() {
    assertThatThrownBy(
            () ->
                PodTls.requesting(
                        VirtualHandle.REQUEST, FakeCertificateSigner.answering(Answer.PENDING))
                    .trusting(TRUST)
                    .closing(() -> closed.add("signer"))
                    .bootstrap(Duration.ofMillis(200)))
        .isInstanceOf(BootstrapTimeoutException.class);

    assertThat(closed).containsExactly("signer");
  }
}
