package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.request.PodEnvironment;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A Service's TLS in one call")
class KubernetesTlsTest {

  private static final PodEnvironment POD =
      PodEnvironment.detect(
          Map.of("POD_NAMESPACE", "shop"), Path.of("/nowhere"), Path.of("/nowhere"));

  private final ApiServer server =
      ApiServer.at(
          Origin.of("http://127.0.0.1:1", "a test"),
          Optional::empty,
          TrustBundle.of(List.of(TestCa.root("ca").certificate())).trustManager());

  private KubernetesTls orders() {
    return KubernetesTls.forService("orders")
        .signedBy("example.com/serving")
        .in(POD)
        .through(server);
  }

  private void assertServerIsClosed() {
    assertThatThrownBy(() -> server.get("/version")).hasMessageContaining("is closed");
  }

  @Test
  @DisplayName("a signer's name that the API would refuse is refused at once")
  void badSignerName() {
    assertThatThrownBy(() -> KubernetesTls.forService("orders").signedBy("serving"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("a timeout that is not positive is refused, and the connection closed")
  void badTimeout() {
    assertThatThrownBy(() -> orders().bootstrap(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("timeout");
    assertServerIsClosed();
  }

  @Test
  @DisplayName("a request that the signer would refuse is refused, and the connection closed")
  void badRequest() {
    assertThatThrownBy(
            () ->
                orders()
                    .requesting(request -> request.expiration(Duration.ofSeconds(599)))
                    .bootstrap(Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expiration");
  }

  @Test
  @DisplayName("an option that fails closes the connection")
  void failingOption() {
    assertThatThrownBy(
            () ->
                orders()
                    .handling(
                        handle -> {
                          throw new IllegalStateException("as scripted");
                        })
                    .bootstrap(Duration.ofSeconds(1)))
        .hasMessage("as scripted");
    assertServerIsClosed();
  }

  @Test
  @DisplayName("outside a pod and without a namespace it says what is missing")
  void withoutNamespace() {
    PodEnvironment nowhere =
        PodEnvironment.detect(Map.of(), Path.of("/nowhere"), Path.of("/nowhere"));

    assertThatThrownBy(() -> orders().in(nowhere).bootstrap(Duration.ofSeconds(1)))
        .hasMessageContaining("POD_NAMESPACE");
  }
}
