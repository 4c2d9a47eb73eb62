package io.podtls.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.dsl.CertificateSigningRequestResource;
import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** On a control plane of its own: what happens here would disturb the tests that share one. */
@RequiresControlPlane
class ControlPlaneOutageIT {
  private static ControlPlane controlPlane;

  @BeforeAll
  static void start() {
    controlPlane =
        ControlPlane.start(
            ControlPlaneOptions.defaults()
                .signingDuration(Duration.ofMinutes(20))
                .controllerManagerRate(200)
                .apiServerFlag("--max-mutating-requests-inflight=100"));
  }

  @AfterAll
  static void stop() {
    controlPlane.close();
  }

  @Test
  @DisplayName(
      "a stopped API server refuses connections; started again it is at the same port with the same objects")
  void apiServerComesBack() throws Exception {
    String namespace = controlPlane.cluster().namespace();

    controlPlane.stopApiServer();

    assertThatThrownBy(() -> connect(controlPlane)).isInstanceOf(ConnectException.class);
    assertThat(controlPlane.audit().actionsOf(ControlPlane.ADMIN)).isNotEmpty();

    controlPlane.startApiServer();

    connect(controlPlane);
    assertThat(controlPlane.admin().namespaces().withName(namespace).get()).isNotNull();
    assertThat(controlPlane.cluster().namespace()).isNotEqualTo(namespace);
  }

  @Test
  @DisplayName("without the controller manager an approved request stays unsigned until it is back")
  void approvedStaysUnsigned() throws Exception {
    controlPlane.stopControllerManager();

    CertificateSigningRequestResource<CertificateSigningRequest> request =
        controlPlane
            .admin()
            .certificates()
            .v1()
            .certificateSigningRequests()
            .withName(
                controlPlane
                    .admin()
                    .resource(ControlPlaneIT.signingRequest(CertificateAuthority.newKeyPair()))
                    .create()
                    .getMetadata()
                    .getName());
    request.approve();
    assertThat(request.get().getStatus().getCertificate()).isNull();

    controlPlane.startControllerManager();

    String pem =
        request
            .waitUntilCondition(
                csr -> csr.getStatus().getCertificate() != null, 30, TimeUnit.SECONDS)
            .getStatus()
            .getCertificate();
    var certificate = ControlPlaneIT.certificate(Base64.getDecoder().decode(pem));
    assertThat(
            Duration.between(
                certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant()))
        .as("the signing duration, and the five minutes that the signer backdates")
        .isLessThanOrEqualTo(Duration.ofMinutes(25));
  }

  @Test
  @DisplayName("servers and folder are gone when the JVM that started them is killed")
  void nothingOutlivesTheJvm() throws Exception {
    ProcessHandle[] servers;
    Path folder;
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ControlPlaneInForeground.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (var output = jvm.inputReader()) {
      String line = output.readLine();
      while (!line.contains("KUBECONFIG=")) {
        line = output.readLine();
      }
      folder = Path.of(line.substring(line.indexOf('=') + 1)).getParent();
      servers =
          jvm.children()
              .filter(child -> name(child).matches("etcd|kube-.*"))
              .toArray(ProcessHandle[]::new);
    } finally {
      jvm.destroyForcibly();
    }

    assertThat(servers).hasSize(3);
    for (ProcessHandle server : servers) {
      server.onExit().get(20, TimeUnit.SECONDS);
    }
    assertThat(folder).satisfies(ControlPlaneOutageIT::awaitDeleted);
  }

  @Test
  @DisplayName("a server that cannot start says so with the end of its log")
  void failedStartShowsTheLog() {
    ControlPlaneOptions options = ControlPlaneOptions.defaults().apiServerFlag("--no-such-flag=1");

    assertThatThrownBy(() -> ControlPlane.start(options))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("kube-apiserver ended with exit code 1")
        .hasMessageContaining("--no-such-flag");
  }

  private static void connect(ControlPlane controlPlane) throws IOException {
    new Socket(InetAddress.getByName("127.0.0.1"), controlPlane.apiServerUrl().getPort()).close();
  }

  private static String name(ProcessHandle process) {
    return process.info().command().map(command -> new File(command).getName()).orElse("");
  }

  private static void awaitDeleted(Path folder) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (Files.exists(folder) && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertThat(folder).doesNotExist();
  }
}
