package io.podtls.examples.clustersigner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.examples.endtoend.Program;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.KeyAlgorithm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@RequiresControlPlane
@DisplayName("the cluster signer with a heap of 64 MiB, under a thousand requests of 1.2 MB,")
@Timeout(900)
class LargeRequestsIT {
  private static final String[] SERVER = {"digital signature", "server auth"};
  private static final int REQUESTS = 1_000;

  /** Each approval and each failure writes the object again; etcd holds 2 GB. */
  private static final int APPROVED = 50;

  /** For the bytes of all requests to pass a signer that shares two cores with the API server. */
  private static final Duration CATCHING_UP = Duration.ofMinutes(4);

  @Test
  @DisplayName("fails the approved ones, signs an honest request within 10 s, and starts again")
  void holdsThem(Cluster cluster, @TempDir Path folder) throws Exception {
    try (Trial trial = new Trial(cluster)) {
      trial.emptySecret();
      List<CertificateSigningRequest> approved;
      try (Program signer = start(trial, folder)) {
        signer.awaitOutput("signing for ");
        long start = System.nanoTime();
        approved = createAll(trial, cluster.admin());
        System.out.printf(
            "%d requests of 1.2 MB created in %.1f s%n",
            REQUESTS, (System.nanoTime() - start) / 1e9);

        for (CertificateSigningRequest large : approved) {
          assertThat(trial.awaitFailure(large, CATCHING_UP).getMessage())
              .isEqualTo("spec.request is larger than 64 KiB");
        }
        assertThat(timeToSign(trial, cluster, signer)).isLessThan(Duration.ofSeconds(10));
      }
      try (Program again = start(trial, folder)) {
        again.awaitOutput("signing for ");

        assertThat(timeToSign(trial, cluster, again)).isLessThan(CATCHING_UP);
      }
    }
  }

  private static Duration timeToSign(Trial trial, Cluster cluster, Program signer)
      throws Exception {
    TestPod pod = cluster.pod(trial.other, "orders-" + System.nanoTime()).create();
    CertificateSigningRequest honest =
        trial.create(pod, ClusterSignerIT.pending(KeyAlgorithm.ECDSA_P256), SERVER);

    long start = System.nanoTime();
    try {
      trial.await(
          trial.approve(honest), csr -> csr.getStatus().getCertificate() != null, CATCHING_UP);
    } catch (KubernetesClientTimeoutException e) {
      throw new AssertionError("not signed:\n" + signer.output(), e);
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    System.out.printf("signed after %.1f s%n", time.toMillis() / 1e3);
    assertThat(signer.output()).doesNotContain("OutOfMemoryError");
    return time;
  }

  /** Creates all, approves the last ones, and returns these. */
  private static List<CertificateSigningRequest> createAll(Trial trial, KubernetesClient client)
      throws Exception {
    PendingIdentity pending = ClusterSignerIT.pending(KeyAlgorithm.ECDSA_P256);
    String padded = pending.pkcs10Pem() + "x".repeat(1_200_000);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<CertificateSigningRequest>> creations = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        boolean approves = i >= REQUESTS - APPROVED;
        creations.add(
            threads.submit(
                () -> {
                  CertificateSigningRequest created = trial.create(client, padded, SERVER);
                  CertificateSigningRequest kept = approves ? trial.approve(created) : created;
                  kept.setSpec(null);
                  return kept;
                }));
      }
      List<CertificateSigningRequest> approved = new ArrayList<>();
      for (Future<CertificateSigningRequest> creation : creations) {
        CertificateSigningRequest created = creation.get();
        if (created.getStatus() != null && !created.getStatus().getConditions().isEmpty()) {
          approved.add(created);
        }
      }
      return approved;
    } finally {
      threads.shutdownNow();
    }
  }

  private static Program start(Trial trial, Path folder) throws Exception {
    Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 localhost\n");
    return Program.start(
        Main.class,
        List.of("-Xmx64m", "-XX:+ExitOnOutOfMemoryError"),
        hosts,
        trial.environment(folder),
        List.of(
            "--signer-name",
            trial.signerName,
            "--approve",
            "nothing",
            "--health-port",
            "0",
            "--publish-ahead",
            "0"));
  }
}
