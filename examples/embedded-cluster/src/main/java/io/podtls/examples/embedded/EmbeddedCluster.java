package io.podtls.examples.embedded;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.podtls.examples.signing.CertificateAuthority;
import io.podtls.examples.signing.SigningController;
import io.podtls.examples.signing.SigningRules;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.json.JsonMapper;

/**
 * A stand-in for a cluster, inside this process: the API server's part in certificate signing
 * requests, an approver that says yes to everybody, and a signer with a certificate authority that
 * lives as long as this object.
 *
 * <p>Workload, approver and signer each have an account of their own with the rights that their
 * like has in a cluster.
 *
 * <p><b>Thread safety:</b> safe for use by many threads.
 */
public final class EmbeddedCluster implements AutoCloseable {
  private static final Duration LONGEST_LIFETIME = Duration.ofHours(24);
  private static final Duration AUTHORITY_LIFETIME = Duration.ofDays(365);

  private final KubernetesSerialization json =
      new KubernetesSerialization(JsonMapper.builder().build(), false);
  private final CertificateAuthority authority =
      CertificateAuthority.create("podtls demonstration CA", AUTHORITY_LIFETIME);
  private final String workloadToken = UUID.randomUUID().toString();
  private final ApiServerDouble server;
  private final KubernetesClient approverClient;
  private final KubernetesClient signerClient;
  private final DemonstrationApprover approver;
  private final SigningController signer;

  private EmbeddedCluster(String signerName, String namespace, String serviceAccount) {
    String approverToken = UUID.randomUUID().toString();
    String signerToken = UUID.randomUUID().toString();
    this.server =
        ApiServerDouble.start(
            Map.of(
                workloadToken,
                Account.serviceAccount(namespace, serviceAccount, Account.Right.CREATE),
                approverToken,
                Account.serviceAccount("demonstration", "approver", Account.Right.APPROVE),
                signerToken,
                Account.serviceAccount("demonstration", "signer", Account.Right.SIGN)),
            json);
    this.approverClient = client(approverToken);
    this.signerClient = client(signerToken);
    this.approver = DemonstrationApprover.start(approverClient, signerName);
    this.signer =
        SigningController.start(
            signerClient,
            new SigningRules(signerName, LONGEST_LIFETIME),
            () -> Optional.of(authority),
            InstantSource.system());
  }

  /**
   * Starts one.
   *
   * @param signerName the signerName that is signed for
   * @param namespace where the workload's service account is
   * @param serviceAccount the workload's service account
   */
  public static EmbeddedCluster start(String signerName, String namespace, String serviceAccount) {
    return new EmbeddedCluster(signerName, namespace, serviceAccount);
  }

  /** Returns how the workload's client reaches the API server double, token included. */
  public Config workloadConfig() {
    return config(workloadToken);
  }

  /** Returns the certificate of the authority that signs here: what peers are to trust. */
  public X509Certificate caCertificate() {
    return authority.anchor();
  }

  /** Stops everything. Idempotent. */
  @Override
  public void close() {
    approver.close();
    signer.close();
    approverClient.close();
    signerClient.close();
    server.close();
  }

  private KubernetesClient client(String token) {
    return new KubernetesClientBuilder()
        .withConfig(config(token))
        .withKubernetesSerialization(json)
        .build();
  }

  private Config config(String token) {
    return new ConfigBuilder(Config.empty())
        .withMasterUrl(server.url().toString())
        .withOauthToken(token)
        .withOnlyHttpWatches(true)
        .build();
  }
}
