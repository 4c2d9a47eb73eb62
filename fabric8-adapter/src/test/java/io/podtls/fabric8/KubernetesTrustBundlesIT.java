package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.ClusterTrustBundleBuilder;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.request.SignerName;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@RequiresControlPlane
@DisplayName("Trust bundles of a real API server")
class KubernetesTrustBundlesIT {

  private final Cluster cluster;
  private final TestPod pod;
  private final TestCa first = TestCa.root("first");
  private final TestCa second = TestCa.root("second");

  KubernetesTrustBundlesIT(Cluster cluster) {
    this.cluster = cluster;
    this.pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
  }

  private static TrustBundle bundle(TestCa... cas) {
    return TrustBundle.of(Arrays.stream(cas).map(TestCa::certificate).toList());
  }

  private ConfigMap configMap(String name, Map<String, String> data) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withNamespace(pod.namespace())
        .withName(name)
        .endMetadata()
        .withData(data)
        .build();
  }

  private ConfigMapTrust sourceOf(String name) {
    return KubernetesTrustBundles.using(cluster.clientFor(pod))
        .configMap(name)
        .inNamespace(pod.namespace());
  }

  private void mayRead(String resource, String... verbs) {
    cluster.grant(pod, Cluster.rule("", resource, verbs));
  }

  @Test
  @DisplayName("kube-root-ca.crt of the namespace is the API server's CA")
  void kubeRootCa() {
    mayRead("configmaps", "get");

    assertThat(sourceOf("kube-root-ca.crt").load())
        .isEqualTo(TrustBundleSource.pemFile(cluster.controlPlane().caCertificate()).load());
  }

  @Test
  @DisplayName("another key of a ConfigMap; a missing one is an error that names those there are")
  void keysOfConfigMap() {
    mayRead("configmaps", "get");
    cluster.admin().resource(configMap("cas", Map.of("peers.pem", bundle(first).toPem()))).create();

    assertThat(sourceOf("cas").atKey("peers.pem").load()).isEqualTo(bundle(first));
    assertThatThrownBy(() -> sourceOf("cas").load())
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("configmap " + pod.namespace() + "/cas key ca.crt: no such key")
        .hasMessageContaining("peers.pem");
  }

  @Test
  @DisplayName("a change is hinted at once, and what was loaded already is not")
  void changeIsHinted() throws Exception {
    mayRead("configmaps", "get", "watch");
    ConfigMap before = configMap("cas", Map.of("ca.crt", bundle(first).toPem()));
    cluster.admin().resource(before).create();
    TrustBundleSource source = sourceOf("cas");
    Semaphore hints = new Semaphore(0);

    try (AutoCloseable subscription = source.onChange(hints::release)) {
      assertThat(source.load()).isEqualTo(bundle(first));
      assertThat(source.pollInterval()).isEqualTo(Duration.ofMinutes(5));
      assertThat(hints.tryAcquire(300, TimeUnit.MILLISECONDS)).isFalse();

      cluster
          .admin()
          .resource(configMap("cas", Map.of("ca.crt", bundle(first, second).toPem())))
          .update();

      assertThat(hints.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      assertThat(source.load()).isEqualTo(bundle(first, second));
      assertThat(subscription).isNotNull();
    }
    assertThat(source.pollInterval()).isEqualTo(Duration.ofMinutes(1));
    assertThat(cluster.controlPlane().audit().actionsOf(pod))
        .isEqualTo(Map.of("get configmaps", 2, "watch configmaps", 1));
  }

  @Test
  @DisplayName("without the right to watch it is polled each minute, and says nothing worse")
  void watchForbidden() throws Exception {
    mayRead("configmaps", "get");
    TrustBundleSource source = sourceOf("kube-root-ca.crt");

    try (AutoCloseable subscription = source.onChange(() -> {})) {
      source.load();
      cluster.controlPlane().audit().requests();
      assertThat(subscription).isNotNull();
      assertThat(source.load().certificates()).isNotEmpty();
    }
    assertThat(source.pollInterval()).isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  @DisplayName("without the right to read, the error shows the missing rule")
  void readForbidden() {
    assertThatThrownBy(() -> sourceOf("cas").load())
        .isInstanceOf(SignerUnavailableException.class)
        .hasMessageContaining(
            """
            Bind the service account to a Role in namespace %s with
            rules:
            - apiGroups: [""]
              resources: [configmaps]
              resourceNames: [cas]
              verbs: [get, watch]
            """
                .formatted(pod.namespace()));
  }

  @Test
  @DisplayName(
      "no such ConfigMap yet is worth another try, one without a certificate is not; both are"
          + " named")
  void missingAndEmpty() {
    mayRead("configmaps", "get");
    cluster.admin().resource(configMap("empty", Map.of("ca.crt", ""))).create();

    assertThatThrownBy(() -> sourceOf("nothing").load())
        .isInstanceOf(SignerUnavailableException.class)
        .hasMessageContaining("/nothing key ca.crt: there is none yet")
        .hasMessageContaining("create configmap nothing --from-file=ca.crt=CA_FILE");
    assertThatThrownBy(() -> sourceOf("empty").load())
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("/empty key ca.crt");
  }

  @Test
  @DisplayName("ClusterTrustBundles: one by name, and all of a signer's")
  void clusterTrustBundles() throws Exception {
    cluster.grant(
        pod, Cluster.rule("certificates.k8s.io", "clustertrustbundles", "get", "list", "watch"));
    String path = "t" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    SignerName signer = SignerName.of("example.com/" + path);
    create("example.com:" + path + ":old", signer, first);
    TrustBundleSource all =
        KubernetesTrustBundles.using(cluster.clientFor(pod)).clusterTrustBundlesOf(signer);
    Semaphore hints = new Semaphore(0);

    try (AutoCloseable subscription = all.onChange(hints::release)) {
      assertThat(all.load()).isEqualTo(bundle(first));
      create("example.com:" + path + ":new", signer, second);
      assertThat(hints.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      assertThat(all.load()).isEqualTo(bundle(first, second));
      assertThat(subscription).isNotNull();
    }
    assertThat(
            KubernetesTrustBundles.using(cluster.clientFor(pod))
                .clusterTrustBundle("example.com:" + path + ":new")
                .load())
        .isEqualTo(bundle(second));
    assertThatThrownBy(
            () ->
                KubernetesTrustBundles.using(cluster.clientFor(pod))
                    .clusterTrustBundlesOf(SignerName.of("example.com/nobody"))
                    .load())
        .isInstanceOf(SignerUnavailableException.class)
        .hasMessageContaining("clustertrustbundles of example.com/nobody");
  }

  private void create(String name, SignerName signer, TestCa ca) {
    cluster
        .admin()
        .resource(
            new ClusterTrustBundleBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withSignerName(signer.toString())
                .withTrustBundle(TrustBundle.of(List.of(ca.certificate())).toPem())
                .endSpec()
                .build())
        .create();
  }
}
