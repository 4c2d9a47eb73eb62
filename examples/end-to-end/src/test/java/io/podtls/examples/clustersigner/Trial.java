package io.podtls.examples.clustersigner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.TestPod;
import io.podtls.controlplane.TestServiceAccount;
import io.podtls.examples.endtoend.Kubeconfig;
import io.podtls.examples.signing.CertificateAuthority;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.SignerName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A namespace, a signerName, a Secret for a CA, and signers with exactly the rights they need. */
final class Trial implements AutoCloseable {
  private static final String SECRET = "cluster-signer-ca";
  private static final Duration LIMIT = Duration.ofSeconds(30);

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
        Cluster.rule("", "pods", "get"),
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

  /** Replaces the content of the Secret. */
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

  /** Starts a signer that also approves, with the rights for it. */
  ClusterSigner startApproving() throws IOException {
    cluster.grant(
        account,
        Cluster.rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
        Cluster.signerRule(signerName, "approve"),
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
                Duration.ofMinutes(1),
                "cluster.local",
                SECRET,
                Optional.empty(),
                false,
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
    return create(admin(), pending.pkcs10Pem(), usages);
  }

  /** Creates a request with that text in {@code spec.request}. */
  CertificateSigningRequest create(KubernetesClient requester, String pem, String... usages) {
    return requester
        .resource(
            new CertificateSigningRequestBuilder()
                .withNewMetadata()
                .withGenerateName("trial-")
                .endMetadata()
                .withNewSpec()
                .withSignerName(signerName)
                .withUsages(usages)
                .withExpirationSeconds(3600)
                .withRequest(base64(pem))
                .endSpec()
                .build())
        .create();
  }

  /** Makes a request as a pod does. */
  CertificateSigningRequest create(TestPod pod, PendingIdentity pending, String... usages) {
    cluster.grant(pod, Cluster.rule("certificates.k8s.io", "certificatesigningrequests", "create"));
    return create(cluster.clientFor(pod), pending.pkcs10Pem(), usages);
  }

  CertificateSigningRequest approved(PendingIdentity pending, String... usages) {
    return approve(create(pending, usages));
  }

  /** Returns the environment of a signer's process. */
  Map<String, String> environment(Path folder) throws IOException {
    Path kubeconfig =
        Kubeconfig.write(
            folder.resolve("kubeconfig"),
            cluster.controlPlane(),
            namespace,
            cluster.tokenFor(account));
    return Map.of("KUBECONFIG", kubeconfig.toString(), "POD_NAMESPACE", namespace);
  }

  CertificateSigningRequest approve(CertificateSigningRequest created) {
    return admin().certificates().v1().certificateSigningRequests().resource(created).approve();
  }

  CertificateSigningRequest awaitCertificate(CertificateSigningRequest csr) {
    return await(csr, now -> now.getStatus().getCertificate() != null);
  }

  /** Waits for the condition Failed and returns it. */
  CertificateSigningRequestCondition awaitFailure(CertificateSigningRequest csr) {
    return awaitFailure(csr, LIMIT);
  }

  CertificateSigningRequestCondition awaitFailure(CertificateSigningRequest csr, Duration limit) {
    CertificateSigningRequest refused =
        await(csr, now -> now.getStatus().getConditions().size() == 2, limit);
    CertificateSigningRequestCondition failed = refused.getStatus().getConditions().get(1);
    assertThat(failed.getType()).isEqualTo("Failed");
    assertThat(failed.getReason()).isEqualTo("SignerValidationFailure");
    assertThat(refused.getStatus().getCertificate()).isNull();
    return failed;
  }

  CertificateSigningRequest await(
      CertificateSigningRequest csr, Predicate<CertificateSigningRequest> condition) {
    return await(csr, condition, LIMIT);
  }

  CertificateSigningRequest await(
      CertificateSigningRequest csr,
      Predicate<CertificateSigningRequest> condition,
      Duration limit) {
    return admin()
        .certificates()
        .v1()
        .certificateSigningRequests()
        .withName(csr.getMetadata().getName())
        .waitUntilCondition(condition, limit.toSeconds(), TimeUnit.SECONDS);
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
