package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.controlplane.AuditedRequest;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.ProjectedVolume;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.fabric8.approval.CertificateSigningRequests;
import io.podtls.fabric8.approval.CertificateSigningRequests.Reason;
import io.podtls.identity.PendingIdentity;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.SignerName;
import io.podtls.signing.SigningOutcome;
import io.podtls.signing.SigningOutcome.Denied;
import io.podtls.signing.SigningOutcome.Failed;
import io.podtls.signing.SigningOutcome.Issued;
import io.podtls.signing.SigningOutcome.Pending;
import io.podtls.signing.SigningOutcome.Stage;
import io.podtls.testing.SampleRequests;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RequiresControlPlane
@DisplayName("On a real API server")
class Fabric8CertificateSignerIT {

  private static final String REQUESTS = "certificatesigningrequests";

  private final Cluster cluster;
  private final CertificateSigningRequests administrator;
  private final TestPod pod;

  Fabric8CertificateSignerIT(Cluster cluster) {
    this.cluster = cluster;
    this.administrator = CertificateSigningRequests.using(cluster.admin());
    this.pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
  }

  private static PolicyRule requests(String... verbs) {
    return Cluster.rule("certificates.k8s.io", REQUESTS, verbs);
  }

  private Fabric8CertificateSigner signerOfThePod() {
    return Fabric8CertificateSigner.using(cluster.clientFor(pod));
  }

  private static PendingIdentity clientOfTheApiServer() {
    return PendingIdentity.generate(
        CertificateRequest.builder(SignerName.KUBE_APISERVER_CLIENT).commonName("orders").build());
  }

  private static PendingIdentity requestTo(SignerName signerName) {
    return PendingIdentity.generate(
        CertificateRequest.builder(signerName).dnsNames("orders.shop.svc").build());
  }

  private static String nameOf(SigningOutcome outcome) {
    return ((Pending) outcome).object().substring("csr ".length());
  }

  private Map<String, Integer> requestsOfThePod() {
    return cluster.controlPlane().audit().actionsOf(pod);
  }

