package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A cluster with pod orders-7f9 in namespace shop, label app=orders, address 10.1.2.3. */
final class FakeCluster implements ClusterLookup {

  private Optional<Pod> pod;
  private final List<Service> services = new ArrayList<>();
  private final List<Service> staleServices = new ArrayList<>();
  private boolean stale;
  private final List<EndpointSlice> endpointSlices = new ArrayList<>();
  private Optional<String> brokenLookup = Optional.empty();

  FakeCluster() {
    pod =
        Optional.of(
            new PodBuilder()
                .withNewMetadata()
                .withName(TestRequest.POD)
                .withNamespace(TestRequest.NAMESPACE)
                .withUid(TestRequest.POD_UID)
                .withLabels(Map.of("app", "orders", "pod-template-hash", "7f9"))
                .endMetadata()
                .withNewSpec()
                .withServiceAccountName(TestRequest.SERVICE_ACCOUNT)
                .endSpec()
                .withNewStatus()
                .withPhase("Pending")
                .withPodIP("10.1.2.3")
                .withPodIPs(new PodIP("10.1.2.3"))
                .endStatus()
                .build());
  }

  /** With Service orders in front of the pod, ClusterIP 10.96.0.10. */
  static FakeCluster withOrdersService() {
    return new FakeCluster().service("orders", Map.of("app", "orders"), "10.96.0.10");
  }

  FakeCluster pod(UnaryOperator<PodBuilder> change) {
    pod = Optional.of(change.apply(new PodBuilder(pod.orElseThrow())).build());
    return this;
  }

  FakeCluster podAddresses(String... addresses) {
    return pod(
        builder ->
            builder
                .editStatus()
                .withPodIP(addresses.length == 0 ? null : addresses[0])
                .withPodIPs(Arrays.stream(addresses).map(PodIP::new).toList())
                .endStatus());
  }

  FakeCluster noPod() {
    pod = Optional.empty();
    return this;
  }

  FakeCluster service(String name, Map<String, String> selector, String... clusterIps) {
    return service(
        new ServiceBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(TestRequest.NAMESPACE)
            .endMetadata()
            .withNewSpec()
            .withType("ClusterIP")
            .withSelector(selector)
            .withClusterIP(clusterIps[0])
            .withClusterIPs(clusterIps)
            .endSpec()
            .build());
  }

  FakeCluster service(Service service) {
    services.add(service);
    return this;
  }

  /** From now on, lookups that may be old give the Services as they are now. */
  FakeCluster cacheStopsHere() {
    staleServices.addAll(services);
    stale = true;
    return this;
  }

  FakeCluster noServices() {
    services.clear();
    return this;
  }

  FakeCluster endpointSlice(String service, String podName, String podUid, String address) {
    endpointSlices.add(
        new EndpointSliceBuilder()
            .withNewMetadata()
            .withLabels(Map.of("kubernetes.io/service-name", service))
            .endMetadata()
            .addNewEndpoint()
            .withAddresses(address)
            .withNewTargetRef()
            .withKind("Pod")
            .withName(podName)
            .withUid(podUid)
            .endTargetRef()
            .endEndpoint()
            .addNewEndpoint()
            .withAddresses("10.9.9.9")
            .endEndpoint()
            .build());
    return this;
  }

  /** A slice without endpoints: the API server then sends null where the list would be. */
  FakeCluster emptyEndpointSlice(String service) {
    EndpointSlice slice =
        new EndpointSliceBuilder()
            .withNewMetadata()
            .withLabels(Map.of("kubernetes.io/service-name", service))
            .endMetadata()
            .build();
    slice.setEndpoints(null);
    endpointSlices.add(slice);
    return this;
  }

  /** Makes one kind of lookup fail, as when the API server is overloaded. */
  FakeCluster broken(String lookup) {
    brokenLookup = Optional.of(lookup);
    return this;
  }

  @Override
  public Optional<Pod> pod(String namespace, String name) {
    failIfBroken("pod");
    return pod.filter(
        found ->
            found.getMetadata().getNamespace().equals(namespace)
                && found.getMetadata().getName().equals(name));
  }

  @Override
  public List<Service> services(String namespace, Freshness freshness) {
    failIfBroken("services");
    List<Service> seen = stale && freshness == Freshness.RECENT ? staleServices : services;
    return seen.stream()
        .filter(service -> service.getMetadata().getNamespace().equals(namespace))
        .toList();
  }

  @Override
  public List<EndpointSlice> endpointSlices(String namespace, Freshness freshness) {
    failIfBroken("endpointSlices");
    return endpointSlices;
  }

  private void failIfBroken(String lookup) {
    if (brokenLookup.filter(lookup::equals).isPresent()) {
      throw new KubernetesClientException(lookup + " unavailable", 503, null);
    }
  }
}
