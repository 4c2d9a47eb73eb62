package io.podtls.controlplane;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;

/**
 * A running Kubernetes control plane: etcd, kube-apiserver and kube-controller-manager as processes
 * on 127.0.0.1, with RBAC, service-account tokens that can be bound to Pods, an audit log and the
 * built-in CSR signers.
 *
 * <p>There is no kubelet and no scheduler. Of the controllers these run: service accounts, the
 * publisher of kube-root-ca.crt, the three for CertificateSigningRequests, namespaces,
 * EndpointSlices and the aggregation of ClusterRoles. One Node exists, named {@value #NODE}.
 *
 * <p>Thread safety: all methods can be called from any thread; those that stop and start servers
 * exclude each other.
 */
public final class ControlPlane implements AutoCloseable {
  /** The name of the only Node. */
  public static final String NODE = "node-1";

  /** The user name that {@link #admin()} has in the audit log. */
  public static final String ADMIN = "podtls-admin";

  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Map<ControlPlaneOptions, ControlPlane> SHARED = new HashMap<>();
  private static @Nullable Binaries binaries;

  private final Binaries.Found servers;
  private final ControlPlaneOptions options;
  private final Path folder;
  private final Watchdog watchdog;
  private final Thread shutdownHook = new Thread(this::stop, "control-plane-shutdown");
  private final List<KubernetesClient> clients = new ArrayList<>();
  private final CertificateAuthority serverCa =
      CertificateAuthority.named("podtls-test-api-server");
  private final CertificateAuthority adminCa = CertificateAuthority.named("podtls-test-admin");
  private final CertificateAuthority csrCa = CertificateAuthority.named("podtls-test-csr-signer");
  private final HttpClient anonymous;
  private final int etcdPort;
  private final int etcdPeerPort;
  private final int apiServerPort;
  private final KubernetesClient admin;
  private final AuditLog audit;
  private final Cluster cluster;
  private boolean stopped;
  private @Nullable ServerProcess etcd;
  private @Nullable ServerProcess apiServer;
  private @Nullable ServerProcess controllerManager;

