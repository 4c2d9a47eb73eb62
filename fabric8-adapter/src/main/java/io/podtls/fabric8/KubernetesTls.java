package io.podtls.fabric8;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.PodTls;
import io.podtls.PodTlsListener;
import io.podtls.request.CertificateRequest;
import io.podtls.request.PodEnvironment;
import io.podtls.request.SignerName;
import io.podtls.trust.TrustBundleSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
 * orders.shop.svc.cluster.local}) and is asked for with the usages digital signature and server
 * auth: it is good for a server, and no server accepts it from a client. For mutual TLS, ask for
 * client auth too:
 *
 * <pre>{@code
 * .requesting(request -> request.usages(
 *     KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH, KeyUsage.CLIENT_AUTH))
 * }</pre>
 *
 * <p>The connection to the API server is made as the pod's service account, or outside a cluster
 * from the kubeconfig, and is closed with the handle.
 *
 * <p><b>Thread safety:</b> not safe; meant for one expression. The {@link PodTls} is.
 */
public final class KubernetesTls {

  private final String service;
  private final SignerName signerName;
  private final List<Consumer<CertificateRequest.Builder>> requestOptions = new ArrayList<>();
  private final List<Consumer<PodTls.Requesting>> handleOptions = new ArrayList<>();
  private @Nullable BiFunction<ApiServer, PodEnvironment, TrustBundleSource> trust;
  private @Nullable KubernetesClient lent;
  private @Nullable ApiServer made;
  private @Nullable PodEnvironment environment;

  private KubernetesTls(String service, SignerName signerName) {
    this.service = service;
    this.signerName = signerName;
  }

  /**
   * Starts with the Service whose name peers use.
   *
   * @param name the Service's name, without its namespace
   */
  public static Unsigned forService(String name) {
    return new Unsigned(requireNonNull(name, "name"));
  }

  /**
   * A Service without a signer yet.
   *
   * <p><b>Thread safety:</b> immutable.
   */
  public static final class Unsigned {
    private final String service;

    private Unsigned(String service) {
      this.service = service;
    }

    /**
     * Goes on with who shall sign.
     *
     * @param signerName as in {@code spec.signerName}, e.g. {@code example.com/serving}
     * @throws IllegalArgumentException if the API would refuse the name
     */
    public KubernetesTls signedBy(String signerName) {
      return new KubernetesTls(service, SignerName.of(signerName));
    }
  }

  /**
   * Whom to trust as a peer, and what the certificate is verified against. If neither this nor
   * another {@code trusting} method is called: the cluster CA, which verifies the API server and,
   * in many clusters, not much else.
   */
  public KubernetesTls trusting(TrustBundleSource source) {
    requireNonNull(source, "source");
    trust = (server, pod) -> source;
    return this;
  }

  /**
   * Trusts the key {@code ca.crt} of a ConfigMap in the pod's namespace, read through the API.
   *
   * <p>Needs the verb {@code get} on that one ConfigMap, and {@code watch} to hear of changes at
   * once; without it, they are found within a minute:
   *
   * <pre>{@code
   * kind: Role
   * rules:
   * - {apiGroups: [""], resources: [configmaps], resourceNames: [serving-ca], verbs: [get, watch]}
   * }</pre>
   *
   * @param name the ConfigMap's name
   */
  public KubernetesTls trustingConfigMap(String name) {
    requireNonNull(name, "name");
    trust = (server, pod) -> new ConfigMapTrust(server, pod.namespace(), name, "ca.crt");
    return this;
  }

  /**
   * Trusts the signer's ClusterTrustBundles ({@code certificates.k8s.io/v1}, Kubernetes 1.37), read
   * through the API.
   *
   * <p>Needs the verb {@code list} on clustertrustbundles in a ClusterRole, and {@code watch} to
   * hear of changes at once; without it, they are found within a minute.
   */
  public KubernetesTls trustingClusterTrustBundles() {
    trust = (server, pod) -> KubernetesTrustBundles.clusterTrustBundlesOf(signerName, server);
    return this;
  }

  /**
   * Changes what is asked for: more names, other usages, a lifetime, another kind of key.
   *
   * @param options is given the request with the Service's names in it
   */
  public KubernetesTls requesting(Consumer<CertificateRequest.Builder> options) {
    requestOptions.add(requireNonNull(options, "options"));
    return this;
  }

  /** Changes how the handle works: when to renew, which files to prefer. */
  public KubernetesTls handling(Consumer<PodTls.Requesting> options) {
    handleOptions.add(requireNonNull(options, "options"));
    return this;
  }

  /** Adds a listener, e.g. {@link WaitingReport}. Default: none; events are logged. */
  public KubernetesTls addListener(PodTlsListener listener) {
    requireNonNull(listener, "listener");
    return handling(handle -> handle.addListener(listener));
  }

  /**
   * Connects through a client of the caller's. If not called: a connection is made, which trusts
   * the cluster CA and nothing else, and is closed with the handle.
   *
   * @param client stays the caller's to close, after the handle
   */
  public KubernetesTls through(KubernetesClient client) {
    lent = requireNonNull(client, "client");
    return this;
  }

  /** Connects to this API server, and closes the connection with the handle. */
  KubernetesTls through(ApiServer server) {
    made = server;
    return this;
  }

  /** What the pod knows of itself. If not called: {@link PodEnvironment#detect()}. */
  public KubernetesTls in(PodEnvironment pod) {
    environment = requireNonNull(pod, "pod");
    return this;
  }

  /**
   * Asks for the certificate, waits for it, and starts to keep it right.
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
    PodEnvironment pod = environment == null ? PodEnvironment.detect() : environment;
    CertificateRequest.Builder request =
        CertificateRequest.builder(signerName).service(service, pod);
    requestOptions.forEach(option -> option.accept(request));
    ApiServer server = connect();
    boolean done = false;
    try {
      PodTls.Requesting handle =
          PodTls.requesting(request.build(), new Fabric8CertificateSigner(server))
              .trusting(trust == null ? TrustBundleSource.clusterCa() : trust.apply(server, pod))
              .addListener(
                  new PodTlsListener() {
                    @Override
                    public void closed() {
                      server.close();
                    }
                  });
      handleOptions.forEach(option -> option.accept(handle));
      PodTls tls = handle.bootstrap(timeout);
      done = true;
      return tls;
    } finally {
      if (!done) {
        server.close();
      }
    }
  }

  private ApiServer connect() {
    if (made != null) {
      return made;
    }
    return lent == null ? ApiServers.here() : ApiServer.lentBy(lent);
  }
}
