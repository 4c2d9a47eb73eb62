package io.podtls.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RequiresControlPlane
class ControlPlaneIT {
  private static final String CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client";

  @Test
  @DisplayName("the API server is ready and reports a version that clients can parse")
  void apiServerIsReady(ControlPlane controlPlane) {
    assertThat(controlPlane.admin().raw("/readyz")).isEqualTo("ok");
    assertThat(controlPlane.admin().getKubernetesVersion().getGitVersion())
        .matches("v1\\.\\d+\\..*");
  }

  @Test
  @DisplayName("a new namespace has the API server's CA in ConfigMap kube-root-ca.crt")
  void newNamespaceHasTheClusterCa(Cluster cluster) throws Exception {
    String namespace = cluster.namespace();

    String published =
        cluster
            .admin()
            .configMaps()
            .inNamespace(namespace)
            .withName("kube-root-ca.crt")
            .get()
            .getData()
            .get("ca.crt");

    assertThat(published).isEqualTo(Files.readString(cluster.controlPlane().caCertificate()));
  }

  @Test
  @DisplayName("a request made with a pod's token carries that pod in spec.extra")
  void requestCarriesThePod(Cluster cluster) throws Exception {
    TestPod pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
    cluster.grant(pod, certificateSigningRequests("create"));

    CertificateSigningRequest created =
        cluster.clientFor(pod).resource(signingRequest(CertificateAuthority.newKeyPair())).create();

    assertThat(created.getSpec().getUsername())
        .isEqualTo("system:serviceaccount:" + pod.namespace() + ":orders");
    assertThat(created.getSpec().getExtra())
        .containsEntry("authentication.kubernetes.io/pod-name", List.of("orders-0"))
        .containsEntry("authentication.kubernetes.io/pod-uid", List.of(pod.uid()))
        .containsEntry("authentication.kubernetes.io/node-name", List.of(ControlPlane.NODE))
        .containsKey("authentication.kubernetes.io/credential-id");
  }

  @Test
  @DisplayName(
      "the built-in signer issues once an administrator has approved, and the API server accepts its certificate")
  void builtInSignerIssuesAfterApproval(Cluster cluster) throws Exception {
    TestPod pod = cluster.pod(cluster.namespace(), "orders-0").create();
    cluster.grant(pod, certificateSigningRequests("create"));
    KeyPair keys = CertificateAuthority.newKeyPair();
    String name =
        cluster.clientFor(pod).resource(signingRequest(keys)).create().getMetadata().getName();

    var request = cluster.admin().certificates().v1().certificateSigningRequests().withName(name);
    request.approve();
    String issued =
        request
            .waitUntilCondition(
                csr -> csr.getStatus() != null && csr.getStatus().getCertificate() != null,
                20,
                TimeUnit.SECONDS)
            .getStatus()
            .getCertificate();

    X509Certificate certificate = certificate(Base64.getDecoder().decode(issued));
    certificate.verify(cluster.controlPlane().csrSignerCa().getPublicKey());
    assertThat(certificate.getPublicKey()).isEqualTo(keys.getPublic());
    Config asItsSubject =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(cluster.controlPlane().apiServerUrl().toString())
            .withCaCertFile(cluster.controlPlane().caCertificate().toString())
            .withClientCertData(issued)
            .withClientKeyAlgo("EC")
            .withClientKeyData(base64(CertificateAuthority.ecKeyPem(keys.getPrivate())))
            .build();
    try (KubernetesClient client = cluster.controlPlane().newClient(asItsSubject)) {
      assertThatThrownBy(() -> client.namespaces().list())
          .isInstanceOfSatisfying(
              KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(403))
          .hasMessageContaining("User \"orders.example.com\"");
    }
  }

  @Test
  @DisplayName(
      "a service account without rights is refused, given them it is not, and refused again once they are revoked")
  void rightsComeAndGo(Cluster cluster) {
    TestPod pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
    KubernetesClient client = cluster.clientFor(pod);

    assertThat(codeOf(client)).isEqualTo(403);
    Grant grant = cluster.grant(pod, certificateSigningRequests("list"));
    assertThat(codeOf(client)).isEqualTo(200);
    cluster.revoke(grant);
    assertThat(codeOf(client)).isEqualTo(403);
  }

  @Test
  @DisplayName("a pod has the addresses asked for, of both families, and is ready")
  void podHasItsAddresses(Cluster cluster) throws Exception {
    TestPod pod =
        cluster
            .pod(cluster.namespace(), "orders-0")
            .label("app", "orders")
            .ips("10.1.2.3", "fd00::3")
            .create();

    var seen = cluster.admin().pods().inNamespace(pod.namespace()).withName("orders-0");

    assertThat(seen.isReady()).isTrue();
    assertThat(seen.get().getStatus().getPodIP()).isEqualTo("10.1.2.3");
    assertThat(seen.get().getStatus().getPodIPs())
        .extracting(ip -> ip.getIp())
        .containsExactly("10.1.2.3", "fd00::3");
    assertThat(pod.ips())
        .containsExactly(InetAddress.getByName("10.1.2.3"), InetAddress.getByName("fd00::3"));
    assertThat(pod.uid()).isEqualTo(seen.get().getMetadata().getUid());
  }

