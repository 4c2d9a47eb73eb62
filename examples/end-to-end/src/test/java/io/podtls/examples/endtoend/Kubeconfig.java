package io.podtls.examples.endtoend;

import io.podtls.controlplane.ControlPlane;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A kubeconfig with one cluster and one token. */
public final class Kubeconfig {
  private Kubeconfig() {}

  /** Writes the file and returns it. */
  public static Path write(Path file, ControlPlane cluster, String namespace, String token)
      throws IOException {
    return Files.writeString(
        file,
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "%s", certificate-authority: "%s"}}]
        users: [{name: u, user: {token: "%s"}}]
        contexts: [{name: c, context: {cluster: c, user: u, namespace: %s}}]
        current-context: c
        """
            .formatted(cluster.apiServerUrl(), cluster.caCertificate(), token, namespace));
  }
}