  @Test
  @DisplayName(
      "the built-in signer issues with two requests to the API server, which then accepts the"
          + " certificate")
  void issuesWithTwoRequests() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));
    PendingIdentity pending = clientOfTheApiServer();

    try (var signer = signerOfThePod();
        var driver = new AttemptDriver(signer, pending)) {
      SigningOutcome first = driver.until(outcome -> true);
      assertThat(first)
          .isInstanceOfSatisfying(
              Pending.class,
              waiting -> {
                assertThat(waiting.stage()).isEqualTo(Stage.AWAITING_APPROVAL);
                assertThat(waiting.advice()).contains("; if there is none, of an administrator: ");
              });
      administrator.approve(nameOf(first));

      SigningOutcome outcome = driver.settle();

      assertThat(outcome).isInstanceOf(Issued.class);
      TlsIdentity identity =
          pending.complete(
              ((Issued) outcome).chain(),
              TrustBundle.of(List.of(cluster.controlPlane().csrSignerCa())));
      assertThat(whoAmI(identity)).contains("\"username\":\"orders\"");
    }
    assertThat(requestsOfThePod())
        .isEqualTo(Map.of("create " + REQUESTS, 1, "watch " + REQUESTS, 1));
  }

  private String whoAmI(TlsIdentity identity) throws Exception {
    TrustBundle clusterCa =
        TrustBundleSource.pemFile(cluster.controlPlane().caCertificate()).load();
    HttpRequest review =
        HttpRequest.newBuilder(
                cluster
                    .controlPlane()
                    .apiServerUrl()
                    .resolve("/apis/authentication.k8s.io/v1/selfsubjectreviews"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\"}"))
            .build();
    return HttpClient.newBuilder()
        .sslContext(identity.sslContext(clusterCa))
        .build()
        .send(review, HttpResponse.BodyHandlers.ofString())
        .body();
  }

  @Test
  @DisplayName("a connection made from the pod's own files takes two requests, too")
  void connectsFromThePodsFiles(@TempDir Path directory) throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));
    cluster.mountedServiceAccount(pod, directory);

    try (TestSigner signing = TestSigner.approving(cluster);
        var signer = new Fabric8CertificateSigner(apiServerOf(directory));
        var driver = new AttemptDriver(signer, requestTo(signing.name()))) {
      assertThat(driver.settle()).isInstanceOf(Issued.class);
    }
    assertThat(requestsOfThePod())
        .isEqualTo(Map.of("create " + REQUESTS, 1, "watch " + REQUESTS, 1));
  }

  private ApiServer apiServerOf(Path serviceAccount) {
    return ServiceAccount.of(
            Map.of(
                "KUBERNETES_SERVICE_HOST",
                cluster.controlPlane().apiServerUrl().getHost(),
                "KUBERNETES_SERVICE_PORT",
                "" + cluster.controlPlane().apiServerUrl().getPort()),
            serviceAccount)
        .connect();
  }

  @Test
  @DisplayName("a denial carries reason and message")
  void denied() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));

    try (var signer = signerOfThePod();
        var driver = new AttemptDriver(signer, clientOfTheApiServer())) {
      String name = nameOf(driver.until(outcome -> true));
      administrator.deny(name, new Reason("NotOurs", "nobody knows this pod"));

      assertThat(driver.settle())
          .isEqualTo(new Denied("csr " + name, "NotOurs", "nobody knows this pod"));
    }
  }

  @Test
  @DisplayName("a request that the built-in signer refuses is Failed, with its reason")
  void failed() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));
    UnaryOperator<CsrApi.Draft> withServerAuth =
        draft ->
            new CsrApi.Draft(
                draft.name(),
                draft.signerName(),
                List.of("client auth", "server auth"),
                null,
                draft.request());

    try (var signer = altering(withServerAuth);
        var driver = new AttemptDriver(signer, clientOfTheApiServer())) {
      administrator.approve(nameOf(driver.until(outcome -> true)));

      assertThat(driver.settle())
          .isInstanceOfSatisfying(
              Failed.class,
              outcome -> {
                assertThat(outcome.reason()).isEqualTo("SignerValidationFailure");
                assertThat(outcome.message()).isNotEmpty();
              });
    }
  }

  @Test
  @DisplayName("a request that the API server refuses fails at once, with its message")
  void refusedByTheApiServer() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));
    UnaryOperator<CsrApi.Draft> forNoSigner =
        draft ->
            new CsrApi.Draft(draft.name(), "not-a-signer", draft.usages(), null, draft.request());

    try (var signer = altering(forNoSigner);
        var driver = new AttemptDriver(signer, clientOfTheApiServer())) {
      assertThat(driver.settle())
          .isInstanceOfSatisfying(
              Failed.class,
              outcome -> {
                assertThat(outcome.reason()).isEqualTo("Invalid");
                assertThat(outcome.message()).contains("spec.signerName");
              });
    }
  }

  /** A signer that sends something else than it should. */
  private Fabric8CertificateSigner altering(UnaryOperator<CsrApi.Draft> change) {
    CsrApi real = new ApiServerCsrs(ApiServer.lentBy(cluster.clientFor(pod)));
    CsrApi altering =
        new CsrApi() {
          @Override
          public Csr create(Draft draft) throws ApiException, InterruptedException {
            return real.create(change.apply(draft));
          }

          @Override
          public Csr get(String name) throws ApiException, InterruptedException {
            return real.get(name);
          }

          @Override
          public AutoCloseable watch(
              String name, @Nullable String resourceVersion, int seconds, Consumer<Event> events) {
            return real.watch(name, resourceVersion, seconds, events);
          }

          @Override
          public void reconnect() {}

          @Override
          public void close() {}
        };
    return new Fabric8CertificateSigner(altering, "podtls-", InstantSource.system(), new Random());
  }

  @Test
  @DisplayName("deleted while waiting: submitted once more, and issued")
  void deletedWhileWaiting() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));

    try (TestSigner signing = TestSigner.of(cluster);
        var signer = signerOfThePod();
        var driver = new AttemptDriver(signer, requestTo(signing.name()))) {
      String name = nameOf(driver.until(outcome -> true));
      cluster.admin().certificates().v1().certificateSigningRequests().withName(name).delete();
      assertThat(driver.untilUnavailable()).hasMessageContaining("was deleted while it waited");

      assertThat(nameOf(driver.until(outcome -> true))).isEqualTo(name);
      administrator.approve(name);

      assertThat(driver.settle()).isInstanceOf(Issued.class);
    }
    assertThat(requestsOfThePod()).containsEntry("create " + REQUESTS, 2);
  }

  @Test
  @DisplayName("the same name with another uid while waiting: submitted under another name")
  void replacedWhileWaiting() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));

    try (TestSigner signing = TestSigner.of(cluster);
        var signer = signerOfThePod();
        var driver = new AttemptDriver(signer, requestTo(signing.name()))) {
      String name = nameOf(driver.until(outcome -> true));
      var object = cluster.admin().certificates().v1().certificateSigningRequests().withName(name);
      var copy = object.get();
      object.delete();
      copy.getMetadata().setResourceVersion(null);
      copy.getMetadata().setUid(null);
      cluster.admin().resource(copy).create(); // by the administrator this time

      String other = nameOf(driver.until(seen -> !nameOf(seen).equals(name)));
      administrator.approve(other);

      assertThat(driver.settle()).isInstanceOf(Issued.class);
      assertThat(object.get().getStatus().getConditions()).isEmpty();
    }
  }

  @Test
  @DisplayName("without the right to watch it reads at intervals")
  void watchForbidden() throws Exception {
    cluster.grant(pod, requests("create", "get"));

    try (TestSigner signing = TestSigner.approving(cluster);
        var signer = signerOfThePod();
        var driver = new AttemptDriver(signer, requestTo(signing.name()))) {
      assertThat(driver.settle()).isInstanceOf(Issued.class);
      assertThat(driver.failures()).isEmpty();
    }
    assertThat(requestsOfThePod())
        .containsEntry("create " + REQUESTS, 1)
        .containsEntry("watch " + REQUESTS, 1)
        .hasEntrySatisfying("get " + REQUESTS, reads -> assertThat(reads).isBetween(1, 3));
  }

  @Test
  @DisplayName("without any right the error shows the missing rule; once granted, it is issued")
  void createForbiddenThenGranted() throws Exception {
    try (TestSigner signing = TestSigner.approving(cluster);
        var signer = signerOfThePod();
        var driver = new AttemptDriver(signer, requestTo(signing.name()))) {
      assertThat(driver.untilUnavailable())
          .hasMessageContaining("User \"" + pod.username() + "\" cannot create resource")
          .hasMessageContaining(
              """
              - apiGroups: ["certificates.k8s.io"]
                resources: [certificatesigningrequests]
                verbs: [create, get, watch]
              """)
          .satisfies(e -> assertThat(e.httpStatus()).hasValue(403));

      cluster.grant(pod, requests("create", "get", "watch"));

      assertThat(driver.settle()).isInstanceOf(Issued.class);
    }
  }

  @Test
  @DisplayName("another's object of the same name is left alone, and another name is taken")
  void nameTaken() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));

    try (TestSigner signing = TestSigner.of(cluster);
        var signer = signerOfThePod()) {
      PendingIdentity pending = requestTo(signing.name());
      String name = CsrName.of("podtls-", pending, 0);
      new ApiServerCsrs(ApiServer.lentBy(cluster.admin())).create(draftOf(name, signing.name()));

      try (var driver = new AttemptDriver(signer, pending)) {
        assertThat(nameOf(driver.until(outcome -> true)))
            .isEqualTo(CsrName.of("podtls-", pending, 1));
      }
    }
  }

  private static CsrApi.Draft draftOf(String name, SignerName signerName) {
    PendingIdentity other = requestTo(signerName);
    return new CsrApi.Draft(
        name,
        signerName.toString(),
        CsrName.usages(other),
        null,
        Base64.getEncoder().encodeToString(other.pkcs10Pem().getBytes()));
  }

  @Test
  @DisplayName("a rotated token is used from the next request on, and an invalid one is read again")
  void tokenIsReadAgain(@TempDir Path directory) throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));
    ProjectedVolume volume = cluster.mountedServiceAccount(pod, directory);
    String ca = Files.readString(cluster.controlPlane().caCertificate());
    volume.write(Map.of("token", "expired", "ca.crt", ca, "namespace", pod.namespace()));

    try (TestSigner signing = TestSigner.approving(cluster);
        var signer = new Fabric8CertificateSigner(apiServerOf(directory));
        var driver = new AttemptDriver(signer, requestTo(signing.name()))) {
      assertThat(driver.untilUnavailable()).hasMessageContaining("does not accept the token");

      cluster.mountedServiceAccount(pod, directory);

      assertThat(driver.settle()).isInstanceOf(Issued.class);
    }
  }

  @Test
  @DisplayName("an API server with another CA is not trusted, the JVM's roots do not count")
  void onlyTheClusterCaIsTrusted(@TempDir Path directory) throws Exception {
    ProjectedVolume volume = cluster.mountedServiceAccount(pod, directory);
    String ca = Files.readString(cluster.controlPlane().caCertificate());
    String token = cluster.tokenFor(pod);
    cluster.grant(pod, requests("create", "get", "watch"));
    String other = TestSigner.pem(TestCa.root("another").certificate());
    volume.write(Map.of("token", token, "ca.crt", other, "namespace", pod.namespace()));

    try (var signer = new Fabric8CertificateSigner(apiServerOf(directory));
        var driver = new AttemptDriver(signer, requestTo(SampleRequests.SIGNER))) {
      assertThat(driver.untilUnavailable()).hasMessageContaining("SSLHandshakeException");

      volume.write(Map.of("token", token, "ca.crt", other + ca, "namespace", pod.namespace()));

      assertThat(driver.until(outcome -> true)).isInstanceOf(Pending.class);
    }
  }

  @Test
  @DisplayName("every sample request, of all key algorithms and kinds of names, is accepted")
  void sampleRequestsAreAccepted() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));
    List<String> refused = new ArrayList<>();

    try (var signer = signerOfThePod()) {
      for (Map.Entry<String, CertificateRequest> sample : SampleRequests.all().entrySet()) {
        try (var attempt = signer.begin(PendingIdentity.generate(sample.getValue()), () -> {})) {
          SigningOutcome outcome = attempt.advance();
          if (!(outcome instanceof Pending)) {
            refused.add(sample.getKey() + ": " + outcome);
          }
        }
      }
    }
    assertThat(refused).isEmpty();
  }

  @Test
  @DisplayName("a certificate with text around its blocks is read")
  void textAroundTheBlocks() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));

    try (TestSigner signing =
            TestSigner.approving(cluster).writingAround("# subject: who knows\r\n\r\n");
        var signer = signerOfThePod();
        var driver = new AttemptDriver(signer, requestTo(signing.name()))) {
      assertThat(driver.settle())
          .isInstanceOfSatisfying(Issued.class, issued -> assertThat(issued.chain()).hasSize(1));
    }
  }

  @Test
  @DisplayName("a watch asks for one object by name, from the version of its creation")
  void watchIsFiltered() throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));

    try (TestSigner signing = TestSigner.approving(cluster);
        var signer = signerOfThePod();
        var driver = new AttemptDriver(signer, requestTo(signing.name()))) {
      driver.settle();
    }
    List<AuditedRequest> watches =
        cluster.controlPlane().audit().requestsOf(pod).stream()
            .filter(request -> request.verb().equals("watch"))
            .toList();
    assertThat(watches)
        .singleElement()
        .satisfies(
            watch ->
                assertThat(URI.create(watch.uri()).getQuery())
                    .contains("fieldSelector=metadata.name=podtls-")
                    .containsPattern("resourceVersion=[1-9]"));
  }

  @Test
  @DisplayName("a connection that went dead is found by its overdue watch, and another one is used")
  void deadConnection(@TempDir Path directory) throws Exception {
    cluster.grant(pod, requests("create", "get", "watch"));
    cluster.mountedServiceAccount(pod, directory);

    try (TestSigner signing = TestSigner.of(cluster);
        FreezingProxy proxy = new FreezingProxy(cluster.controlPlane().apiServerUrl());
        ApiServer server =
            new ServiceAccount("https://127.0.0.1:" + proxy.port(), directory).connect();
        var signer =
            new Fabric8CertificateSigner(
                new ApiServerCsrs(server),
                "podtls-",
                new CsrFollower.Timing(
                    InstantSource.system(), new Random(), Duration.ofSeconds(2)));
        var driver = new AttemptDriver(signer, requestTo(signing.name()))) {
      String name = nameOf(driver.until(outcome -> true));
      server.get("/version"); // by now the watch is open, on the same connection
      assertThat(proxy.connections()).isEqualTo(1);

      proxy.freeze();
      administrator.approve(name);

      assertThat(driver.settle()).isInstanceOf(Issued.class);
      assertThat(proxy.connections()).isEqualTo(2);
      assertThat(driver.failures()).isEmpty();
    }
  }

  @Test
  @DisplayName("a lent client stays open")
  void lentClientStaysOpen() {
    KubernetesClient lent = cluster.clientFor(pod);

    signerOfThePod().close();
    Fabric8CertificateSigner.using(lent).close();

    assertThat(lent.getHttpClient().isClosed()).isFalse();
  }

  @Test
  @DisplayName("a kubeconfig connects, and only its CA is trusted")
  void kubeconfigConnects() throws Exception {
    try (ApiServer server = ApiServers.ofKubeconfig(cluster.controlPlane().kubeconfig())) {
      assertThat(server.get("/version").text("major")).isEqualTo("1");
    }
  }

  @Test
  @DisplayName("ten seconds' patience with the API server end when the caller is interrupted")
  void interrupted() throws Exception {
    try (var signer = signerOfThePod();
        var attempt = signer.begin(requestTo(SampleRequests.SIGNER), () -> {})) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(attempt::advance).isInstanceOf(InterruptedException.class);
    }
    assertThat(Thread.interrupted()).isFalse();
  }
}