  @Test
  @DisplayName(
      "a terminated pod stays with a deletion time, a deleted one is gone and its name free")
  void podsEnd(Cluster cluster) {
    String namespace = cluster.namespace();
    TestPod pod = cluster.pod(namespace, "orders-0").create();
    var seen = cluster.admin().pods().inNamespace(namespace).withName("orders-0");

    cluster.terminate(pod);
    assertThat(seen.get().getMetadata().getDeletionTimestamp()).isNotNull();
    cluster.delete(pod);
    assertThat(seen.get()).isNull();

    TestPod next = cluster.pod(namespace, "orders-0").withoutIp().create();
    assertThat(next.uid()).isNotEqualTo(pod.uid());
    assertThat(next.ips()).isEmpty();
    assertThat(seen.get().getStatus().getPhase()).isEqualTo("Pending");
  }

  @Test
  @DisplayName("a Service gets a cluster IP and an EndpointSlice of the pods that it selects")
  void serviceSelectsPods(Cluster cluster) {
    String namespace = cluster.namespace();
    TestPod pod =
        cluster.pod(namespace, "orders-0").label("app", "orders").ips("10.1.2.3").create();

    assertThat(
            cluster.service(namespace, "orders", Map.of("app", "orders")).getSpec().getClusterIP())
        .startsWith("10.96.");

    var slices = cluster.admin().discovery().v1().endpointSlices().inNamespace(namespace);
    var slice =
        slices
            .withLabel("kubernetes.io/service-name", "orders")
            .informOnCondition(
                found ->
                    found.stream()
                        .map(EndpointSlice::getEndpoints)
                        // A slice that has none yet may lack the field.
                        .anyMatch(endpoints -> endpoints != null && !endpoints.isEmpty()))
            .orTimeout(90, TimeUnit.SECONDS)
            .join()
            .get(0);
    assertThat(slice.getEndpoints().get(0).getAddresses()).containsExactly("10.1.2.3");
    assertThat(slice.getEndpoints().get(0).getTargetRef().getUid()).isEqualTo(pod.uid());
  }

  @Test
  @DisplayName(
      "the audit log counts each request once, an open watch among them, by user, verb and resource")
  void auditLogCountsRequests(Cluster cluster) throws Exception {
    TestPod pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
    cluster.grant(pod, certificateSigningRequests("create", "watch"));
    KubernetesClient client = cluster.clientFor(pod);

    CertificateSigningRequest created =
        client.resource(signingRequest(CertificateAuthority.newKeyPair())).create();
    try (Watch watch = client.resource(created).watch(new IgnoringWatcher())) {
      assertThat(watch).isNotNull();
      assertThat(cluster.controlPlane().audit().actionsOf(pod))
          .containsExactlyInAnyOrderEntriesOf(
              Map.of(
                  "create certificatesigningrequests", 1, "watch certificatesigningrequests", 1));
    }
    assertThat(cluster.controlPlane().audit().requestsOf(pod))
        .filteredOn(request -> request.verb().equals("create"))
        .singleElement()
        .satisfies(
            request -> {
              assertThat(request.status()).hasValue(201);
              assertThat(request.complete()).isTrue();
            });
  }

  @Test
  @DisplayName("a mounted service account is laid out through ..data and rotates at once")
  void mountedServiceAccountRotates(Cluster cluster, @TempDir Path folder) throws Exception {
    TestPod pod = cluster.pod(cluster.namespace(), "orders-0").create();

    cluster.mountedServiceAccount(pod, folder);
    String first = Files.readString(folder.resolve("token"));
    Path firstData = folder.resolve("..data").toRealPath();
    cluster.mountedServiceAccount(pod, folder);

    assertThat(Files.readSymbolicLink(folder.resolve("token"))).isEqualTo(Path.of("..data/token"));
    assertThat(Files.readSymbolicLink(folder.resolve("..data"))).isRelative();
    assertThat(folder.resolve("token")).isRegularFile();
    assertThat(Files.readString(folder.resolve("token"))).isNotEqualTo(first);
    assertThat(firstData).doesNotExist();
    assertThat(folder.resolve("..data_tmp")).doesNotExist();
    assertThat(Files.readString(folder.resolve("namespace"))).isEqualTo(pod.namespace());
    assertThat(Files.isSymbolicLink(folder.resolve("ca.crt"))).isTrue();
    assertThat(Files.exists(folder.resolve("..data"), LinkOption.NOFOLLOW_LINKS)).isTrue();
  }

  static io.fabric8.kubernetes.api.model.rbac.PolicyRule certificateSigningRequests(
      String... verbs) {
    return Cluster.rule("certificates.k8s.io", "certificatesigningrequests", verbs);
  }

  private static int codeOf(KubernetesClient client) {
    try {
      client.certificates().v1().certificateSigningRequests().list();
      return 200;
    } catch (KubernetesClientException e) {
      return e.getCode();
    }
  }

  static CertificateSigningRequest signingRequest(KeyPair keys) throws Exception {
    byte[] der =
        new JcaPKCS10CertificationRequestBuilder(
                new X500Name("CN=orders.example.com"), keys.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
            .getEncoded();
    return new CertificateSigningRequestBuilder()
        .withNewMetadata()
        .withGenerateName("harness-")
        .endMetadata()
        .withNewSpec()
        .withSignerName(CLIENT_SIGNER)
        .withUsages("digital signature", "client auth")
        .withRequest(base64(CertificateAuthority.pem("CERTIFICATE REQUEST", der)))
        .endSpec()
        .build();
  }

  static X509Certificate certificate(byte[] pem) throws CertificateException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static final class IgnoringWatcher implements Watcher<CertificateSigningRequest> {
    @Override
    public void eventReceived(Action action, CertificateSigningRequest request) {
      Objects.requireNonNull(action);
    }

    @Override
    public void onClose(WatcherException cause) {
      throw new AssertionError(cause);
    }
  }
}
