package io.podtls.fabric8;

import java.nio.file.Path;

/**
 * A service account that is mounted elsewhere than in a pod, where {@link
 * Fabric8CertificateSigner#inCluster()} would find it: a benchmark has no mounts of its own.
 */
public final class Mounted {
  private Mounted() {}

  /** What {@link Fabric8CertificateSigner#inCluster()} returns in a pod. */
  public static Fabric8CertificateSigner at(Path serviceAccount) {
    return new Fabric8CertificateSigner(
        ServiceAccount.of(System.getenv(), serviceAccount).connect());
  }
}
