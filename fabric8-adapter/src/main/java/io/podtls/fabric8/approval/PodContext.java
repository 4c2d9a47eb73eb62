package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A pod and its relations to the Services of its namespace. For one thread. */
final class PodContext {

  private static final String SERVICE_NAME = "kubernetes.io/service-name";

  private final Pod pod;
  private final List<Service> services;
  private final Supplier<List<EndpointSlice>> endpointSlicesSource;
  private @Nullable List<EndpointSlice> endpointSlices;

  /**
   * Describes a pod.
   *
   * @param endpointSlices those of the namespace; asked at most once, and only if a Service without
   *     selector is named
   */
  PodContext(Pod pod, List<Service> services, Supplier<List<EndpointSlice>> endpointSlices) {
    this.pod = pod;
    this.services = services;
    this.endpointSlicesSource = endpointSlices;
  }

  Pod pod() {
    return pod;
  }

  String name() {
    return pod.getMetadata().getName();
  }

  String namespace() {
    return pod.getMetadata().getNamespace();
  }

  boolean usesHostNetwork() {
    return Boolean.TRUE.equals(pod.getSpec().getHostNetwork());
  }

  /** The pod's addresses; none before its network is set up. */
  Set<String> addresses() {
    return Stream.concat(
            Stream.ofNullable(pod.getStatus().getPodIP()),
            pod.getStatus().getPodIPs().stream().map(PodIP::getIp))
        .map(Names::canonicalAddress)
        .flatMap(Optional::stream)
        .collect(Collectors.toSet());
  }

  Optional<Service> service(String name) {
    return services.stream().filter(service -> nameOf(service).equals(name)).findFirst();
  }

  /** The Service whose virtual address this is. */
  Optional<Service> serviceAt(String clusterIp) {
    return services.stream()
        .filter(
            service ->
                service.getSpec().getClusterIPs().stream()
                    .map(Names::canonicalAddress)
                    .anyMatch(Optional.of(clusterIp)::equals))
        .findFirst();
  }

  /** Whether the Service sends its traffic to the pod, be the pod ready or not. */
  boolean isSelectedBy(Service service) {
    if (isExternalName(service)) {
      return false; // its selector has no meaning: the name leads out of the cluster
    }
    Map<String, String> selector = service.getSpec().getSelector();
    if (selector == null || selector.isEmpty()) {
      return isEndpointOf(nameOf(service));
    }
    return labels(pod).entrySet().containsAll(selector.entrySet());
  }

  /** Whether the headless Service gives the pod the name {@code hostname.service} in the DNS. */
  boolean hasHostname(String hostname, Service service) {
    return isHeadless(service)
        && hostname.equals(pod.getSpec().getHostname())
        && nameOf(service).equals(pod.getSpec().getSubdomain());
  }

  static boolean isExternalName(Service service) {
    return "ExternalName".equals(service.getSpec().getType());
  }

  static boolean isHeadless(Service service) {
    return "None".equals(service.getSpec().getClusterIP());
  }

  static String nameOf(Service service) {
    return service.getMetadata().getName();
  }

  /** Whether an EndpointSlice of the Service names this pod by its uid. */
  private boolean isEndpointOf(String service) {
    return endpointSlices().stream()
        .filter(slice -> service.equals(labels(slice).get(SERVICE_NAME)))
        .map(EndpointSlice::getEndpoints)
        .filter(Objects::nonNull) // an empty slice comes with null, not with an empty list
        .flatMap(List::stream)
        .map(Endpoint::getTargetRef)
        .filter(Objects::nonNull)
        .anyMatch(
            target ->
                "Pod".equals(target.getKind())
                    && name().equals(target.getName())
                    && pod.getMetadata().getUid().equals(target.getUid()));
  }

  private List<EndpointSlice> endpointSlices() {
    if (endpointSlices == null) {
      endpointSlices = endpointSlicesSource.get();
    }
    return endpointSlices;
  }

  private static Map<String, String> labels(HasMetadata object) {
    Map<String, String> labels = object.getMetadata().getLabels();
    return labels == null ? Map.of() : labels;
  }
}
