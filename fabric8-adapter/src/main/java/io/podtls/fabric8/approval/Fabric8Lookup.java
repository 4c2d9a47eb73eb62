package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Asks the API server. Lists are kept for two seconds, so that a thousand pods that start together
 * cost a list per namespace and not one each. That is less to watch and to hold than informers on
 * all Services of the cluster, and the age of the answer is known even when a watch would have gone
 * silent.
 */
final class Fabric8Lookup implements ClusterLookup {

  private static final Duration KEPT = Duration.ofSeconds(2);

  private final KubernetesClient client;
  private final RecentAnswers<String, List<Service>> services;
  private final RecentAnswers<String, List<EndpointSlice>> endpointSlices;

  Fabric8Lookup(KubernetesClient client) {
    this(client, System::nanoTime);
  }

  Fabric8Lookup(KubernetesClient client, LongSupplier nanoTime) {
    this.client = client;
    this.services =
        new RecentAnswers<>(
            KEPT,
            nanoTime,
            namespace -> client.services().inNamespace(namespace).list().getItems());
    this.endpointSlices =
        new RecentAnswers<>(
            KEPT,
            nanoTime,
            namespace ->
                client.discovery().v1().endpointSlices().inNamespace(namespace).list().getItems());
  }

  @Override
  public Optional<Pod> pod(String namespace, String name) {
    return Optional.ofNullable(client.pods().inNamespace(namespace).withName(name).get());
  }

  @Override
  public List<Service> services(String namespace, Freshness freshness) {
    return services.get(namespace, freshness);
  }

  @Override
  public List<EndpointSlice> endpointSlices(String namespace, Freshness freshness) {
    return endpointSlices.get(namespace, freshness);
  }
}
