package io.podtls.examples.httpsserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.examples.signing.CertificateAuthority;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("the HTTPS server")
@Timeout(120)
class MainTest {
  @TempDir Path home;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  @DisplayName(
      "without a cluster runs on the embedded one, and prints that, the certificate and a check of"
          + " it")
  void runsEmbedded() throws Exception {
    int code = run(Map.of("HOME", home.toString()));

    assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    assertThat(code).isZero();
    assertThat(words())
        .contains("cluster embedded, because there is no kubeconfig and this is no pod")
        .contains("with 2 API requests")
        .contains(
            "names DNS orders.shop.svc DNS orders.shop.svc.cluster.local issuer"
                + " CN=podtls demonstration CA serial")
        .containsPattern("valid 20\\S+ \\S+ UTC to 20\\S+ \\S+ UTC \\(24\\.\\d h\\)")
        .containsPattern("check GET https://orders\\.shop\\.svc:\\d+/ -> 200 hello \\(TLSv1\\.3");
  }

  @Test
  @DisplayName("asks for the names of the pod that its environment describes")
  void asksForThePodsNames() throws Exception {
    int code =
        run(
            Map.of(
                "POD_NAMESPACE",
                "billing",
                "POD_IP",
                "127.0.0.1",
                "CLUSTER_DOMAIN",
                "corp.example"),
            "--embedded",
            "--service",
            "invoices",
            "--signer-name",
            "example.org/other");

    assertThat(code).isZero();
    assertThat(words())
        .contains("cluster embedded, as --embedded asks for")
        .contains("to signer example.org/other")
        .contains("names DNS invoices.billing.svc DNS invoices.billing.svc.corp.example issuer");
  }

  @Test
  @DisplayName("prints what it waited for when the cluster of the kubeconfig does not answer")
  void reportsUnreachableCluster() throws Exception {
    int unused;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      unused = socket.getLocalPort();
    }
    Path kubeconfig = home.resolve("config");
    Files.writeString(
        kubeconfig,
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}]
        contexts: [{name: c, context: {cluster: c, user: u, namespace: shop}}]
        users: [{name: u, user: {token: t}}]
        current-context: c
        """
            .formatted(unused));
    Path ca = home.resolve("ca.crt");
    Files.writeString(ca, CertificateAuthority.create("x", Duration.ofDays(1)).pathPem());

    int code =
        run(Map.of("KUBECONFIG", kubeconfig.toString()), "--timeout", "2", "--ca", ca.toString());

    assertThat(code).isEqualTo(1);
    assertThat(words()).contains("cluster http://127.0.0.1:" + unused);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("not ready after 2");
  }

  @Test
  @DisplayName("refuses a KUBECONFIG that names no file, and does not run embedded instead")
  void refusesMissingKubeconfig() throws Exception {
    Path missing = home.resolve("nope");

    assertThat(run(Map.of("KUBECONFIG", missing.toString()))).isEqualTo(1);

    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("KUBECONFIG names " + missing + ", which does not exist");
  }

  @Test
  @DisplayName("explains its options when one is wrong")
  void explainsOptions() throws Exception {
    assertThat(run(Map.of(), "--port", "https")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith("--port needs a number")
        .contains("--soak MINUTES");
    assertThat(run(Map.of(), "--frobnicate")).isEqualTo(2);
    assertThat(run(Map.of(), "--ca")).isEqualTo(2);
  }

  private int run(Map<String, String> environment, String... arguments) throws Exception {
    return Main.run(
        environment,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        arguments);
  }

  /** The output with every run of white space as one blank. */
  private String words() {
    return out.toString(StandardCharsets.UTF_8).replaceAll("\\s+", " ");
  }
}
