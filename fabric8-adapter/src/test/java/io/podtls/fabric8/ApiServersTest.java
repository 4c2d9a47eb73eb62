package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A kubeconfig")
class ApiServersTest {

  @TempDir private Path directory;

  private Path kubeconfig(String cluster) throws Exception {
    return Files.writeString(
        directory.resolve("config"),
        """
        apiVersion: v1
        kind: Config
        current-context: c
        contexts:
        - {name: c, context: {cluster: k, user: u}}
        clusters:
        - {name: k, cluster: {server: "https://127.0.0.1:1", %s}}
        users:
        - {name: u, user: {token: t}}
        """
            .formatted(cluster));
  }

  @Test
  @DisplayName("that says not to verify the API server is refused")
  void insecureIsRefused() throws Exception {
    Path file = kubeconfig("insecure-skip-tls-verify: true");

    assertThatThrownBy(() -> ApiServers.ofKubeconfig(file))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not to verify the API server");
  }

  @Test
  @DisplayName("whose CA cannot be read is an error, never the JVM's roots")
  void brokenCa() throws Exception {
    Path data = kubeconfig("certificate-authority-data: Z2FyYmFnZQ==");
    assertThatThrownBy(() -> ApiServers.ofKubeconfig(data))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("certificate-authority-data");

    Path file = kubeconfig("certificate-authority: /nowhere/ca.crt");
    assertThatThrownBy(() -> ApiServers.ofKubeconfig(file))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("/nowhere/ca.crt");
  }

  @Test
  @DisplayName("names the API server")
  void namesTheApiServer() throws Exception {
    try (ApiServer server = ApiServers.ofKubeconfig(kubeconfig("tls-server-name: a"))) {
      assertThat(server).hasToString("https://127.0.0.1:1");
    }
  }

  @Test
  @DisplayName("is the one file that KUBECONFIG names, or else the home's")
  void kubeconfigIsFound() throws Exception {
    Path file = kubeconfig("");
    Path home = Files.createDirectories(directory.resolve("home"));

    assertThat(ApiServers.kubeconfig(Map.of("KUBECONFIG", file.toString()), home)).isEqualTo(file);
    assertThatThrownBy(
            () ->
                ApiServers.kubeconfig(
                    Map.of("KUBECONFIG", file + File.pathSeparator + "other"), home))
        .hasMessageContaining("KUBECONFIG names several files");
    assertThatThrownBy(() -> ApiServers.kubeconfig(Map.of(), home))
        .hasMessageContaining("KUBERNETES_SERVICE_HOST is not set")
        .hasMessageContaining(home.toString());
    assertThatThrownBy(
            () -> ApiServers.kubeconfig(Map.of("KUBERNETES_SERVICE_HOST", "10.96.0.1"), home))
        .hasMessageContaining("automountServiceAccountToken");
  }

  @Test
  @DisplayName("a header that HTTP does not allow is told without its content")
  void headersAreNotQuoted() {
    ApiException told =
        ApiServer.noAnswer(new IllegalArgumentException("invalid header value: \"Bearer s3cr3t\""));
    assertThat(told).hasMessageContaining("perhaps the token").hasNoCause();
    assertThat(told.getMessage()).doesNotContain("s3cr3t");
  }
}
