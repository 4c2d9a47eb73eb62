package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The closed event")
class ClosedEventTest {

  private static final TrustBundleSource TRUST =
      TrustBundleSource.fixed(TrustBundle.of(List.of(TestCa.root("ca").certificate())));

  private final List<String> closed = new ArrayList<>();

  private PodTlsListener closing(String resource) {
    return new PodTlsListener() {
      @Override
      public void closed() {
        closed.add(resource);
      }
    };
  }

  private static PodTlsListener failing() {
    return new PodTlsListener() {
      @Override
      public void closed() {
        throw new IllegalStateException("as scripted");
      }
    };
  }

  @Test
  @DisplayName("is the last one, comes once, and reaches the listeners after one that throws")
  void closedWithTheHandle() throws Exception {
    PodTls tls =
        PodTls.trusting(TRUST)
            .addListener(failing())
            .addListener(closing("signer"))
            .bootstrap(Duration.ofSeconds(10));
    assertThat(closed).isEmpty();

    tls.close();
    tls.close();

    assertThat(closed).containsExactly("signer");
  }

  @Test
  @DisplayName("comes when bootstrap cannot start, and not when it refuses its argument")
  void closedWhenBootstrapRefuses() {
    PodTls.Trusting handle = PodTls.trusting(TRUST).addListener(closing("signer"));
    assertThatThrownBy(() -> handle.bootstrap(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> handle.bootstrap(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("timeout");
    assertThat(closed).isEmpty();

    ScheduledExecutorService over = Executors.newScheduledThreadPool(1);
    over.shutdown();
    handle.scheduler(over);
    assertThatThrownBy(() -> handle.bootstrap(Duration.ofSeconds(20)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(closed).hasSize(1);
  }

  @Test
  @DisplayName("comes before a bootstrap that fails returns")
  void closedWhenBootstrapFails() {
    assertThatThrownBy(
            () ->
                PodTls.requesting(
                        VirtualHandle.REQUEST, FakeCertificateSigner.answering(Answer.PENDING))
                    .trusting(TRUST)
                    .addListener(closing("signer"))
                    .bootstrap(Duration.ofMillis(200)))
        .isInstanceOf(BootstrapTimeoutException.class);

    assertThat(closed).containsExactly("signer");
  }
}
