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

    assertThat(Kubeconfig.find(Map.of("KUBECONFIG", file.toString()), home)).isEqualTo(file);
    assertThatThrownBy(
            () -> Kubeconfig.find(Map.of("KUBECONFIG", file + File.pathSeparator + "other"), home))
        .hasMessageContaining("KUBECONFIG names several files");
    assertThatThrownBy(() -> Kubeconfig.find(Map.of("KUBECONFIG", "/nope"), home))
        .hasMessage("KUBECONFIG names /nope, which does not exist");
    assertThatThrownBy(() -> Kubeconfig.find(Map.of(), home))
        .hasMessageContaining("KUBERNETES_SERVICE_HOST is not set")
        .hasMessageContaining(home.toString());
    assertThatThrownBy(() -> Kubeconfig.find(Map.of("KUBERNETES_SERVICE_HOST", "10.96.0.1"), home))
        .hasMessageContaining("automountServiceAccountToken");
  }

  private Path userWith(String server, String cluster, String user) throws Exception {
    return Files.writeString(
        directory.resolve("config"),
        """
        apiVersion: v1
        kind: Config
        current-context: c
        contexts:
        - {name: c, context: {cluster: k, user: u, namespace: shop}}
        clusters:
        - {name: k, cluster: {server: "%s"%s}}
        users:
        - name: u
          user: %s
        """
            .formatted(server, cluster, user));
  }

  @Test
  @DisplayName("with a tokenFile: the token is read from it for each request")
  void tokenFile() throws Exception {
    try (WireServer wire = new WireServer()) {
      wire.then(WireServer.json(200, "{}")).then(WireServer.json(200, "{}"));
      Files.writeString(directory.resolve("token"), "one\n");
      Path file = userWith(wire.url(), "", "{tokenFile: token}");

      try (ApiServer server = ApiServers.ofKubeconfig(file)) {
        server.get("/1");
        Files.writeString(directory.resolve("token"), "two\n");
        server.get("/2");
        Files.delete(directory.resolve("token"));
        assertThatThrownBy(() -> server.get("/3"))
            .hasMessageContaining("no token to authenticate with: NoSuchFileException");
      }

      assertThat(wire.requests())
          .extracting(request -> request.header("authorization").orElseThrow())
          .containsExactly("Bearer one", "Bearer two");
    }
  }

  @Test
  @DisplayName("with a proxy-url: requests go through the proxy, and a failure names it")
  void proxyUrl() throws Exception {
    WireServer proxy = new WireServer();
    proxy.then(WireServer.json(200, "{\"kind\":\"x\"}"));
    Path file =
        userWith("http://api.invalid:80", ", proxy-url: \"" + proxy.url() + "\"", "{token: t}");

    try (ApiServer server = ApiServers.ofKubeconfig(file)) {
      assertThat(server.get("/1").text("kind")).isEqualTo("x");
      assertThat(proxy.requests().get(0).target()).isEqualTo("http://api.invalid:80/1");
      proxy.close();

      assertThatThrownBy(() -> server.get("/2"))
          .hasMessageContaining("http://api.invalid:80 (from context c of " + file)
          .hasMessageContaining("through the proxy " + proxy.url().substring(7));
    }
  }

  @Test
  @DisplayName("with a proxy of another kind is refused, without the proxy's password")
  void otherProxies() throws Exception {
    for (String url : new String[] {"socks5://u:s3cr3t@h:1", "https://u:s3cr3t@h", "h:1", "a b"}) {
      Path file = userWith("https://k", ", proxy-url: \"" + url + "\"", "{token: t}");
      assertThatThrownBy(() -> ApiServers.ofKubeconfig(file))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("proxy-url of " + file + " is not of the form http://host:port")
          .message()
          .doesNotContain("s3cr3t");
    }
  }

  @Test
  @DisplayName("whose plugin is not installed is refused with the plugin's name and install hint")
  void missingPlugin() throws Exception {
    String exec =
        "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command:"
            + " no-such-plugin, installHint: \"Install it with x.\"}}";
    Path file = userWith("https://k", "", exec);

    assertThatThrownBy(() -> ApiServers.ofKubeconfig(file))
        .hasMessageContaining("user u of " + file + " gets its credentials from the plugin")
        .hasMessageContaining("no-such-plugin, which is not installed or not on the PATH")
        .hasMessageEndingWith("Install it with x.");
    Path beside = userWith("https://k", "", exec.replace("no-such-plugin", "./no-such-plugin"));
    assertThatThrownBy(() -> ApiServers.ofKubeconfig(beside)).hasMessageContaining("./no-such");
  }

  @Test
  @DisplayName("with a plugin: its token is used")
  void plugin() throws Exception {
    try (WireServer wire = new WireServer()) {
      wire.then(WireServer.json(200, "{}"));
      Path plugin =
          Files.writeString(
              directory.resolve("plugin"),
              """
              #!/bin/sh
              echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'
              """);
      assertThat(plugin.toFile().setExecutable(true)).isTrue();
      Path file =
          userWith(
              wire.url(),
              "",
              "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never,"
                  + " command: \""
                  + plugin
                  + "\"}}");

      try (ApiServer server = ApiServers.ofKubeconfig(file)) {
        server.get("/1");
      }
      assertThat(wire.requests().get(0).header("authorization")).contains("Bearer from-plugin");
    }
  }

  @Test
  @DisplayName("that is incomplete is refused with what is missing and what there is")
  void incomplete() throws Exception {
    Path file = userWith("https://k", "", "{token: t}");
    String whole = Files.readString(file);

    refused(whole.replace("current-context: c\n", ""), "has no current-context; it has [c]");
    refused(
        whole.replace("current-context: c", "current-context: d"), "has no context d; it has [c]");
    refused(whole.replace("cluster: k,", "cluster: z,"), "has no cluster z; it has [k]");
    refused(whole.replace("user: u,", "user: z,"), "has no user z; it has [u]");
    refused(whole.replace("server: \"https://k\"", ""), "names no server");
    refused("", "is");
    refused("users: [{name: u, user: {token: s3cr3t", "is no kubeconfig");
  }

  private void refused(String kubeconfig, String reason) throws Exception {
    Path file = Files.writeString(directory.resolve("config"), kubeconfig);
    assertThatThrownBy(() -> ApiServers.ofKubeconfig(file))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("s3cr3t");
  }

  @Test
  @DisplayName("gives the namespace of its context, else default")
  void namespace() throws Exception {
    Path file = userWith("https://k", "", "{token: t}");
    try (ApiServer server = ApiServers.ofKubeconfig(file)) {
      assertThat(server.namespace()).contains("shop");
    }
    Files.writeString(file, Files.readString(file).replace(", namespace: shop", ""));
    try (ApiServer server = ApiServers.ofKubeconfig(file)) {
      assertThat(server.namespace()).contains("default");
    }
  }

  @Test
  @DisplayName("a header that HTTP does not allow is reported without its content")
  void headersAreNotQuoted() {
    ApiException reported =
        Origin.of("https://k", "a test")
            .explain(new IllegalArgumentException("invalid header value: \"Bearer s3cr3t\""));
    assertThat(reported).hasMessageContaining("perhaps the token").hasNoCause();
    assertThat(reported.getMessage()).doesNotContain("s3cr3t");
  }
}
