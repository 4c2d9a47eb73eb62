package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import io.podtls.PodTls;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.fabric8.approval.CertificateSigningRequests;
import io.podtls.fabric8.approval.CertificateSigningRequests.Reason;
import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.failure.CertificateDeniedException;
import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.failure.InvalidCertificateException.Violation;
import io.podtls.request.KeyUsage;
import io.podtls.request.PodEnvironment;
import io.podtls.request.SubjectAlternativeName;
import io.podtls.testing.OpenSsl;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RequiresControlPlane
@DisplayName("A Service's TLS on a real API server")
class KubernetesTlsIT {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private final Cluster cluster;
  private final TestPod pod;
  private final CertificateSigningRequests administrator;

  KubernetesTlsIT(Cluster cluster) {
    this.cluster = cluster;
    this.pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
    this.administrator = CertificateSigningRequests.using(cluster.admin());
    cluster.grant(
        pod,
        Cluster.rule(
            "certificates.k8s.io", "certificatesigningrequests", "create", "get", "watch"));
  }

  /** As in the pod: its environment, and the files that a kubelet would mount. */
  private KubernetesTls orders(
      TestSigner signer, Function<KubernetesTls.TrustStep, KubernetesTls> trust) {
    cluster.mountedServiceAccount(pod, directory);
    URI apiServer = cluster.controlPlane().apiServerUrl();
    Map<String, String> environment =
        Map.of(
            "KUBERNETES_SERVICE_HOST",
            apiServer.getHost(),
            "KUBERNETES_SERVICE_PORT",
            "" + apiServer.getPort(),
            "POD_IP",
            pod.ip().getHostAddress());
    return trust
        .apply(KubernetesTls.forService("orders").signedBy(signer.name().toString()))
        .through(ServiceAccount.of(environment, directory).connect())
        .in(PodEnvironment.detect(environment, directory, directory.resolve("no-resolv.conf")));
  }

  private KubernetesTls orders(TestSigner signer) {
    return orders(signer, on -> on.trusting(caOf(signer)));
  }

  private static TrustBundleSource caOf(TestSigner signer) {
    return TrustBundleSource.fixed(TrustBundle.of(List.of(signer.ca().certificate())));
  }

  @Test
  @DisplayName(
      "serves by the Service's name and by the pod's IP to the JDK's client and to openssl")
  void servesByNameAndAddress() throws Exception {
    try (TestSigner signer = TestSigner.approving(cluster);
        PodTls tls =
            orders(signer)
                .names(List.of(SubjectAlternativeName.ipAddress(pod.ip())))
                .bootstrap(LIMIT)) {
      HttpsServer server = serve(tls.sslContext());
      try {
        int port = server.getAddress().getPort();
        SSLContext client = caOf(signer).sslContext();
        String name = "orders." + pod.namespace() + ".svc";

        assertThat(tls.generation().identity().orElseThrow().leaf().getExtendedKeyUsage())
            .containsExactly("1.3.6.1.5.5.7.3.1"); // server auth, RFC 5280 4.2.1.12
        assertThat(get(client, "https://127.0.0.1:" + port)).isEqualTo("served");
        handshake(client, name, port);
        handshake(client, name + ".cluster.local", port);
        assertThatThrownBy(() -> handshake(client, "payments." + pod.namespace() + ".svc", port))
            .isInstanceOf(SSLHandshakeException.class);

        OpenSsl openSsl = OpenSsl.in(directory);
        Files.writeString(directory.resolve("ca.pem"), caOf(signer).load().toPem());
        assertThat(sClient(openSsl, port, "-verify_hostname", name)).contains("Verification: OK");
        assertThat(sClient(openSsl, port, "-verify_ip", "127.0.0.1")).contains("Verification: OK");
      } finally {
        server.stop(0);
      }
    }
    assertThat(cluster.controlPlane().audit().actionsOf(pod))
        .isEqualTo(
            Map.of("create certificatesigningrequests", 1, "watch certificatesigningrequests", 1));
  }

  private static String sClient(OpenSsl openSsl, int port, String check, String expected) {
    return openSsl.run(
        "s_client",
        "-connect",
        "127.0.0.1:" + port,
        "-CAfile",
        "ca.pem",
        "-verify_return_error",
        check,
        expected);
  }

