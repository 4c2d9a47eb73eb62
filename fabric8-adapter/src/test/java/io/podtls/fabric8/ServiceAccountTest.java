package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A pod's service account")
class ServiceAccountTest {

  @TempDir private Path directory;

  private static Map<String, String> environment(String host, String port) {
    return Map.of("KUBERNETES_SERVICE_HOST", host, "KUBERNETES_SERVICE_PORT", port);
  }

  @Test
  @DisplayName("the API server's address is in the environment, IPv6 in brackets")
  void addressIsInTheEnvironment() {
    assertThat(ServiceAccount.of(environment("10.96.0.1", "6443"), directory).apiServer())
        .isEqualTo("https://10.96.0.1:6443");
    assertThat(ServiceAccount.of(environment("fd00::1", "443"), directory).apiServer())
        .isEqualTo("https://[fd00::1]:443");
    assertThat(
            ServiceAccount.of(Map.of("KUBERNETES_SERVICE_HOST", "kubernetes.default"), directory)
                .apiServer())
        .isEqualTo("https://kubernetes.default:443");
  }

  @Test
  @DisplayName("outside a pod it says so, and what to do")
  void outsideAPod() {
    assertThatThrownBy(() -> ServiceAccount.of(Map.of(), directory))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("KUBERNETES_SERVICE_HOST is not set")
        .hasMessageContaining("hand a KubernetesClient over");
  }

  @Test
  @DisplayName("is there if there is an address and a token")
  void isThere() throws Exception {
    assertThat(ServiceAccount.isThere(environment("10.96.0.1", "443"), directory)).isFalse();
    Files.writeString(directory.resolve("token"), "t");
    assertThat(ServiceAccount.isThere(environment("10.96.0.1", "443"), directory)).isTrue();
    assertThat(ServiceAccount.isThere(Map.of(), directory)).isFalse();
  }

  @Test
  @DisplayName("a missing or empty ca.crt is an error at once, never the JVM's roots")
  void caIsNeeded() throws Exception {
    ServiceAccount account = new ServiceAccount("https://127.0.0.1:1", directory);

    assertThatThrownBy(account::connect)
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("ca.crt");
    Files.writeString(directory.resolve("ca.crt"), "");
    assertThatThrownBy(account::connect).isInstanceOf(InvalidMaterialException.class);
  }

  @Test
  @DisplayName("a missing or empty token is reported, and read again for the next request")
  void tokenIsNeeded() throws Exception {
    Files.writeString(
        directory.resolve("ca.crt"),
        TrustBundle.of(List.of(TestCa.root("ca").certificate())).toPem());
    try (ApiServer server = new ServiceAccount("https://127.0.0.1:1", directory).connect()) {
      assertThatThrownBy(() -> server.get("/version"))
          .isInstanceOf(ApiException.class)
          .hasMessageContaining("no token to authenticate with: NoSuchFileException");
      Files.writeString(directory.resolve("token"), "\n");
      assertThatThrownBy(() -> server.get("/version")).hasMessageContaining("token is empty");
      Files.writeString(directory.resolve("token"), "secret\ntoken");
      assertThatThrownBy(() -> server.get("/version"))
          .hasMessageContaining("holds no bearer token")
          .hasStackTraceContaining("ServiceAccount")
          .message()
          .doesNotContain("secret");
      Files.writeString(directory.resolve("token"), "secret-token\n");
      assertThatThrownBy(() -> server.get("/version"))
          .hasMessageContaining("ConnectException")
          .message()
          .doesNotContain("secret-token");
    }
  }
}
