package io.podtls.examples.pods;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock("shop")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@DisplayName("a pod of another namespace, with the role edit there and the right to request,")
class TenantIT {
  private final Node node = Node.connect();
  private KubernetesClient intruder;

  @BeforeAll
  void start() throws InterruptedException {
    node.applyManifests();
    Node.kubectl("delete", "namespace", "tenant", "--ignore-not-found");
    node.apply(Node.resource("tenant.yaml"));
    Node.kubectl("wait", "pod/orders", "-n", "tenant", "--for=condition=Ready", "--timeout=60s");
    String token =
        Node.kubectl(
                "create",
                "token",
                "default",
                "-n",
                "tenant",
                "--bound-object-kind=Pod",
                "--bound-object-name=orders")
            .strip();
    Config admin = node.admin().getConfiguration();
    intruder =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(Config.empty())
                    .withMasterUrl(admin.getMasterUrl())
                    .withCaCertData(admin.getCaCertData())
                    .withOauthToken(token)
                    .withNamespace("tenant")
                    .build())
            .build();
  }

  @AfterAll
  void stop() throws InterruptedException {
    intruder.close();
    Node.kubectl("delete", "namespace", "tenant", "--wait=false");
    Node.kubectl("delete", "clusterrolebinding", "tenant-requester");
    node.close();
  }

  @Test
  @DisplayName("gets a certificate for its own Service: the refusals below are the policy's")
  void ownName() {
    assertThat(outcome(request(it -> it.dnsNames("orders.tenant.svc")))).isEqualTo("Approved");
  }

  @Test
  @DisplayName("is denied another namespace's names, wildcards and names of no Service")
  void foreignNames() {
    for (String name :
        List.of(
            "orders.shop.svc",
            "orders.shop.svc.cluster.local",
            "kubernetes.default.svc",
            "*.tenant.svc",
            "localhost",
            "example.com")) {
      assertThat(outcome(request(it -> it.dnsNames(name)))).as(name).isEqualTo("Denied");
      assertThat(outcome(request(it -> it.dnsNames("orders.tenant.svc", name))))
          .as("its own name and " + name)
          .isEqualTo("Denied");
    }
  }

  @Test
  @DisplayName("is denied other pods', Services' and the node's addresses")
  void foreignAddresses() throws UnknownHostException {
    Pod server = node.pods("shop", "orders").get(0);
    String service =
        node.admin()
            .services()
            .inNamespace("shop")
            .withName("orders")
            .get()
            .getSpec()
            .getClusterIP();
    for (String address :
        List.of(server.getStatus().getPodIP(), service, "10.96.0.1", "10.250.0.1", "127.0.0.1")) {
      InetAddress ip = InetAddress.getByName(address);
      assertThat(outcome(request(it -> it.dnsNames("orders.tenant.svc").ipAddresses(ip))))
          .as(address)
          .isEqualTo("Denied");
    }
  }

  @Test
  @DisplayName(
      "gains no name of another namespace by EndpointSlices and Services that it makes by hand")
  void handMadeSlices() throws InterruptedException {
    String pods = intruder.pods().withName("orders").get().getStatus().getPodIP();
    intruder
        .load(
            new ByteArrayInputStream(
                Node.resource("slices.yaml")
                    .replace("POD_IP", pods)
                    .getBytes(StandardCharsets.UTF_8)))
        .items()
        .forEach(object -> intruder.resource(object).createOr(it -> it.update()));

    assertThat(outcome(request(it -> it.dnsNames("api.shop.svc")))).isEqualTo("Denied");
    assertThat(outcome(request(it -> it.dnsNames("orders.shop.svc")))).isEqualTo("Denied");
  }

  @Test
  @DisplayName("delays no other namespace by a flood of 100 requests: a new pod is Ready in 60 s")
  void flood() throws InterruptedException {
    List<String> flood = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      flood.add(request(it -> it.dnsNames("no-such-service.tenant.svc")));
    }
    Instant begin = Instant.now();
    Node.kubectl("rollout", "restart", "deployment/orders", "-n", "shop");
    node.awaitRollout("shop", "orders");

    assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(60));
    for (String name : flood) {
      assertThat(condition(name)).isNotEqualTo("Approved");
    }
  }

  private String request(Consumer<CertificateRequest.Builder> names) {
    CertificateRequest.Builder builder =
        CertificateRequest.builder(SignerName.of("example.com/serving"))
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH);
    names.accept(builder);
    String pkcs10 = PendingIdentity.generate(builder.build()).pkcs10Pem();
    CertificateSigningRequest created =
        intruder
            .resource(
                new CertificateSigningRequestBuilder()
                    .withNewMetadata()
                    .withGenerateName("tenant-")
                    .endMetadata()
                    .withNewSpec()
                    .withSignerName("example.com/serving")
                    .withUsages("digital signature", "server auth")
                    .withRequest(
                        Base64.getEncoder().encodeToString(pkcs10.getBytes(StandardCharsets.UTF_8)))
                    .endSpec()
                    .build())
            .create();
    return created.getMetadata().getName();
  }

  private String outcome(String name) {
    Node.await("decision on " + name, () -> !condition(name).isEmpty(), () -> "");
    return condition(name);
  }

  private String condition(String name) {
    CertificateSigningRequest now =
        node.admin().certificates().v1().certificateSigningRequests().withName(name).get();
    return now.getStatus() == null
        ? ""
        : now.getStatus().getConditions().stream()
            .map(CertificateSigningRequestCondition::getType)
            .findFirst()
            .orElse("");
  }
}
