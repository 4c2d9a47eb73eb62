package io.podtls.examples.clustersigner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.ControlPlane;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.examples.signing.CertificateAuthority;
import io.podtls.examples.signing.SigningController;
import io.podtls.examples.signing.SigningRules;
import io.podtls.identity.PendingIdentity;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.testing.OpenSsl;
import io.podtls.trust.TrustBundle;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@RequiresControlPlane
@DisplayName("the cluster signer")
@Timeout(120)
class ClusterSignerIT {
  private static final String[] SERVER = {"digital signature", "server auth"};

  private final Cluster cluster;
  private final Trial trial;

  ClusterSignerIT(Cluster cluster) {
    this.cluster = cluster;
    this.trial = new Trial(cluster);
  }

  @AfterEach
  void stop() {
    trial.close();
  }

  @ParameterizedTest
  @EnumSource(KeyAlgorithm.class)
  @DisplayName(
      "signs an approved request of any key algorithm; its requester and openssl verify the"
          + " certificate")
  void signsApprovedRequests(KeyAlgorithm algorithm, @TempDir Path folder) throws Exception {
    trial.emptySecret();
    trial.start();
    PendingIdentity pending = pending(algorithm);

    CertificateSigningRequest issued = trial.awaitCertificate(trial.approved(pending, SERVER));

    String chain = Trial.certificate(issued);
    String bundle = trial.bundle(trial.namespace);
    TlsIdentity identity =
        pending.completePem(
            chain, TrustBundle.parse("test", bundle.getBytes(StandardCharsets.UTF_8)));
    assertThat(Duration.between(Instant.now(), identity.notAfter()))
        .isBetween(Duration.ofMinutes(58), Duration.ofMinutes(60));
    assertThat(issued.getStatus().getConditions())
        .extracting(CertificateSigningRequestCondition::getType)
        .containsExactly("Approved");
    opensslVerifies(folder, chain, bundle);
  }

  @Test
  @DisplayName("leaves requests alone that are not approved")
  void leavesPendingRequestsAlone() throws Exception {
    trial.emptySecret();
    trial.start();
    CertificateSigningRequest undecided = trial.create(pending(KeyAlgorithm.ECDSA_P256), SERVER);

    trial.awaitCertificate(trial.approved(pending(KeyAlgorithm.ECDSA_P256), SERVER));

    assertThat(trial.await(undecided, csr -> true).getStatus().getCertificate()).isNull();
  }

  @Test
  @DisplayName("fails approved requests for a CA's usages, with the reason")
  void failsUnacceptableRequests() throws Exception {
    trial.emptySecret();
    trial.start();

    CertificateSigningRequest csr =
        trial.approved(pending(KeyAlgorithm.ECDSA_P256), "server auth", "cert sign");

    assertThat(trial.awaitFailure(csr).getMessage())
        .startsWith("usage \"cert sign\" is not issued here");
  }

  @Test
  @DisplayName("fails a request with a second block, which the API server and kubectl do not see")
  void failsHiddenRequests() throws Exception {
    trial.emptySecret();
    trial.start();
    String evil = pending(KeyAlgorithm.ED25519).pkcs10Pem().strip();
    String honest = pending(KeyAlgorithm.ECDSA_P256).pkcs10Pem();

    CertificateSigningRequest csr =
        trial.approve(trial.create(cluster.admin(), "x" + evil + "\n" + honest, SERVER));

    assertThat(trial.awaitFailure(csr).getMessage()).contains("not exactly one PEM block");
  }

  @Test
  @DisplayName("signs the request of a pod while that lives, and fails it when the pod is gone")
  void looksAtThePod() throws Exception {
    trial.emptySecret();
    trial.start();
    TestPod living = cluster.pod(trial.namespace, "living").create();
    TestPod deleted = cluster.pod(trial.namespace, "deleted").create();
    TestPod replaced = cluster.pod(trial.namespace, "replaced").create();
    PendingIdentity pending = pending(KeyAlgorithm.ECDSA_P256);
    CertificateSigningRequest ofLiving = trial.create(living, pending, SERVER);
    CertificateSigningRequest ofDeleted = trial.create(deleted, pending, SERVER);
    CertificateSigningRequest ofReplaced = trial.create(replaced, pending, SERVER);
    cluster.delete(deleted);
    cluster.delete(replaced);
    TestPod replacement = cluster.pod(trial.namespace, "replaced").create();

    trial.awaitCertificate(trial.approve(ofLiving));
    assertThat(trial.awaitFailure(trial.approve(ofDeleted)).getMessage())
        .isEqualTo("pod " + trial.namespace + "/deleted made the request and is gone");
    assertThat(trial.awaitFailure(trial.approve(ofReplaced)).getMessage())
        .contains(
            "pod " + trial.namespace + "/replaced",
            replaced.uid(),
            "now has uid " + replacement.uid());
  }

