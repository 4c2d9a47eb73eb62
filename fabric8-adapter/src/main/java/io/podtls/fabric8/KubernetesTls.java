package io.podtls.fabric8;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.PodTls;
import io.podtls.PodTlsListener;
import io.podtls.identity.IdentityFiles;
import io.podtls.peer.Peers;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.PodEnvironment;
import io.podtls.request.SignerName;
import io.podtls.request.SubjectAlternativeName;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The common case in one call: a pod that serves TLS as a Service, with a certificate issued
 * through the Kubernetes API.
 *
 * <pre>{@code
 * try (PodTls tls = KubernetesTls.forService("orders").signedBy("example.com/serving")
 *     .trustingConfigMap("serving-ca")
 *     .bootstrap(Duration.ofSeconds(90))) {
 *   server.setHttpsConfigurator(new HttpsConfigurator(tls.sslContext()));
 * }
 * }</pre>
 *
 * <p>The certificate names the Service in the pod's namespace ({@code orders.shop.svc} and {@code
 * orders.shop.svc.cluster.local}). Its usages are digital signature and server auth: it is good for
 * a server, and no server accepts it from a client unless {@link #forMutualTls()} is called.
 *
 * <p>The connection to the API server is made as the pod's service account, or outside a pod as the
 * user of the kubeconfig's current context, and is closed with the handle. There the namespace is
 * that of the context, or {@code default}.
 *
 * <p>What has no option here has one in {@link PodTls.Requesting}: {@code
 * PodTls.requesting(request, Fabric8CertificateSigner.inCluster())}.
 *
 * <p><b>Thread safety:</b> not safe; meant for one expression. The {@link PodTls} is.
 */
public final class KubernetesTls {

  private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

  private final String service;
  private final SignerName signerName;
  private final BiFunction<ApiServer, PodEnvironment, TrustBundleSource> trust;
  private final List<SubjectAlternativeName> names = new ArrayList<>();
  private final List<Consumer<PodTls.Requesting>> handleOptions = new ArrayList<>();
  private boolean mutual;
  private Duration expiration = Duration.ofHours(24);
  private @Nullable KubernetesClient lent;
  private @Nullable ApiServer made;
  private @Nullable PodEnvironment environment;

  private KubernetesTls(
      String service,
      SignerName signerName,
      BiFunction<ApiServer, PodEnvironment, TrustBundleSource> trust) {
    this.service = service;
    this.signerName = signerName;
    this.trust = trust;
  }

  /**
   * Starts with the Service whose name peers use.
   *
   * @param name the Service's name, without its namespace
   * @return the step that names the signer
   */
  public static SignerStep forService(String name) {
    return new SignerStep(requireNonNull(name, "name"));
  }

  /**
   * The step that names the signer.
   *
   * <p><b>Thread safety:</b> immutable.
   */
  public static final class SignerStep {
    private final String service;

    private SignerStep(String service) {
      this.service = service;
    }

    /**
     * Sets the signer.
     *
     * @param signerName as in {@code spec.signerName}, e.g. {@code example.com/serving}
     * @return the step that says whom to trust
     * @throws IllegalArgumentException if the API would refuse the name
     */
    public TrustStep signedBy(String signerName) {
      return new TrustStep(service, SignerName.of(signerName));
    }
  }

  /**
   * The step that says whom to trust as a peer, and what the certificate is verified against. The
   * CA of the API server, {@link TrustBundleSource#clusterCa()}, is one choice among others; it is
   * rarely the signer's.
   *
   * <p><b>Thread safety:</b> immutable.
   */
  public static final class TrustStep implements PodTls.TrustStep<KubernetesTls> {
    private final String service;
    private final SignerName signerName;

    private TrustStep(String service, SignerName signerName) {
      this.service = service;
      this.signerName = signerName;
    }

    @Override
    public KubernetesTls trusting(TrustBundleSource source) {
      requireNonNull(source, "source");
      return new KubernetesTls(service, signerName, (server, pod) -> source);
    }

    /**
     * Trusts the key {@code ca.crt} of a ConfigMap in the pod's namespace, read through the API. If
     * the ConfigMap does not exist yet, the bootstrap waits for it.
     *
     * <p>Needs the verb {@code get} on that ConfigMap, and {@code watch} to be notified of changes;
     * without it, they are found within a minute:
     *
     * <pre>{@code
     * kind: Role
     * rules:
     * - {apiGroups: [""], resources: [configmaps], resourceNames: [serving-ca], verbs: [get, watch]}
     * }</pre>
     *
     * @param name the ConfigMap's name
     * @return the options
     */
    public KubernetesTls trustingConfigMap(String name) {
      requireNonNull(name, "name");
      return new KubernetesTls(
          service,
          signerName,
          (server, pod) -> new ConfigMapTrust(server, pod.namespace(), name, "ca.crt"));
    }

    /**
     * Trusts the signer's ClusterTrustBundles ({@code certificates.k8s.io/v1}, Kubernetes 1.37),
     * read through the API. If there are none yet, the bootstrap waits for them.
     *
     * <p>Needs the verb {@code list} on clustertrustbundles in a ClusterRole, and {@code watch} to
     * be notified of changes; without it, they are found within a minute.
     *
     * @return the options
     */
    public KubernetesTls trustingClusterTrustBundles() {
      return new KubernetesTls(
          service,
          signerName,
          (server, pod) -> KubernetesTrustBundles.clusterTrustBundlesOf(signerName, server));
    }
  }

  /**
   * Requests the usage client auth too, so that the certificate can be shown to servers that ask
   * for one. If not called, the certificate is for servers only.
   *
   * @return this builder
   */
  public KubernetesTls forMutualTls() {
    mutual = true;
    return this;
  }

  /**
   * Sets who may be at the other end of a connection, in the terms of {@link
   * PodTls.Requesting#peers}. Default: no client's certificate is accepted, and servers that are
   * called are checked by host name.
   *
   * @param peers e.g. {@code Peers.services("billing")}
   * @return this builder
   */
  public KubernetesTls peers(Peers peers) {
    return handle(requireNonNull(peers, "peers"), PodTls.Requesting::peers);
  }

  /**
   * Adds names beside the Service's, e.g. {@link PodEnvironment#podNames} for the pods of a
   * StatefulSet. Can be called more than once. Default: none.
   *
   * @param more the names
   * @return this builder
   */
  public KubernetesTls names(Collection<SubjectAlternativeName> more) {
    names.addAll(requireNonNull(more, "more"));
    return this;
  }

  /**
   * Sets the lifetime to request, which the signer may shorten. Default: 24 hours, the most that
   * {@link io.podtls.fabric8.approval.PodBoundPolicy} allows by default.
   *
   * @param lifetime 10 minutes or more
   * @return this builder
   */
  public KubernetesTls expiration(Duration lifetime) {
    expiration = requireNonNull(lifetime, "lifetime");
    return this;
  }

  /**
   * Sets when to renew; see {@link PodTls.Requesting#renewing}.
   *
   * @param policy the window
   * @return this builder
   */
  public KubernetesTls renewing(RenewalPolicy policy) {
    return handle(requireNonNull(policy, "policy"), PodTls.Requesting::renewing);
  }

  /**
   * Sets a directory that keeps the identity over restarts of the container; see {@link
   * PodTls.Requesting#keepingIn}.
   *
   * @param directory created if it does not exist; used by this handle alone
   * @return this builder
   */
  public KubernetesTls keepingIn(Path directory) {
    return handle(requireNonNull(directory, "directory"), PodTls.Requesting::keepingIn);
  }

  /**
   * Sets files to take the identity from while they are there and have time left; see {@link
   * PodTls.Requesting#preferring}.
   *
   * @param files where they are; need not exist
   * @return this builder
   */
  public KubernetesTls preferring(IdentityFiles files) {
    return handle(requireNonNull(files, "files"), PodTls.Requesting::preferring);
  }

  /**
   * Adds a listener, e.g. {@link WaitingReport}. Can be called more than once. Default: none;
   * events are logged.
   *
   * @param listener must not block
   * @return this builder
   */
  public KubernetesTls addListener(PodTlsListener listener) {
    return handle(requireNonNull(listener, "listener"), PodTls.Requesting::addListener);
  }

  /**
   * Sets the client to connect with. If not called, a connection is made, which trusts the
   * cluster's CA alone and is closed with the handle.
   *
   * @param client stays the caller's to close, after the handle
   * @return this builder
   */
  public KubernetesTls using(KubernetesClient client) {
    lent = requireNonNull(client, "client");
    return this;
  }

  /** Connects to this API server, and closes the connection with the handle. */
  KubernetesTls through(ApiServer server) {
    made = server;
    return this;
  }

  /**
   * Sets the pod that the certificate is for. Default: {@link PodEnvironment#detect()}, and outside
   * a pod the namespace of the connection.
   *
   * @param pod the pod's namespace, name and addresses
   * @return this builder
   */
  public KubernetesTls in(PodEnvironment pod) {
    environment = requireNonNull(pod, "pod");
    return this;
  }

  private <T> KubernetesTls handle(T value, BiConsumer<PodTls.Requesting, T> option) {
    handleOptions.add(handle -> option.accept(handle, value));
    return this;
  }

  /**
   * Requests the certificate, waits for it, and starts to renew it.
   *
   * @param timeout how long to wait, more than zero
   * @return the handle, ready for handshakes
   * @throws IllegalStateException if there is neither a service account nor a kubeconfig to connect
   *     with
   * @throws IllegalArgumentException if the timeout is not positive, or the request is one that the
   *     API or the signer would refuse
   * @throws io.podtls.failure.PodTlsException as {@link PodTls.Requesting#bootstrap}
   * @throws InterruptedException if the calling thread is interrupted
   */
  public PodTls bootstrap(Duration timeout) throws InterruptedException {
    ApiServer server = connect();
    boolean done = false;
    try {
      PodTls tls = handle(server).bootstrap(timeout);
      done = true;
      return tls;
    } finally {
      if (!done) {
        server.close();
      }
    }
  }

  /**
   * Makes the handle and returns at once, as {@link PodTls.Requesting#start()}.
   *
   * @return the handle, not ready yet
   * @throws IllegalStateException if there is neither a service account nor a kubeconfig to connect
   *     with
   * @throws IllegalArgumentException if the request is one that the API or the signer would refuse
   */
  public PodTls start() {
    ApiServer server = connect();
    boolean done = false;
    try {
      PodTls tls = handle(server).start();
      done = true;
      return tls;
    } finally {
      if (!done) {
        server.close();
      }
    }
  }

  private PodTls.Requesting handle(ApiServer server) {
    PodEnvironment pod = environment == null ? environment(server) : environment;
    CertificateRequest.Builder request =
        CertificateRequest.builder(signerName)
            .service(service, pod)
            .subjectAlternativeNames(names)
            .expiration(expiration);
    if (mutual) {
      request.usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH, KeyUsage.CLIENT_AUTH);
    }
    PodTls.Requesting handle =
        PodTls.requesting(request.build(), new Fabric8CertificateSigner(server))
            .trusting(trust.apply(server, pod))
            .addListener(
                new PodTlsListener() {
                  @Override
                  public void closed() {
                    server.close();
                  }
                });
    handleOptions.forEach(option -> option.accept(handle));
    return handle;
  }

  /** Outside a pod, the namespace is that of the connection: a kubeconfig's, or the client's. */
  private static PodEnvironment environment(ApiServer server) {
    Map<String, String> variables = new HashMap<>(System.getenv());
    if (variables.getOrDefault("POD_NAMESPACE", "").isEmpty()
        && !Files.exists(ServiceAccount.DIRECTORY.resolve("namespace"))) {
      server.namespace().ifPresent(namespace -> variables.put("POD_NAMESPACE", namespace));
    }
    return PodEnvironment.detect(variables, ServiceAccount.DIRECTORY, RESOLV_CONF);
  }

  private ApiServer connect() {
    if (made != null) {
      return made;
    }
    return lent == null ? ApiServers.here() : ApiServer.lentBy(lent);
  }
}