  private ControlPlane(Binaries.Found servers, ControlPlaneOptions options) {
    this.servers = servers;
    this.options = options;
    try {
      this.folder = Files.createTempDirectory("podtls-control-plane-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.watchdog = Watchdog.over(folder);
    Runtime.getRuntime().addShutdownHook(shutdownHook);
    this.etcdPort = freePort();
    this.etcdPeerPort = freePort();
    this.apiServerPort = freePort();
    // HTTP/1.1: over HTTP/2 the API server adds a GOAWAY to each answer to an anonymous request,
    // and
    // JDK 17's client then drops the answer.
    this.anonymous =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(trusting(serverCa.root().certificate()))
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    writeFiles();
    this.admin = newClient(Config.fromKubeconfig(kubeconfig().toFile()));
    this.audit = new AuditLog(folder.resolve("audit.log"), this::auditFence);
    this.cluster = new Cluster(this);
  }

  /** Starts one with Kubernetes' defaults. */
  public static ControlPlane start() {
    return start(ControlPlaneOptions.defaults());
  }

  /**
   * Starts one and waits until it serves; about 3 s.
   *
   * @throws IllegalStateException if there are no binaries, or a server does not come up: with the
   *     end of that server's log
   */
  public static ControlPlane start(ControlPlaneOptions options) {
    if (!(binaries() instanceof Binaries.Found servers)) {
      throw new IllegalStateException(((Binaries.Absent) binaries()).reason());
    }
    for (int attempt = 1; ; attempt++) {
      ControlPlane controlPlane = new ControlPlane(servers, options);
      try {
        controlPlane.startAll();
        return controlPlane;
      } catch (ServerProcess.ServerEndedException e) {
        controlPlane.close();
        if (attempt == 3 || !e.getMessage().contains("address already in use")) {
          throw e;
        }
      } catch (RuntimeException e) {
        controlPlane.close();
        throw e;
      }
    }
  }

  /** The one that all tests of this JVM share; started by the first call, ended with the JVM. */
  public static ControlPlane shared() {
    return shared(ControlPlaneOptions.defaults());
  }

  /** As {@link #shared()}, one for each value of the options. */
  public static ControlPlane shared(ControlPlaneOptions options) {
    synchronized (SHARED) {
      return SHARED.computeIfAbsent(options, ControlPlane::start);
    }
  }

  /** Where the servers' binaries are; sought once in a JVM, since a build takes minutes. */
  static Binaries binaries() {
    synchronized (SHARED) {
      if (binaries == null) {
        binaries = Binaries.find();
      }
      return binaries;
    }
  }

  /** Pods, namespaces, rights and whatever else a test needs in this control plane. */
  public Cluster cluster() {
    return cluster;
  }

  /** A client with the rights of a cluster administrator; closed with this control plane. */
  public KubernetesClient admin() {
    return admin;
  }

  /** What the API server was asked. */
  public AuditLog audit() {
    return audit;
  }

  /** {@code https://127.0.0.1:PORT}; the certificate names localhost and kubernetes.default too. */
  public URI apiServerUrl() {
    return URI.create("https://127.0.0.1:" + apiServerPort);
  }

  /** The servers' own version, such as {@code v1.37.2}, whatever they emulate. */
  public String version() {
    return admin.getKubernetesVersion().getGitVersion();
  }

  /** A PEM file with the CA that signed the API server's own certificate. */
  public Path caCertificate() {
    return folder.resolve("server-ca.crt");
  }

  /**
   * The CA whose key the built-in CSR signers use; the API server accepts its client certificates.
   */
  public X509Certificate csrSignerCa() {
    return csrCa.root().certificate();
  }

  /** A kubeconfig file of the cluster administrator. */
  public Path kubeconfig() {
    return folder.resolve("admin.kubeconfig");
  }

  /** The folder of this control plane, for instance to read a server's log; gone after close. */
  public Path folder() {
    return folder;
  }

  /**
   * Ends kube-apiserver without warning, as a crash does: connections break, new ones are refused.
   */
  public synchronized void stopApiServer() {
    if (apiServer != null) {
      apiServer.kill();
      apiServer = null;
    }
  }

  /** Starts kube-apiserver again, at the same port and with the same data, and waits for it. */
  public synchronized void startApiServer() {
    if (apiServer == null) {
      apiServer = ServerProcess.start(servers.apiServer(), apiServerFlags(), folder, watchdog);
    }
    apiServer.awaitReady(START_LIMIT, this::missingForApiServer);
  }

  /** Ends kube-controller-manager: approved requests stay unsigned. */
  public synchronized void stopControllerManager() {
    if (controllerManager != null) {
      controllerManager.kill();
      controllerManager = null;
    }
  }

  /** Starts kube-controller-manager again; does not wait for it. */
  public synchronized void startControllerManager() {
    if (controllerManager == null) {
      controllerManager =
          ServerProcess.start(
              servers.controllerManager(), controllerManagerFlags(), folder, watchdog);
    }
  }

  /** Ends all three servers, closes all clients made here and deletes the folder. Idempotent. */
  @Override
  public void close() {
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook runs or has run.
    }
  }

  /** A client with this configuration, closed with this control plane at the latest. */
  KubernetesClient newClient(Config config) {
    KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build();
    synchronized (clients) {
      clients.add(client);
    }
    return client;
  }

  /** The configuration of a client that has a bearer token and trusts the API server's CA. */
  Config configFor(String token) {
    return new ConfigBuilder(Config.empty())
        .withMasterUrl(apiServerUrl().toString())
        .withCaCertFile(caCertificate().toString())
        .withOauthToken(token)
        .build();
  }

  private synchronized void startAll() {
    etcd = ServerProcess.start(servers.etcd(), etcdFlags(), folder, watchdog);
    startApiServer();
    startControllerManager();
    cluster.createNode();
    controllerManager.awaitReady(START_LIMIT, this::missingForControllerManager);
  }

  private synchronized void stop() {
    if (stopped) {
      return;
    }
    stopped = true;
    synchronized (clients) {
      clients.forEach(KubernetesClient::close);
    }
    stopControllerManager();
    stopApiServer();
    if (etcd != null) {
      etcd.kill();
      etcd = null;
    }
    watchdog.close();
  }

  private Optional<String> missingForApiServer() {
    try {
      HttpResponse<String> answer = get("/readyz");
      return answer.statusCode() == 200
          ? Optional.empty()
          : Optional.of("/readyz answers " + answer.statusCode() + " " + answer.body());
    } catch (IOException e) {
      return Optional.of(e.toString());
    }
  }

  private Optional<String> missingForControllerManager() {
    return admin.configMaps().inNamespace("default").withName("kube-root-ca.crt").get() == null
        ? Optional.of("no ConfigMap kube-root-ca.crt")
        : Optional.empty();
  }

  private HttpResponse<String> get(String path) throws IOException {
    try {
      return anonymous.send(
          HttpRequest.newBuilder(apiServerUrl().resolve(path))
              .timeout(Duration.ofSeconds(10))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** A request that the audit log shows after all that were answered before; false when down. */
  private boolean auditFence(String marker) {
    try {
      get("/version?" + marker);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void writeFiles() {
    serverCa.root().writeTo(folder, "server-ca");
    adminCa.root().writeTo(folder, "admin-ca");
    csrCa.root().writeTo(folder, "csr-ca");
    serverCa
        .issueServer(
            "CN=kube-apiserver",
            new GeneralName(GeneralName.iPAddress, "127.0.0.1"),
            new GeneralName(GeneralName.iPAddress, "10.96.0.1"),
            new GeneralName(GeneralName.dNSName, "localhost"),
            new GeneralName(GeneralName.dNSName, "kubernetes.default.svc"),
            new GeneralName(GeneralName.dNSName, "kubernetes.default.svc.cluster.local"))
        .writeTo(folder, "server");
    KeyPair tokens = CertificateAuthority.newKeyPair();
    write("tokens.key", CertificateAuthority.ecKeyPem(tokens.getPrivate()));
    write("tokens.pub", CertificateAuthority.pem("PUBLIC KEY", tokens.getPublic().getEncoded()));
    write("client-cas.crt", adminCa.root().certificatePem() + csrCa.root().certificatePem());
    write(
        "audit-policy.yaml",
        """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
        - level: Metadata
        """);
    write("admin.kubeconfig", kubeconfig("CN=" + ADMIN + ",O=system:masters"));
    write("controller-manager.kubeconfig", kubeconfig("CN=system:kube-controller-manager"));
  }

  private String kubeconfig(String subject) {
    CertificateAuthority.Pair client = adminCa.issueClient(subject);
    return """
        apiVersion: v1
        kind: Config
        clusters:
        - name: podtls
          cluster:
            server: %s
            certificate-authority-data: %s
        users:
        - name: user
          user:
            client-certificate-data: %s
            client-key-data: %s
        contexts:
        - name: podtls
          context:
            cluster: podtls
            user: user
        current-context: podtls
        """
        .formatted(
            apiServerUrl(),
            base64(serverCa.root().certificatePem()),
            base64(client.certificatePem()),
            base64(client.keyPem()));
  }

  private List<String> etcdFlags() {
    String client = "http://127.0.0.1:" + etcdPort;
    String peer = "http://127.0.0.1:" + etcdPeerPort;
    return List.of(
        "--name=podtls",
        "--data-dir=" + folder.resolve("etcd-data"),
        "--listen-client-urls=" + client,
        "--advertise-client-urls=" + client,
        "--listen-peer-urls=" + peer,
        "--initial-advertise-peer-urls=" + peer,
        "--initial-cluster=podtls=" + peer,
        "--unsafe-no-fsync");
  }

  private List<String> apiServerFlags() {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--etcd-servers=http://127.0.0.1:" + etcdPort,
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--secure-port=" + apiServerPort,
                "--tls-cert-file=" + folder.resolve("server.crt"),
                "--tls-private-key-file=" + folder.resolve("server.key"),
                "--client-ca-file=" + folder.resolve("client-cas.crt"),
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                "--service-account-signing-key-file=" + folder.resolve("tokens.key"),
                "--service-account-key-file=" + folder.resolve("tokens.pub"),
                "--authorization-mode=Node,RBAC",
                "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
                "--endpoint-reconciler-type=none",
                "--shutdown-delay-duration=0s",
                "--audit-policy-file=" + folder.resolve("audit-policy.yaml"),
                "--audit-log-path=" + folder.resolve("audit.log"),
                "--audit-log-mode=blocking",
                "--audit-log-maxsize=0"));
    options.emulatedVersion().ifPresent(version -> flags.add("--emulated-version=kube=" + version));
    flags.addAll(options.apiServerFlags());
    return flags;
  }

  private List<String> controllerManagerFlags() {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--kubeconfig=" + folder.resolve("controller-manager.kubeconfig"),
                "--secure-port=0",
                "--leader-elect=false",
                "--use-service-account-credentials=true",
                "--controllers="
                    + "serviceaccount-controller,"
                    + "root-ca-certificate-publisher-controller,"
                    + "certificatesigningrequest-approving-controller,"
                    + "certificatesigningrequest-signing-controller,"
                    + "certificatesigningrequest-cleaner-controller,"
                    + "clusterrole-aggregation-controller,"
                    + "namespace-controller,"
                    + "endpointslice-controller",
                "--root-ca-file=" + caCertificate(),
                "--cluster-signing-cert-file=" + folder.resolve("csr-ca.crt"),
                "--cluster-signing-key-file=" + folder.resolve("csr-ca.key"),
                "--cluster-signing-duration=" + options.signingDuration().toSeconds() + "s",
                "--kube-api-qps=" + options.controllerManagerQps(),
                "--kube-api-burst=" + options.controllerManagerBurst()));
    options.emulatedVersion().ifPresent(version -> flags.add("--emulated-version=kube=" + version));
    return flags;
  }

  private void write(String name, String content) {
    try {
      Files.writeString(folder.resolve(name), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * A port that nothing listens on, below the range that operating systems give to outgoing
   * connections: a stopped API server's port must still be free when it starts again.
   */
  private static int freePort() {
    for (int attempt = 0; attempt < 100; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (ServerSocket socket = new ServerSocket()) {
        socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
        return port;
      } catch (IOException e) {
        // Taken: try another.
      }
    }
    throw new IllegalStateException("no free port between 20000 and 32000 on 127.0.0.1");
  }

  private static SSLContext trusting(X509Certificate ca) {
    try {
      KeyStore anchors = KeyStore.getInstance("PKCS12");
      anchors.load(null, null);
      anchors.setCertificateEntry("ca", ca);
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(anchors);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