  private static HttpsServer serve(SSLContext context) throws Exception {
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 6);
          exchange.getResponseBody().write("served".getBytes());
          exchange.close();
        });
    server.start();
    return server;
  }

  private static String get(SSLContext context, String url) throws Exception {
    return HttpClient.newBuilder()
        .sslContext(context)
        .build()
        .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /** Connects to loopback under a name that only the cluster's DNS would know. */
  private static void handshake(SSLContext context, String name, int port) throws Exception {
    try (Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
        SSLSocket socket =
            (SSLSocket) context.getSocketFactory().createSocket(plain, name, port, true)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.startHandshake();
    }
  }

  @Test
  @DisplayName(
      "trusts a ConfigMap and follows its changes, with no rights but get and watch on that one")
  void trustsConfigMap() throws Exception {
    cluster.grant(
        pod,
        new PolicyRuleBuilder(Cluster.rule("", "configmaps", "get", "watch"))
            .withResourceNames("serving-ca")
            .build());
    try (TestSigner signer = TestSigner.approving(cluster)) {
      TrustBundle before = caOf(signer).load();
      TrustBundle after =
          before.union(TrustBundle.of(List.of(TestCa.root("the next").certificate())));
      cluster.admin().resource(servingCa(before)).create();

      try (PodTls tls = orders(signer, on -> on.trustingConfigMap("serving-ca")).bootstrap(LIMIT)) {
        assertThat(tls.generation().trust()).isEqualTo(before);

        cluster.admin().resource(servingCa(after)).update();

        long deadline = System.nanoTime() + LIMIT.toNanos(); // half of what it is without a watch
        while (!tls.generation().trust().equals(after) && System.nanoTime() - deadline < 0) {
          LockSupport.parkNanos(20_000_000);
        }
        assertThat(tls.generation().trust()).isEqualTo(after);
      }
    }
    assertThat(cluster.controlPlane().audit().requestsOf(pod))
        .noneMatch(request -> request.status().orElse(0) == 403);
  }

  private ConfigMap servingCa(TrustBundle bundle) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withNamespace(pod.namespace())
        .withName("serving-ca")
        .endMetadata()
        .addToData("ca.crt", bundle.toPem())
        .build();
  }

  @Test
  @DisplayName("waiting is visible: the object, since when, and the command that moves it")
  void waitingIsVisible() throws Exception {
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    try (TestSigner signer = TestSigner.of(cluster)) {
      CompletableFuture<PodTls> bootstrap =
          inBackground(
              () -> orders(signer).addListener(WaitingReport.to(lines::add)).bootstrap(LIMIT));
      assertThat(lines.poll(20, TimeUnit.SECONDS))
          .isEqualTo("asking " + signer.name() + " for a certificate");
      String waiting = lines.poll(20, TimeUnit.SECONDS);
      assertThat(waiting).matches("csr podtls-[0-9a-f]{24} awaits approval, for [0-9]+ s now\\.");
      String name = waiting.split(" ")[1];
      assertThat(lines.poll(20, TimeUnit.SECONDS))
          .startsWith("  To go on: the decision of an approver for " + signer.name())
          .endsWith("kubectl certificate approve " + name);

      administrator.approve(name);

      try (PodTls tls = bootstrap.get(20, TimeUnit.SECONDS)) {
        assertThat(lines).anySatisfy(line -> assertThat(line).startsWith("issued: "));
        assertThat(tls.status().ready()).isTrue();
      }
    }
  }

  private interface Bootstrap {
    PodTls run() throws InterruptedException;
  }

  private static CompletableFuture<PodTls> inBackground(Bootstrap bootstrap) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return bootstrap.run();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  @DisplayName("the deadline is kept, and says which object waits for whom and what would move it")
  void deadlineSaysWhatIsAwaited() throws Exception {
    try (TestSigner signer = TestSigner.of(cluster)) {
      KubernetesTls orders = orders(signer);
      long start = System.nanoTime();

      BootstrapTimeoutException late =
          catchThrowableOfType(
              BootstrapTimeoutException.class, () -> orders.bootstrap(Duration.ofSeconds(3)));

      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofSeconds(3), Duration.ofSeconds(20));
      assertThat(late.phase()).isEqualTo(Phase.AWAITING_APPROVAL);
      assertThat(late)
          .hasMessageContaining("csr podtls-")
          .hasMessageContaining(signer.name().toString())
          .hasMessageContaining("kubectl certificate approve podtls-");
    }
  }

  @Test
  @DisplayName("a denial ends the bootstrap with the approver's reason")
  void deniedEndsTheBootstrap() throws Exception {
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    try (TestSigner signer = TestSigner.of(cluster)) {
      CompletableFuture<PodTls> bootstrap =
          inBackground(
              () -> orders(signer).addListener(WaitingReport.to(lines::add)).bootstrap(LIMIT));
      lines.poll(20, TimeUnit.SECONDS);
      String name = lines.poll(20, TimeUnit.SECONDS).split(" ")[1];
      administrator.deny(name, new Reason("OutOfPolicy", "no such Service"));

      assertThatThrownBy(() -> bootstrap.get(20, TimeUnit.SECONDS))
          .rootCause()
          .isInstanceOfSatisfying(
              CertificateDeniedException.class,
              e -> {
                assertThat(e.object()).isEqualTo("csr " + name);
                assertThat(e.reason()).isEqualTo("OutOfPolicy");
              });
    }
  }

  @Test
  @DisplayName(
      "what the signer changed is named: a dropped name, a dropped usage, a CA certificate")
  void changedCertificateIsRejected() throws Exception {
    try (TestSigner signer =
        TestSigner.flawed(
            cluster,
            leaf ->
                leaf.withoutNames().dns("another.example").usages(KeyUsage.CLIENT_AUTH).asCa())) {
      InvalidCertificateException rejected =
          catchThrowableOfType(
              InvalidCertificateException.class, () -> orders(signer).bootstrap(LIMIT));

      assertThat(rejected.violations())
          .extracting(Violation::rule)
          .contains(Rule.SUBJECT_ALTERNATIVE_NAMES, Rule.USAGES, Rule.NOT_A_CA);
    }
  }

  @Test
  @DisplayName("a certificate that peer trust does not verify is not used, and its issuer is named")
  void untrustedCertificateIsRejected() throws Exception {
    try (TestSigner signer = TestSigner.approving(cluster)) {
      TrustBundleSource other =
          TrustBundleSource.fixed(TrustBundle.of(List.of(TestCa.root("another").certificate())));

      InvalidCertificateException rejected =
          catchThrowableOfType(
              InvalidCertificateException.class,
              () -> orders(signer, on -> on.trusting(other)).bootstrap(LIMIT));

      assertThat(rejected.violations()).extracting(Violation::rule).contains(Rule.PEER_TRUST);
      assertThat(rejected).hasMessageContaining("signer of " + signer.name());
    }
  }

  @Test
  @DisplayName("an intermediate and a shortened life are accepted")
  void shortenedLifeIsAccepted() throws Exception {
    try (TestSigner signer =
            TestSigner.flawed(
                cluster,
                leaf ->
                    leaf.valid(Instant.now().minusSeconds(300), Instant.now().plusSeconds(600)));
        PodTls tls = orders(signer).expiration(Duration.ofHours(24)).bootstrap(LIMIT)) {
      assertThat(tls.generation().identity().orElseThrow().notAfter())
          .isBefore(Instant.now().plus(Duration.ofMinutes(11)));
    }
  }

  @Test
  @DisplayName("closing the handle takes less than 100 ms, unless the machine is busy")
  void closesAtOnce() throws Exception {
    try (TestSigner signer = TestSigner.approving(cluster)) {
      Duration best = LIMIT;
      for (int tries = 0; tries < 3 && best.toMillis() >= 100; tries++) {
        PodTls tls = orders(signer).bootstrap(LIMIT);
        long start = System.nanoTime();
        tls.close();
        best = Duration.ofNanos(Math.min(best.toNanos(), System.nanoTime() - start));
      }

      assertThat(best).isLessThan(Duration.ofMillis(100));
    }
  }

  @Test
  @DisplayName("closing the handle leaves neither connection nor thread")
  void closingClosesTheConnection() throws Exception {
    try (TestSigner signer = TestSigner.approving(cluster)) {
      cluster.mountedServiceAccount(pod, directory);
      ApiServer server =
          new ServiceAccount(cluster.controlPlane().apiServerUrl().toString(), directory).connect();
      KubernetesTls orders = orders(signer).through(server);
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      PodTls tls = orders.bootstrap(LIMIT);
      assertThat(threadsSince(before)).isNotEmpty();

      tls.close();

      assertThatThrownBy(() -> server.get("/version")).hasMessageContaining("is closed");
      long deadline = System.nanoTime() + LIMIT.toNanos();
      while (!threadsSince(before).isEmpty() && System.nanoTime() - deadline < 0) {
        LockSupport.parkNanos(20_000_000);
      }
      assertThat(threadsSince(before)).isEmpty();
    }
  }

  /** Ours, not those of the test's own clients. */
  private static List<String> threadsSince(Set<Thread> before) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread))
        .map(Thread::getName)
        .filter(name -> name.startsWith("podtls") || name.endsWith("SelectorManager"))
        .toList();
  }

  @Test
  @DisplayName("an interrupt ends the bootstrap long before its deadline and leaves the request")
  void interruptWhilePending() throws Exception {
    try (TestSigner signer = TestSigner.of(cluster)) {
      BlockingQueue<String> lines = new LinkedBlockingQueue<>();
      Thread caller =
          new Thread(
              () -> {
                try {
                  orders(signer).addListener(WaitingReport.to(lines::add)).bootstrap(LIMIT);
                } catch (InterruptedException e) {
                  lines.add("interrupted");
                }
              });
      caller.start();
      lines.poll(20, TimeUnit.SECONDS);
      String name = lines.poll(20, TimeUnit.SECONDS).split(" ")[1];
      lines.poll(20, TimeUnit.SECONDS);

      caller.interrupt();
      caller.join(10_000);

      assertThat(caller.isAlive()).isFalse();
      assertThat(lines).contains("interrupted");
      assertThat(administrator.describe(name).isPending()).isTrue();
    }
  }
}
