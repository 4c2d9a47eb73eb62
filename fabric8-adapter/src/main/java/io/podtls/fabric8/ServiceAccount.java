package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.TrustManager;

/**
 * The service account that a pod runs as: where its API server is, how to trust it, and what to
 * show it.
 *
 * @param apiServer scheme, host and port
 * @param directory holds {@code token} and {@code ca.crt}
 */
record ServiceAccount(String apiServer, Path directory) {

  /** RFC 6750 2.1. */
  private static final Pattern BEARER_TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

  static final Path DIRECTORY = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

  static ServiceAccount ofThisPod() {
    return of(System.getenv(), DIRECTORY);
  }

  static ServiceAccount of(Map<String, String> environment, Path directory) {
    String host = environment.getOrDefault("KUBERNETES_SERVICE_HOST", "");
    if (host.isEmpty()) {
      throw new IllegalStateException(
          "KUBERNETES_SERVICE_HOST is not set: this process does not run in a pod. Outside a"
              + " cluster, hand a KubernetesClient over");
    }
    String port = environment.getOrDefault("KUBERNETES_SERVICE_PORT", "443");
    String authority = host.contains(":") ? "[" + host + "]" : host;
    return new ServiceAccount("https://" + authority + ":" + port, directory);
  }

  /** Whether this process has an API server and a token for it. */
  static boolean isThere(Map<String, String> environment, Path directory) {
    return !environment.getOrDefault("KUBERNETES_SERVICE_HOST", "").isEmpty()
        && Files.exists(directory.resolve("token"));
  }

  static boolean isThere() {
    return isThere(System.getenv(), DIRECTORY);
  }

  ApiServer connect() {
    Path ca = directory.resolve("ca.crt");
    Origin origin =
        new Origin(
            apiServer,
            "KUBERNETES_SERVICE_HOST and the service account in " + directory,
            ca.toString(),
            Optional.empty(),
            Optional.empty());
    TrustManager trust = new FollowingTrustManager(TrustBundleSource.pemFile(ca));
    return ApiServer.at(origin, () -> Optional.of("Bearer " + token()), trust);
  }

  private String token() throws IOException {
    return token(directory.resolve("token"));
  }

  /** Reads a bearer token from its file. */
  static String token(Path file) throws IOException {
    String token = Files.readString(file, UTF_8).strip();
    if (token.isEmpty()) {
      throw new IOException(file + " is empty");
    }
    if (!BEARER_TOKEN.matcher(token).matches()) {
      throw new IOException(file + " holds no bearer token (RFC 6750 2.1)");
    }
    return token;
  }
}