  @Test
  @DisplayName("signs other requests while one brings an Error, and tries that one again")
  void anErrorStopsNoOther() throws Exception {
    CertificateAuthority authority = CertificateAuthority.create("test", Duration.ofDays(1));
    AtomicInteger errors = new AtomicInteger(8); // twice the threads of the controller
    try (SigningController controller =
        SigningController.start(
            cluster.clientFor(trial.account),
            new SigningRules(trial.signerName, Duration.ofHours(1)),
            () -> {
              if (errors.getAndDecrement() > 0) {
                throw new StackOverflowError("injected");
              }
              return Optional.of(authority);
            },
            InstantSource.system())) {
      List<CertificateSigningRequest> requests = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        requests.add(trial.approved(pending(KeyAlgorithm.ECDSA_P256), SERVER));
      }

      requests.forEach(trial::awaitCertificate);

      assertThat(controller.signed()).isEqualTo(8);
      assertThat(controller.refused()).isZero();
    }
  }

  @Test
  @DisplayName(
      "publishes its CA in its namespace, in those of its options, and as a ClusterTrustBundle")
  void publishesItsCa() throws Exception {
    trial.emptySecret();
    trial.start();

    String bundle = trial.bundle(trial.namespace);
    assertThat(bundle).startsWith("-----BEGIN CERTIFICATE-----").doesNotContain("PRIVATE");
    assertThat(trial.bundle(trial.other)).isEqualTo(bundle);
    assertThat(
            cluster
                .admin()
                .certificates()
                .v1()
                .clusterTrustBundles()
                .withName(trial.signerName.replace('/', ':') + ":serving-ca")
                .get()
                .getSpec())
        .satisfies(
            spec -> {
              assertThat(spec.getSignerName()).isEqualTo(trial.signerName);
              assertThat(spec.getTrustBundle()).isEqualTo(bundle);
            });
  }

  @Test
  @DisplayName("in two replicas has one CA and writes one certificate for each request")
  void replicasDoNotFight() throws Exception {
    trial.emptySecret();
    ClusterSigner first = trial.start();
    ClusterSigner second = trial.start();
    List<CertificateSigningRequest> requests = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      requests.add(trial.approved(pending(KeyAlgorithm.ECDSA_P256), SERVER));
    }

    TrustBundle published =
        TrustBundle.parse("test", trial.bundle(trial.namespace).getBytes(StandardCharsets.UTF_8));
    for (CertificateSigningRequest request : requests) {
      TrustBundle leaf =
          TrustBundle.parse(
              "test",
              Trial.certificate(trial.awaitCertificate(request)).getBytes(StandardCharsets.UTF_8));
      leaf.certificates()
          .iterator()
          .next()
          .verify(published.certificates().iterator().next().getPublicKey());
    }

    assertThat(published.certificates()).hasSize(1);
    assertThat(first.signed() + second.signed()).isEqualTo(20);
    assertThat(cluster.controlPlane().audit().requestsOf(trial.account.username()))
        .filteredOn(request -> request.action().equals("update certificatesigningrequests/status"))
        .filteredOn(request -> request.status().orElse(0) == 200)
        .hasSize(20);
  }

  @Test
  @DisplayName("in two replicas that start at once on an empty Secret signs in both from the start")
  void replicasStartTogether() throws Exception {
    trial.emptySecret();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<ClusterSigner>> starting = new ArrayList<>();
      for (int replica = 0; replica < 2; replica++) {
        starting.add(threads.submit(() -> trial.start()));
      }
      for (Future<ClusterSigner> signer : starting) {
        assertThat(get(signer.get(), "/readyz").body()).doesNotContain("CA");
      }
    } finally {
      threads.shutdown();
    }
    assertThat(
            TrustBundle.parse(
                    "test", trial.bundle(trial.namespace).getBytes(StandardCharsets.UTF_8))
                .certificates())
        .hasSize(1);
  }

  @Test
  @DisplayName("is not ready with an immutable ConfigMap that has another content, and names it")
  void reportsImmutableConfigMap() throws Exception {
    trial.emptySecret();
    cluster
        .admin()
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(trial.other)
                .withName("serving-ca")
                .endMetadata()
                .withImmutable(true)
                .addToData("ca.crt", "another")
                .build())
        .create();

    ClusterSigner signer = trial.start();

    assertThat(awaitReadiness(signer, Duration.ofSeconds(10), 503))
        .contains("configmap " + trial.other + "/serving-ca is immutable");
    cluster.admin().configMaps().inNamespace(trial.other).withName("serving-ca").delete();
    signer.look();
    awaitReadiness(signer, Duration.ofSeconds(10), 200);
  }

  @Test
  @DisplayName("signs with a new CA from the Secret, and keeps the old one published beside it")
  void rotatesItsCa() throws Exception {
    trial.emptySecret();
    ClusterSigner signer = trial.start();
    String before = trial.bundle(trial.other);
    CertificateAuthority next = CertificateAuthority.create("the next CA", Duration.ofDays(30));

    trial.secret(next);
    signer.look();
    CertificateSigningRequest issued =
        trial.awaitCertificate(trial.approved(pending(KeyAlgorithm.ECDSA_P256), SERVER));

    TrustBundle old = TrustBundle.parse("test", before.getBytes(StandardCharsets.UTF_8));
    TrustBundle both =
        TrustBundle.parse("test", trial.bundle(trial.other).getBytes(StandardCharsets.UTF_8));
    assertThat(both).isEqualTo(old.union(TrustBundle.of(List.of(next.anchor()))));
    assertThat(
            TrustBundle.parse("test", Trial.certificate(issued).getBytes(StandardCharsets.UTF_8))
                .certificates())
        .singleElement()
        .satisfies(leaf -> leaf.verify(next.certificate().getPublicKey()));
    trial.start();
    assertThat(trial.bundle(trial.other)).isEqualTo(both.toPem());
  }

  @Test
  @DisplayName("is not ready without a CA, with the reason, and is ready once it has one")
  void tellsItsHealth() throws Exception {
    ClusterSigner signer = trial.start();
    assertThat(get(signer, "/healthz").statusCode()).isEqualTo(200);
    assertThat(get(signer, "/readyz"))
        .satisfies(answer -> assertThat(answer.statusCode()).isEqualTo(503))
        .extracting(HttpResponse::body, InstanceOfAssertFactories.STRING)
        .contains("there is no CA to sign with");

    trial.emptySecret();
    signer.look();
    trial.awaitCertificate(trial.approved(pending(KeyAlgorithm.ECDSA_P256), SERVER));

    assertThat(get(signer, "/readyz").body()).isEqualTo("ok\n");
  }

  @Test
  @DisplayName("is ready within ten seconds on a cluster without requests")
  void isReadyOnAnIdleCluster() throws Exception {
    trial.emptySecret();

    ClusterSigner signer = trial.startApproving();

    awaitReadiness(signer, Duration.ofSeconds(10), 200);
  }

  @Test
  @DisplayName("is not ready while the API server is gone, with the reason")
  void tellsTheApiServersAbsence(ControlPlane controlPlane) throws Exception {
    trial.emptySecret();
    ClusterSigner signer = trial.startApproving();
    awaitReadiness(signer, Duration.ofSeconds(60), 200);

    controlPlane.stopApiServer();
    try {
      assertThat(awaitReadiness(signer, Duration.ofSeconds(60), 503))
          .contains("requests are not being watched");
    } finally {
      controlPlane.startApiServer();
    }

    awaitReadiness(signer, Duration.ofSeconds(60), 200);
  }

  private static String awaitReadiness(ClusterSigner signer, Duration limit, int status)
      throws Exception {
    long deadline = System.nanoTime() + limit.toNanos();
    HttpResponse<String> answer = get(signer, "/readyz");
    while (answer.statusCode() != status && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(50_000_000);
      answer = get(signer, "/readyz");
    }
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    return answer.body();
  }

  static PendingIdentity pending(KeyAlgorithm algorithm) throws UnknownHostException {
    return PendingIdentity.generate(
        CertificateRequest.builder(SignerName.of("example.com/serving"))
            .dnsNames("orders.shop.svc", "orders.shop.svc.cluster.local")
            .ipAddresses(InetAddress.getByName("10.0.0.7"), InetAddress.getByName("fd00::7"))
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
            .keyAlgorithm(algorithm)
            .build());
  }

  private static HttpResponse<String> get(ClusterSigner signer, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + signer.healthPort() + path))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private static void opensslVerifies(Path folder, String chain, String bundle) {
    OpenSsl openSsl = OpenSsl.in(folder);
    openSsl.run(
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        openSsl.write("ca.crt", bundle),
        openSsl.write("leaf.crt", chain));
  }
}
