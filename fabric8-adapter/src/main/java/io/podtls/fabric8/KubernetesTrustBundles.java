package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.request.SignerName;
import io.podtls.trust.TrustBundleSource;
import java.net.URLEncoder;
import java.util.stream.Collectors;

/**
 * Trust bundles that are read through the Kubernetes API, for pods that cannot mount them.
 *
 * <pre>{@code
 * KubernetesTrustBundles bundles = KubernetesTrustBundles.using(client);
 * TrustBundleSource ca = bundles.configMap("serving-ca").inNamespace("shop");
 * TrustBundleSource peers =
 *     bundles.clusterTrustBundlesOf(SignerName.of("example.com/serving"));
 * }</pre>
 *
 * <p>A handle that follows such a source is notified of changes by a watch of just these objects,
 * and reads them again every five minutes; where watching is not allowed, every minute. While the
 * objects do not exist yet, its bootstrap waits for them.
 *
 * <p><b>Thread safety:</b> immutable; the sources are safe for use by several threads.
 */
public final class KubernetesTrustBundles {

  private static final String CLUSTER_TRUST_BUNDLES =
      "/apis/certificates.k8s.io/v1/clustertrustbundles";
  private static final RbacRule CLUSTER_TRUST_BUNDLE_READER =
      RbacRule.onCluster("certificates.k8s.io", "clustertrustbundles", "get", "list", "watch");

  private static final String PUBLISHER =
      "The signer publishes its CA there; does it run, and does it know ClusterTrustBundles?";

  private final KubernetesClient client;

  private KubernetesTrustBundles(KubernetesClient client) {
    this.client = client;
  }

  /**
   * Reads through a client.
   *
   * @param client stays the caller's to close; to be kept open while the sources are in use
   * @return the trust bundles that the client can read
   */
  public static KubernetesTrustBundles using(KubernetesClient client) {
    return new KubernetesTrustBundles(requireNonNull(client, "client"));
  }

  /**
   * Returns a ConfigMap as a source: by default its key {@code ca.crt}, and in the client's
   * namespace. {@code kube-root-ca.crt} is in every namespace and verifies the API server.
   *
   * <p>Needs the verb {@code get} on that ConfigMap, and {@code watch} to be notified of changes.
   *
   * @param name the ConfigMap's name
   * @return the source; nothing is read yet
   */
  public ConfigMapTrust configMap(String name) {
    requireNonNull(name, "name");
    String namespace = client.getNamespace();
    return new ConfigMapTrust(
        ApiServer.lentBy(client), namespace == null ? "default" : namespace, name, "ca.crt");
  }

  /**
   * Returns one ClusterTrustBundle ({@code certificates.k8s.io/v1}, Kubernetes 1.37) as a source.
   *
   * <p>Needs the verb {@code get} on it, and {@code watch} to be notified of changes.
   *
   * @param name the object's name, e.g. {@code example.com:serving:v1}
   * @return the source; nothing is read yet
   */
  public TrustBundleSource clusterTrustBundle(String name) {
    requireNonNull(name, "name");
    return new ApiTrustBundleSource(
        ApiServer.lentBy(client),
        new ApiTrustBundleSource.Place(
            "clustertrustbundle " + name,
            CLUSTER_TRUST_BUNDLES + "/" + ApiServer.segment(name),
            CLUSTER_TRUST_BUNDLES,
            "metadata.name=" + name,
            CLUSTER_TRUST_BUNDLE_READER.named(name),
            PUBLISHER),
        object -> object.text("spec", "trustBundle").getBytes(UTF_8));
  }

  /**
   * Returns all ClusterTrustBundles of a signer ({@code certificates.k8s.io/v1}, Kubernetes 1.37)
   * as a source: what to trust to accept its certificates, old and new anchors during a rotation
   * included.
   *
   * <p>Needs the verb {@code list} on ClusterTrustBundles, and {@code watch} to be notified of
   * changes.
   *
   * @param signerName the signer
   * @return the source; nothing is read yet
   */
  public TrustBundleSource clusterTrustBundlesOf(SignerName signerName) {
    return clusterTrustBundlesOf(
        requireNonNull(signerName, "signerName"), ApiServer.lentBy(client));
  }

  static TrustBundleSource clusterTrustBundlesOf(SignerName signerName, ApiServer server) {
    String selector = "spec.signerName=" + signerName;
    return new ApiTrustBundleSource(
        server,
        new ApiTrustBundleSource.Place(
            "clustertrustbundles of " + signerName,
            CLUSTER_TRUST_BUNDLES + "?fieldSelector=" + URLEncoder.encode(selector, UTF_8),
            CLUSTER_TRUST_BUNDLES,
            selector,
            CLUSTER_TRUST_BUNDLE_READER,
            PUBLISHER),
        list ->
            list.objects("items").stream()
                .map(bundle -> bundle.text("spec", "trustBundle"))
                .collect(Collectors.joining("\n"))
                .getBytes(UTF_8));
  }
}
