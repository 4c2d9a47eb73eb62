package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
