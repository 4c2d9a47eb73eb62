package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;

/** Finds the API server that this process can reach. */
final class ApiServers {

  private ApiServers() {}

  /** As the pod's service account, or else as the kubeconfig's current user. */
  static ApiServer here() {
    return ServiceAccount.isThere() ? ServiceAccount.ofThisPod().connect() : ofKubeconfig();
  }

  /** As the current user of the kubeconfig that this process's environment names. */
  static ApiServer ofKubeconfig() {
    return ofKubeconfig(kubeconfig(System.getenv(), Path.of(System.getProperty("user.home"))));
  }

  /** The one file that {@code KUBECONFIG} names, or else {@code .kube/config} in the home. */
  static Path kubeconfig(Map<String, String> environment, Path home) {
    String variable = environment.getOrDefault("KUBECONFIG", "");
    if (variable.contains(File.pathSeparator)) {
      throw new IllegalStateException(
          "KUBECONFIG names several files, which podtls does not merge: "
              + variable
              + "; name one, or hand a KubernetesClient over");
    }
    Path file = variable.isEmpty() ? home.resolve(".kube/config") : Path.of(variable);
    if (!Files.exists(file)) {
      boolean pod = environment.containsKey("KUBERNETES_SERVICE_HOST");
      throw new IllegalStateException(
          "no API server to connect to: "
              + (pod
                  ? "this pod has no service account token (is automountServiceAccountToken false?)"
                  : "KUBERNETES_SERVICE_HOST is not set, so this is no pod")
              + ", and there is no kubeconfig "
              + file);
    }
    return file;
  }

  /** The current context of a kubeconfig file. */
  static ApiServer ofKubeconfig(Path file) {
    Config config = Config.fromKubeconfig(file.toFile());
    if (config.isTrustCerts() || config.isDisableHostnameVerification()) {
      throw new IllegalStateException(
          file + " says not to verify the API server; podtls has no such switch");
    }
    Optional<TrustManager> trust = trust(file, config);
    KubernetesClient client =
        new KubernetesClientBuilder()
            .withConfig(config)
            .withHttpClientBuilderConsumer(
                builder -> trust.ifPresent(only -> trustOnly(only, config, builder)))
            .build();
    return ApiServer.ownedThrough(client);
  }

  /** The CA that the file names; empty leaves the API server to the JVM's roots. */
  private static Optional<TrustManager> trust(Path file, Config config) {
    if (config.getCaCertData() != null) {
      byte[] pem =
          config.getCaCertData().startsWith("-----")
              ? config.getCaCertData().getBytes(UTF_8)
              : Base64.getMimeDecoder().decode(config.getCaCertData());
      return Optional.of(
          TrustBundle.parse(file + " certificate-authority-data", pem).trustManager());
    }
    return Optional.ofNullable(config.getCaCertFile())
        .map(ca -> new FollowingTrustManager(TrustBundleSource.pemFile(Path.of(ca))));
  }

  /** fabric8 itself would trust the JVM's roots as well. */
  private static void trustOnly(TrustManager trust, Config config, HttpClient.Builder builder) {
    try {
      KeyManager[] keys = SSLUtils.keyManagers(config);
      builder.sslContext(keys, new TrustManager[] {trust});
    } catch (GeneralSecurityException | IOException e) {
      throw new InvalidMaterialException(
          "client certificate of the kubeconfig", "cannot be read: " + e.getMessage(), e);
    }
  }
}
