package io.podtls.examples.clustersigner;

import io.fabric8.kubernetes.api.model.APIResourceList;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Publishes the CA certificates: as a ConfigMap in the signer's namespace, which also keeps their
 * {@link AnchorHistory} as an annotation, as copies of it in other namespaces, and as a
 * ClusterTrustBundle where the API server has that kind.
 *
 * <p>Every object is written with the version that was read. Of two replicas that write at once,
 * one receives a conflict and reads again.
 */
final class BundlePublisher implements Publication {
  private static final Logger LOG = System.getLogger(BundlePublisher.class.getName());
  private static final String KEY = "ca.crt";
  private static final String NOTES = "cluster-signer.podtls.io/anchors";
  private static final List<String> TRUST_BUNDLE_VERSIONS =
      List.of("certificates.k8s.io/v1", "certificates.k8s.io/v1beta1");

  private final KubernetesClient client;
  private final String signerName;
  private final String home;
  private final List<String> namespaces;
  private final String name;

  /**
   * Describes where to publish; reads and writes nothing yet.
   *
   * @param client the client to publish with
   * @param signerName the signer whose ClusterTrustBundle is written
   * @param home the namespace of the ConfigMap that keeps the history
   * @param namespaces the namespaces of the copies
   * @param name the name of all these ConfigMaps
   */
  BundlePublisher(
      KubernetesClient client,
      String signerName,
      String home,
      List<String> namespaces,
      String name) {
    this.client = client;
    this.signerName = signerName;
    this.home = home;
    this.namespaces = namespaces.stream().filter(other -> !other.equals(home)).toList();
    this.name = name;
  }

  @Override
  public AnchorHistory read() {
    ConfigMap published = configMap(home).get();
    if (published == null || published.getData() == null) {
      return AnchorHistory.none();
    }
    Map<String, String> annotations = published.getMetadata().getAnnotations();
    return AnchorHistory.parse(
        "configmap " + home + "/" + name,
        published.getData().getOrDefault(KEY, ""),
        annotations == null ? "" : annotations.getOrDefault(NOTES, ""));
  }

  /**
   * Publishes the anchors everywhere.
   *
   * @throws KubernetesClientException if the ConfigMap at home cannot be written, or with code 409
   *     if another replica has written since
   * @throws IllegalStateException if the ConfigMap at home is immutable and has other content
   */
  @Override
  public List<String> publish(AnchorHistory history) {
    String pem = history.pem();
    write(home, pem, Optional.of(history.notes()));
    List<String> problems = new ArrayList<>();
    for (String namespace : namespaces) {
      attempt(
          "configmap " + namespace + "/" + name,
          () -> write(namespace, pem, Optional.empty()),
          problems);
    }
    attempt("clustertrustbundle " + trustBundleName(), () -> writeTrustBundle(pem), problems);
    return problems;
  }

  private static void attempt(String what, Runnable write, List<String> problems) {
    try {
      write.run();
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        throw e;
      }
      problems.add("the CA is not published in " + what + ": " + e.getMessage());
    } catch (IllegalStateException e) {
      problems.add("the CA is not published: " + e.getMessage());
    }
  }

  private void write(String namespace, String pem, Optional<String> notes) {
    ConfigMap present = configMap(namespace).get();
    ConfigMapBuilder wanted =
        present == null ? new ConfigMapBuilder() : new ConfigMapBuilder(present);
    wanted.editOrNewMetadata().withName(name).withNamespace(namespace).endMetadata();
    wanted.addToData(KEY, pem);
    notes.ifPresent(text -> wanted.editMetadata().addToAnnotations(NOTES, text).endMetadata());
    ConfigMap next = wanted.build();
    if (present == null) {
      client.configMaps().inNamespace(namespace).resource(next).create();
    } else if (Objects.equals(present, next)) {
      return;
    } else if (Boolean.TRUE.equals(present.getImmutable()) && !isPublished(present, pem)) {
      throw new IllegalStateException(
          "configmap %s/%s is immutable and has another content; delete it, the signer makes a new one"
              .formatted(namespace, name));
    } else {
      client.configMaps().inNamespace(namespace).resource(next).update();
    }
    LOG.log(Level.INFO, () -> "published configmap " + namespace + "/" + name);
  }

  private static boolean isPublished(ConfigMap present, String pem) {
    return present.getData() != null && pem.equals(present.getData().get(KEY));
  }

  private Resource<ConfigMap> configMap(String namespace) {
    return client.configMaps().inNamespace(namespace).withName(name);
  }

  /** Returns the name, with the prefix that the API server requires. */
  private String trustBundleName() {
    return signerName.replace('/', ':') + ":" + name;
  }

  private void writeTrustBundle(String pem) {
    Optional<String> version =
        TRUST_BUNDLE_VERSIONS.stream().filter(this::hasTrustBundles).findFirst();
    if (version.isEmpty()) {
      return;
    }
    Resource<GenericKubernetesResource> resource =
        client
            .genericKubernetesResources(version.get(), "ClusterTrustBundle")
            .withName(trustBundleName());
    GenericKubernetesResource present = resource.get();
    Map<String, Object> spec = Map.of("signerName", signerName, "trustBundle", pem);
    if (present != null && spec.equals(present.getAdditionalProperties().get("spec"))) {
      return;
    }
    GenericKubernetesResource wanted =
        (present == null
                ? new GenericKubernetesResourceBuilder()
                    .withApiVersion(version.get())
                    .withKind("ClusterTrustBundle")
                    .withNewMetadata()
                    .withName(trustBundleName())
                    .endMetadata()
                : new GenericKubernetesResourceBuilder(present))
            .addToAdditionalProperties("spec", spec)
            .build();
    if (present == null) {
      client.resource(wanted).create();
    } else {
      client.resource(wanted).update();
    }
    LOG.log(Level.INFO, () -> "published clustertrustbundle " + trustBundleName());
  }

  private boolean hasTrustBundles(String version) {
    APIResourceList resources = client.getApiResources(version);
    return resources != null
        && resources.getResources().stream()
            .anyMatch(resource -> resource.getName().equals("clustertrustbundles"));
  }
}
