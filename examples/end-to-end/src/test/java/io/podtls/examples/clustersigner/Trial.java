package io.podtls.examples.clustersigner;

import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.TestServiceAccount;
import io.podtls.examples.signing.CertificateAuthority;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.SignerName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A namespace with a signerName of its own, a CA's Secret, and signers with their rights. */
final class Trial implements AutoCloseable {
  private static final String SECRET = "cluster-signer-ca";

  private final Cluster cluster;
  final String namespace;
  final String other;
  final String signerName;
  final TestServiceAccount account;
  private final List<ClusterSigner> running = new ArrayList<>();

  Trial(Cluster cluster) {
    this.cluster = cluster;
    this.namespace = cluster.namespace();
    this.other = cluster.namespace();
    this.signerName = "example.com/" + namespace;
    this.account = cluster.serviceAccount(namespace, "signer");
    cluster.grant(
        account,
        Cluster.rule("certificates.k8s.io", "certificatesigningrequests", "get", "list", "watch"),
        Cluster.rule("certificates.k8s.io", "certificatesigningrequests/status", "update"),
        Cluster.signerRule(signerName, "sign"),
        Cluster.signerRule(signerName, "attest"),
        Cluster.rule("certificates.k8s.io", "clustertrustbundles", "create", "get", "update"),
        Cluster.rule("", "secrets", "get", "update"),
        Cluster.rule("", "configmaps", "create", "get", "update"));
  }

  KubernetesClient admin() {
    return cluster.admin();
  }

  /** Creates the Secret without data. */
  void emptySecret() {
    admin()
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(SECRET)
                .endMetadata()
                .build())
        .create();
  }

  /** Puts a CA into the Secret, whatever was there. */
  void secret(CertificateAuthority authority) {
    admin()
        .secrets()
        .inNamespace(namespace)
        .withName(SECRET)
        .edit(
            secret ->
                new SecretBuilder(secret)
                    .withData(
                        Map.of(
                            "tls.crt", base64(authority.pathPem()),
                            "tls.key", base64(authority.exportPrivateKeyUnencrypted())))
                    .build());
  }

  /** Starts a signer that approves nothing. */
  ClusterSigner start() throws IOException {
    return start(false);
  }

  /** Starts a signer that approves too, with the rights for it. */
  ClusterSigner startApproving() throws IOException {
    cluster.grant(
        account,
        Cluster.rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
        Cluster.signerRule(signerName, "approve"),
        Cluster.rule("", "pods", "get"),
        Cluster.rule("", "services", "list"),
        Cluster.rule("discovery.k8s.io", "endpointslices", "list"),
        Cluster.rule("coordination.k8s.io", "leases", "create", "get", "update"));
    return start(true);
  }

  private ClusterSigner start(boolean approving) throws IOException {
    ClusterSigner signer =
        ClusterSigner.start(
            new Options(
                SignerName.of(signerName),
                approving,
                "cluster.local",
                SECRET,
                Optional.empty(),
                Duration.ofHours(24),
                "serving-ca",
                List.of(other),
                Duration.ZERO,
                0),
            cluster.withHttpWatches(cluster.clientFor(account)), // as Main's
            namespace);
    running.add(signer);
    return signer;
  }

  CertificateSigningRequest create(PendingIdentity pending, String... usages) {
    return admin()
        .resource(
            new CertificateSigningRequestBuilder()
                .withNewMetadata()
                .withGenerateName("trial-")
                .endMetadata()
                .withNewSpec()
                .withSignerName(signerName)
                .withUsages(usages)
                .withExpirationSeconds(3600)
                .withRequest(base64(pending.pkcs10Pem()))
                .endSpec()
                .build())
        .create();
  }

  CertificateSigningRequest approved(PendingIdentity pending, String... usages) {
    CertificateSigningRequest created = create(pending, usages);
    return admin().certificates().v1().certificateSigningRequests().resource(created).approve();
  }

  CertificateSigningRequest awaitCertificate(CertificateSigningRequest csr) {
    return await(csr, now -> now.getStatus().getCertificate() != null);
  }

  CertificateSigningRequest await(
      CertificateSigningRequest csr, Predicate<CertificateSigningRequest> condition) {
    return admin()
        .certificates()
        .v1()
        .certificateSigningRequests()
        .withName(csr.getMetadata().getName())
        .waitUntilCondition(condition, 30, TimeUnit.SECONDS);
  }

  static String certificate(CertificateSigningRequest csr) {
    return new String(
        Base64.getDecoder().decode(csr.getStatus().getCertificate()), StandardCharsets.US_ASCII);
  }

  /** The published bundle. */
  String bundle(String where) {
    return admin()
        .configMaps()
        .inNamespace(where)
        .withName("serving-ca")
        .get()
        .getData()
        .get("ca.crt");
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void close() {
    running.forEach(ClusterSigner::close);
  }
}
