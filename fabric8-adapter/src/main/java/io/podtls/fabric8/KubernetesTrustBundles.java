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
 * TrustBundleSource ca = KubernetesTrustBundles.configMap("serving-ca", client).inNamespace("shop");
 * TrustBundleSource peers =
 *     KubernetesTrustBundles.clusterTrustBundlesOf(SignerName.of("example.com/serving"), client);
 * }</pre>
 *
 * <p>Whoever follows such a source is told of changes by a watch of just these objects, and reads
 * anew every five minutes; where watching is not allowed, every minute.
 *
 * <p><b>Thread safety:</b> stateless; the sources are safe for use by several threads.
 */
public final class KubernetesTrustBundles {

  private static final String CLUSTER_TRUST_BUNDLES =
      "/apis/certificates.k8s.io/v1/clustertrustbundles";
  private static final RbacRule CLUSTER_TRUST_BUNDLE_READER =
      RbacRule.onCluster("certificates.k8s.io", "clustertrustbundles", "get", "list", "watch");

  private KubernetesTrustBundles() {}

  /**
   * A ConfigMap: under the key {@code ca.crt} and in the client's namespace, unless told otherwise.
   * {@code kube-root-ca.crt} is in every namespace and verifies the API server.
   *
   * <p>Needs the verb {@code get} on that ConfigMap, and {@code watch} to hear of changes at once.
   *
   * @param name the ConfigMap's name
   * @param client stays the caller's to close; to be kept open while the source is in use
   */
  public static ConfigMapTrust configMap(String name, KubernetesClient client) {
    requireNonNull(name, "name");
    requireNonNull(client, "client");
    String namespace = client.getNamespace();
    return new ConfigMapTrust(
        ApiServer.lentBy(client), namespace == null ? "default" : namespace, name, "ca.crt");
  }

  /**
   * One ClusterTrustBundle ({@code certificates.k8s.io/v1}, Kubernetes 1.37).
   *
   * <p>Needs the verb {@code get} on it, and {@code watch} to hear of changes at once.
   *
   * @param name the object's name, e.g. {@code example.com:serving:v1}
   * @param client stays the caller's to close; to be kept open while the source is in use
   */
  public static TrustBundleSource clusterTrustBundle(String name, KubernetesClient client) {
    requireNonNull(name, "name");
    return new ApiTrustBundleSource(
        ApiServer.lentBy(requireNonNull(client, "client")),
        new ApiTrustBundleSource.Place(
            "clustertrustbundle " + name,
            CLUSTER_TRUST_BUNDLES + "/" + ApiServer.segment(name),
            CLUSTER_TRUST_BUNDLES,
            "metadata.name=" + name,
            CLUSTER_TRUST_BUNDLE_READER.named(name)),
        object -> object.text("spec", "trustBundle").getBytes(UTF_8));
  }

  /**
   * All ClusterTrustBundles of a signer ({@code certificates.k8s.io/v1}, Kubernetes 1.37): what to
   * trust to accept its certificates, old and new anchors during a rotation included.
   *
   * <p>Needs the verb {@code list} on ClusterTrustBundles, and {@code watch} to hear of changes at
   * once.
   *
   * @param signerName the signer
   * @param client stays the caller's to close; to be kept open while the source is in use
   */
  public static TrustBundleSource clusterTrustBundlesOf(
      SignerName signerName, KubernetesClient client) {
    return clusterTrustBundlesOf(
        requireNonNull(signerName, "signerName"),
        ApiServer.lentBy(requireNonNull(client, "client")));
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
            CLUSTER_TRUST_BUNDLE_READER),
        list ->
            list.objects("items").stream()
                .map(bundle -> bundle.text("spec", "trustBundle"))
                .collect(Collectors.joining("\n"))
                .getBytes(UTF_8));
  }
}
