package io.podtls.examples.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.controlplane.AuditedRequest;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.ControlPlane;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.fabric8.approval.CertificateSigningRequests;
import io.podtls.fabric8.approval.RequestDescription;
import io.podtls.testing.OpenSsl;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The programs as processes with the service accounts of their manifests, with tokens bound to
 * pods, and with the rights that the manifests give and no others.
 */
@RequiresControlPlane
@DisplayName("with the manifests applied")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class WholeFlowIT {
  private final ControlPlane controlPlane;
  private final Cluster cluster;
  private final KubernetesClient admin;
  private final Manifests manifests;
  private Path folder;
  private final List<Program> running = new ArrayList<>();
  private TestPod signerPod;
  private TestPod serverPod;
  private Program server;
  private Path hosts;
  private Path ca;
  private int port;
  private int healthPort;
  private Map<String, Integer> serverActions;

  WholeFlowIT(ControlPlane controlPlane) {
    this.controlPlane = controlPlane;
    this.cluster = controlPlane.cluster();
    this.admin = cluster.admin();
    this.manifests = new Manifests(admin);
  }

  @BeforeAll
  void startEverything(@TempDir Path temporary) throws Exception {
    folder = temporary;
    manifests.apply();
    hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 orders.shop.svc localhost\n");
    signerPod = manifests.pod(cluster, "signer.yaml", "cluster-signer-0");
    List<Program> signers = new ArrayList<>();
    for (int replica = 0; replica < 2; replica++) {
      List<String> arguments = manifests.arguments("signer.yaml");
      arguments.addAll(List.of("--health-port", "0", "--patience", "10"));
      signers.add(
          start(
              io.podtls.examples.clustersigner.Main.class,
              environmentOf(signerPod, "replica-" + replica),
              arguments));
    }
    for (Program signer : signers) {
      healthPort =
          Integer.parseInt(
              signer
                  .awaitOutput("signing for example.com/serving .* health at port (\\d+)")
                  .group(1));
    }
    ConfigMap published =
        admin
            .configMaps()
            .inNamespace("shop")
            .withName("serving-ca")
            .waitUntilCondition(map -> map != null && map.getData() != null, 60, TimeUnit.SECONDS);
    ca = Files.writeString(folder.resolve("ca.crt"), published.getData().get("ca.crt"));

    serverPod = manifests.pod(cluster, "server.yaml", "orders-0");
    server =
        start(
            io.podtls.examples.httpsserver.Main.class,
            environmentOf(serverPod, "orders-0"),
            serverArguments());
    port =
        Integer.parseInt(server.awaitOutput("serving +https://127\\.0\\.0\\.1:(\\d+)/").group(1));
    serverActions = controlPlane.audit().actionsOf(serverPod); // before others of its account
  }

  @AfterAll
  void stopEverything() {
    Collections.reverse(running);
    running.forEach(Program::close);
  }

  @Test
  @DisplayName("the server gets the names of its Service, with two requests")
  void serverIsIssuedForItsPod() throws Exception {
    assertThat(server.words())
        .contains("with 2 API requests")
        .contains(
            "names DNS orders.shop.svc DNS orders.shop.svc.cluster.local issuer"
                + " CN=example.com/serving CA");
    assertThat(serverActions)
        .containsEntry("create certificatesigningrequests", 1)
        .containsEntry("watch certificatesigningrequests", 1)
        .hasSize(2);
  }

  @Test
  @DisplayName("the request is Approved,Issued, approved for the pod that made it")
  void requestIsApprovedAndIssued() throws Exception {
    List<RequestDescription> requests = new ArrayList<>();
    CertificateSigningRequests administrator = CertificateSigningRequests.using(admin);
    for (var csr : admin.certificates().v1().certificateSigningRequests().list().getItems()) {
      RequestDescription request = administrator.describe(csr.getMetadata().getName());
      if (request.pod().equals(Optional.of("shop/orders-0"))) {
        requests.add(request);
      }
    }

    assertThat(requests)
        .singleElement()
        .satisfies(
            request -> {
              assertThat(request.status()).containsExactly("Approved", "Issued");
              assertThat(request.requester()).isEqualTo("system:serviceaccount:shop:orders");
              assertThat(request.conditions().toString()).contains("PodBound", serverPod.uid());
            });
  }

  @Test
  @DisplayName(
      "a client that trusts the published CA reaches the server by its Service's name alone")
  void clientReachesTheServer() throws Exception {
    Program byName = client("https://orders.shop.svc:" + port + "/", ca);
    Program byAddress = client("https://127.0.0.1:" + port + "/", ca);

    assertThat(byName.exitCode()).as(byName.output()).isZero();
    assertThat(byName.output()).startsWith("200 hello").contains("names   orders.shop.svc,");
    assertThat(byAddress.exitCode()).as(byAddress.output()).isEqualTo(4);
  }

  @Test
  @DisplayName(
      "a client with another CA or another name in its URL prints the reason, with an exit code for"
          + " each")
  void clientRefusesWithReason() throws Exception {
    Program anotherCa =
        client("https://orders.shop.svc:" + port + "/", controlPlane.caCertificate());
    Program anotherName = client("https://localhost:" + port + "/", ca);

    assertThat(anotherCa.exitCode()).isEqualTo(3);
    assertThat(anotherCa.output()).contains("not trusted").contains("CN=example.com/serving CA");
    assertThat(anotherName.exitCode()).isEqualTo(4);
    assertThat(anotherName.output()).contains("not for localhost");
  }

  @Test
  @DisplayName("openssl verifies the server by DNS name")
  void opensslVerifies() throws Exception {
    assertThat(sClient("-servername", "orders.shop.svc", "-verify_hostname", "orders.shop.svc"))
        .contains("Verification: OK", "Verified peername: orders.shop.svc");
  }

  @Test
  @DisplayName(
      "a pod that asks for the name of another namespace's Service is denied, and prints why")
  void strangerIsDenied() throws Exception {
    TestPod stranger = manifests.pod(cluster, "server.yaml", "stranger");
    Map<String, String> environment = environmentOf(stranger, "stranger");
    environment.put("POD_NAMESPACE", "billing");

    Program program =
        start(io.podtls.examples.httpsserver.Main.class, environment, serverArguments());

    assertThat(program.exitCode()).as(program.output()).isEqualTo(1);
    assertThat(program.output()).contains("denied: ").contains("orders.billing.svc");
  }

  @Test
  @DisplayName(
      "a pod that its Service does not select waits for the approver's reason, and prints it")
  void unselectedPodReadsTheReason() throws Exception {
    TestPod unselected = manifests.pod(cluster, "server.yaml", "unselected");
    admin
        .pods()
        .inNamespace("shop")
        .withName("unselected")
        .edit(pod -> new PodBuilder(pod).editMetadata().withLabels(Map.of()).endMetadata().build());

    Program program =
        start(
            io.podtls.examples.httpsserver.Main.class,
            environmentOf(unselected, "unselected"),
            serverArguments());

    assertThat(program.exitCode()).as(program.output()).isEqualTo(1);
    assertThat(program.words()).contains("denied: ").contains("Service orders").contains("select");
  }

  @Test
  @DisplayName(
      "more slow clients than the signer has threads are disconnected, and it is alive again")
  void slowClientsAreDisconnected() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 32; i++) {
        Socket socket = new Socket("127.0.0.1", healthPort);
        slow.add(socket);
        socket.getOutputStream().write("GET /healthz HT".getBytes(StandardCharsets.US_ASCII));
      }
      slow.get(0).setSoTimeout(15_000);
      assertThat(slow.get(0).getInputStream().read()).isEqualTo(-1);

      HttpURLConnection health =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + healthPort + "/healthz").toURL().openConnection();
      assertThat(health.getResponseCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  @DisplayName("no request is ever forbidden: the manifests' rights are enough")
  void rightsAreEnough() {
    assertThat(controlPlane.audit().requestsOf(signerPod))
        .isNotEmpty()
        .allSatisfy(request -> assertThat(code(request)).isNotEqualTo(403));
    assertThat(controlPlane.audit().requestsOf(serverPod))
        .allSatisfy(request -> assertThat(code(request)).isNotEqualTo(403));
  }

  private static int code(AuditedRequest request) {
    return request.status().orElse(0);
  }

  private List<String> serverArguments() {
    List<String> arguments = manifests.arguments("server.yaml");
    arguments.set(arguments.indexOf("--ca") + 1, ca.toString());
    arguments.set(arguments.indexOf("--port") + 1, "0");
    arguments.addAll(List.of("--drain", "0"));
    return arguments;
  }

  private Program client(String url, Path trusted) {
    List<String> arguments = manifests.arguments("client.yaml");
    arguments.set(0, url);
    arguments.set(arguments.indexOf("--ca") + 1, trusted.toString());
    int every = arguments.indexOf("--every");
    arguments.subList(every, every + 2).clear();
    return start(io.podtls.examples.httpsclient.Main.class, Map.of(), arguments);
  }

  private Program start(Class<?> main, Map<String, String> environment, List<String> arguments) {
    Program program = Program.start(main, hosts, environment, arguments);
    running.add(program);
    return program;
  }

  /** Returns what the downward API gives to a pod, and a kubeconfig with its bound token. */
  private Map<String, String> environmentOf(TestPod pod, String name) throws IOException {
    Path kubeconfig =
        Kubeconfig.write(
            folder.resolve(name + ".kubeconfig"),
            controlPlane,
            pod.namespace(),
            cluster.tokenFor(pod));
    Map<String, String> environment = new HashMap<>();
    environment.put("KUBECONFIG", kubeconfig.toString());
    environment.put("HOSTNAME", name);
    environment.put("POD_NAME", pod.name());
    environment.put("POD_NAMESPACE", pod.namespace());
    environment.put("POD_UID", pod.uid());
    environment.put("POD_IP", pod.ip().getHostAddress());
    environment.put("POD_SERVICE_ACCOUNT", pod.serviceAccount().name());
    return environment;
  }

  private String sClient(String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "s_client",
                "-connect",
                "127.0.0.1:" + port,
                "-CAfile",
                ca.toString(),
                "-verify_return_error"));
    arguments.addAll(List.of(options));
    return OpenSsl.in(folder).run(arguments.toArray(new String[0]));
  }
}
