package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@RequiresControlPlane
class Fabric8LookupIT {

  @Test
  @DisplayName("a Service keeps what is compared, whatever the keys of its selector are called")
  void readsServices(Cluster cluster) {
    String namespace = cluster.namespace();
    Map<String, String> selector = Map.of("app", "orders", "status", "new", "ports", "all");
    cluster.service(namespace, "orders", selector);
    cluster
        .admin()
        .resource(
            new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName("large")
                .addToAnnotations("note", "x".repeat(200_000))
                .endMetadata()
                .withNewSpec()
                .withSelector(Map.of("app", "large"))
                .addNewPort()
                .withPort(443)
                .endPort()
                .endSpec()
                .build())
        .create();
    Map<String, String> many = new HashMap<>();
    IntStream.range(0, 2000).forEach(i -> many.put("label-" + i, "x"));
    cluster.service(namespace, "too-many", many);

    assertThat(new Fabric8Lookup(cluster.admin()).services(namespace, ClusterLookup.Freshness.LIVE))
        .as("a part of a selector selects more than the whole, so that Service is left out")
        .extracting(PodContext::nameOf)
        .containsExactlyInAnyOrder("orders", "large");
    Service orders =
        new Fabric8Lookup(cluster.admin())
            .services(namespace, ClusterLookup.Freshness.LIVE).stream()
                .filter(service -> PodContext.nameOf(service).equals("orders"))
                .findFirst()
                .orElseThrow();
    assertThat(orders.getSpec().getSelector()).isEqualTo(selector);
    assertThat(orders.getSpec().getClusterIPs()).isNotEmpty();
    assertThat(orders.getSpec().getPorts()).isEmpty();
  }

  @Test
  @DisplayName("a namespace that has more Services than are read cannot be decided on")
  void tooManyServices(Cluster cluster) {
    String namespace = cluster.namespace();
    Map<String, String> selector = new HashMap<>();
    IntStream.range(0, 150).forEach(i -> selector.put("label-" + i, "x".repeat(63)));
    IntStream.range(0, 170).forEach(i -> cluster.service(namespace, "s" + i, selector));
    Fabric8Lookup lookup = new Fabric8Lookup(cluster.admin());

    assertThatThrownBy(() -> lookup.services(namespace, ClusterLookup.Freshness.LIVE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("namespace " + namespace + " has more services than podtls reads");
  }

  @Test
  @DisplayName("a pod keeps its labels and what tells it apart, without its containers")
  void readsPod(Cluster cluster) {
    String namespace = cluster.namespace();
    TestPod pod =
        cluster.pod(namespace, "orders-7f9").label("status", "new").ips("10.1.2.3").create();
    Fabric8Lookup lookup = new Fabric8Lookup(cluster.admin());

    Pod read = lookup.pod(namespace, "orders-7f9").orElseThrow();

    assertThat(read.getMetadata().getUid()).isEqualTo(pod.uid());
    assertThat(read.getMetadata().getLabels()).containsEntry("status", "new");
    assertThat(read.getSpec().getServiceAccountName()).isEqualTo(pod.serviceAccount().name());
    assertThat(read.getStatus().getPodIP()).isEqualTo("10.1.2.3");
    assertThat(read.getSpec().getContainers()).isEmpty();
    assertThat(lookup.pod(namespace, "another")).isEmpty();
  }
}
