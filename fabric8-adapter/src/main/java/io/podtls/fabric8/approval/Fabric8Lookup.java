package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A lookup at the API server. Lists are kept for two seconds, so that a thousand pods that start
 * together cost a list per namespace and not one each. That is less to watch and to hold than
 * informers on all Services of the cluster, and the age of the answer is known even when a watch
 * would have fallen silent.
 *
 * <p>A tenant that may create objects in a namespace chooses how many there are and how large: of
 * each only the fields that a policy compares are kept, and a namespace that has too many of them
 * cannot be decided on.
 */
final class Fabric8Lookup implements ClusterLookup {

  private static final Duration KEPT = Duration.ofSeconds(2);
  private static final int LONGEST_TEXT = 4 << 10;
  private static final int PAGE = 200;

  /** What no policy compares. */
  private static final Set<String> SKIPPED =
      Set.of(
          "metadata.managedFields",
          "metadata.annotations",
          "metadata.ownerReferences",
          "metadata.finalizers");

  private final BoundedApi pods;
  private final RecentAnswers<String, List<Service>> services;
  private final RecentAnswers<String, List<EndpointSlice>> endpointSlices;

  Fabric8Lookup(KubernetesClient client) {
    this(client, System::nanoTime);
  }

  Fabric8Lookup(KubernetesClient client, LongSupplier nanoTime) {
    this.pods =
        api(
            client,
            128 << 10,
            "spec.containers",
            "spec.initContainers",
            "spec.ephemeralContainers",
            "status.containerStatuses",
            "status.initContainerStatuses",
            "status.ephemeralContainerStatuses",
            "spec.volumes",
            "spec.affinity",
            "spec.tolerations",
            "status.conditions");
    BoundedApi ofServices = api(client, 16 << 10, "metadata.labels", "spec.ports", "status");
    this.services =
        new RecentAnswers<>(
            KEPT,
            nanoTime,
            namespace ->
                list(ofServices, Service.class, "/api/v1", namespace, "services", 2 << 20));
    BoundedApi ofSlices =
        api(
            client,
            512 << 10,
            "ports",
            "endpoints.addresses",
            "endpoints.conditions",
            "endpoints.hints",
            "endpoints.nodeName",
            "endpoints.zone");
    this.endpointSlices =
        new RecentAnswers<>(
            KEPT,
            nanoTime,
            namespace ->
                list(
                    ofSlices,
                    EndpointSlice.class,
                    "/apis/discovery.k8s.io/v1",
                    namespace,
                    "endpointslices",
                    8 << 20));
  }

  @Override
  public Optional<Pod> pod(String namespace, String name) {
    String path = path("/api/v1", namespace, "pods") + "/" + BoundedApi.encoded(name);
    try {
      return Optional.of(
          pods.get(
              path,
              json -> {
                Map<String, @Nullable Object> fields = json.read();
                if (json.isCut()) {
                  throw new IllegalStateException(
                      "pod "
                          + name
                          + " in namespace "
                          + namespace
                          + " is larger than podtls reads");
                }
                return pods.as(Pod.class, fields);
              }));
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public List<Service> services(String namespace, Freshness freshness) {
    return services.get(namespace, freshness);
  }

  @Override
  public List<EndpointSlice> endpointSlices(String namespace, Freshness freshness) {
    return endpointSlices.get(namespace, freshness);
  }

  private static BoundedApi api(KubernetesClient client, int budget, String... skipped) {
    Set<String> all = new HashSet<>(SKIPPED);
    all.addAll(List.of(skipped));
    return new BoundedApi(client, LONGEST_TEXT, budget, all);
  }

  private static <T> List<T> list(
      BoundedApi api, Class<T> type, String group, String namespace, String plural, int most) {
    List<T> items = new ArrayList<>();
    int[] kept = {0};
    api.list(
        path(group, namespace, plural),
        PAGE,
        json -> {
          Map<String, @Nullable Object> fields = json.read();
          kept[0] += json.kept();
          if (kept[0] > most) {
            throw new IllegalStateException(
                "namespace " + namespace + " has more " + plural + " than podtls reads");
          }
          if (!json.isCut()) { // part of a selector would select more than the whole
            items.add(api.as(type, fields));
          }
        });
    return items;
  }

  private static String path(String group, String namespace, String plural) {
    return group + "/namespaces/" + BoundedApi.encoded(namespace) + "/" + plural;
  }
}
