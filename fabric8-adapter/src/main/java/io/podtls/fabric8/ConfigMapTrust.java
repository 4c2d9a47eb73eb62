package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.time.Duration;
import java.util.Base64;

/**
 * A trust bundle in a ConfigMap, read through the Kubernetes API; made by {@link
 * KubernetesTrustBundles#configMap}.
 *
 * <p><b>Thread safety:</b> safe for use by several threads.
 */
public final class ConfigMapTrust implements TrustBundleSource {

  private final ApiServer server;
  private final String namespace;
  private final String name;
  private final String key;
  private final ApiTrustBundleSource source;

  ConfigMapTrust(ApiServer server, String namespace, String name, String key) {
    this.server = server;
    this.namespace = namespace;
    this.name = name;
    this.key = key;
    String path = "/api/v1/namespaces/" + ApiServer.segment(namespace) + "/configmaps";
    this.source =
        new ApiTrustBundleSource(
            server,
            new ApiTrustBundleSource.Place(
                "configmap " + namespace + "/" + name + " key " + key,
                path + "/" + ApiServer.segment(name),
                path,
                "metadata.name=" + name,
                RbacRule.inNamespace(namespace, "configmaps", "get", "watch").named(name),
                "The signer publishes its CA there, or an administrator does: kubectl -n "
                    + namespace
                    + " create configmap "
                    + name
                    + " --from-file="
                    + key
                    + "=CA_FILE"),
            this::content);
  }

  /**
   * Returns the ConfigMap of that name in another namespace. Default: the client's namespace.
   *
   * @param other the namespace
   * @return another source; this one stays as it is
   */
  public ConfigMapTrust inNamespace(String other) {
    return new ConfigMapTrust(server, requireNonNull(other, "other"), name, key);
  }

  /**
   * Returns another key of the ConfigMap, of {@code data} or {@code binaryData}. Default: {@code
   * ca.crt}.
   *
   * @param other the key
   * @return another source; this one stays as it is
   */
  public ConfigMapTrust atKey(String other) {
    return new ConfigMapTrust(server, namespace, name, requireNonNull(other, "other"));
  }

  private byte[] content(JsonObject configMap) {
    JsonObject data = configMap.object("data");
    JsonObject binaryData = configMap.object("binaryData");
    if (data.names().contains(key)) {
      return data.text(key).getBytes(UTF_8);
    }
    if (binaryData.names().contains(key)) {
      return Base64.getDecoder().decode(binaryData.text(key));
    }
    throw new InvalidMaterialException(
        description(), "no such key; there are " + data.names() + binaryData.names(), null);
  }

  @Override
  public TrustBundle load() {
    return source.load();
  }

  @Override
  public String description() {
    return source.description();
  }

  @Override
  public Duration pollInterval() {
    return source.pollInterval();
  }

  @Override
  public AutoCloseable onChange(Runnable hint) {
    return source.onChange(hint);
  }
}
