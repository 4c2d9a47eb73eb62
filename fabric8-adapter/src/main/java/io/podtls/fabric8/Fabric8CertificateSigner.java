package io.podtls.fabric8;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.identity.PendingIdentity;
import io.podtls.signing.CertificateSigner;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * Gets requests signed through the Kubernetes API: creates a CertificateSigningRequest ({@code
 * certificates.k8s.io/v1}), follows it with one watch, and reports what the approver and the signer
 * made of it. An issuance that goes through takes two requests to the API server.
 *
 * <p>The requester needs a ClusterRole that allows {@code create} and {@code get} on {@code
 * certificatesigningrequests}; with {@code watch} too, news arrive at once instead of at the next
 * of a growing interval of reads. Nothing is ever deleted or updated: the cluster collects the
 * objects itself.
 *
 * <p>An object's name is derived from the key and from what is asked for it, so that a lost answer
 * never leads to a second object. An object of that name whose signer, usages, request or requester
 * differ belongs to another requester, and another name is taken.
 *
 * <p><b>Thread safety:</b> safe for use by many attempts and threads at once. Holds no thread of
 * its own beside those of the HTTP client.
 */
public final class Fabric8CertificateSigner implements CertificateSigner {

  private static final String DEFAULT_PREFIX = "podtls-";

  /** RFC 1123 subdomain characters, as far as a hash can follow. */
  private static final Pattern PREFIX = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,98}[a-z0-9-])?");

  private final CsrApi api;
  private final String prefix;
  private final CsrFollower.Timing timing;

  Fabric8CertificateSigner(CsrApi api, String prefix, CsrFollower.Timing timing) {
    this.api = api;
    this.prefix = prefix;
    this.timing = timing;
  }

  Fabric8CertificateSigner(CsrApi api, String prefix, InstantSource clock, RandomGenerator random) {
    this(api, prefix, CsrFollower.Timing.by(clock, random));
  }

  Fabric8CertificateSigner(ApiServer server) {
    this(
        new ApiServerCsrs(server),
        DEFAULT_PREFIX,
        InstantSource.system(),
        RandomGenerator.getDefault());
  }

  /**
   * Uses the client's connections and credentials. The client is responsible for these: whom it
   * trusts, when it reads its token, and when it notices that a connection is dead.
   *
   * @param client stays the caller's to close; to be kept open while the signer is in use
   */
  public static Fabric8CertificateSigner using(KubernetesClient client) {
    return new Fabric8CertificateSigner(ApiServer.lentBy(requireNonNull(client, "client")));
  }

  /**
   * Connects as the pod's service account, to be closed with the signer.
   *
   * <p>The API server is trusted if {@code ca.crt} under {@code
   * /var/run/secrets/kubernetes.io/serviceaccount} verifies it, and only then: the JVM's own roots
   * do not count, and a rotated CA is picked up. The token beside it is read for each request.
   *
   * @throws IllegalStateException if {@code KUBERNETES_SERVICE_HOST} is not set: this is no pod
   * @throws io.podtls.failure.InvalidMaterialException if {@code ca.crt} holds no certificate
   */
  public static Fabric8CertificateSigner inCluster() {
    return new Fabric8CertificateSigner(ServiceAccount.ofThisPod().connect());
  }

  /**
   * Connects as the current user of the kubeconfig that {@code kubectl} would use, for programs
   * outside the cluster; to be closed with the signer.
   *
   * <p>If the kubeconfig names a CA, the API server is trusted if that verifies it, and only then.
   *
   * @throws IllegalStateException if there is no kubeconfig, or it says not to verify the API
   *     server
   */
  public static Fabric8CertificateSigner fromKubeconfig() {
    return new Fabric8CertificateSigner(ApiServers.ofKubeconfig());
  }

  /**
   * The same signer, naming its objects with another prefix.
   *
   * @param namePrefix at most 100 of {@code a-z0-9.-}, starting with a letter or digit; not {@code
   *     csr-}, which some clouds' signers never issue; {@code podtls-} if not called
   */
  public Fabric8CertificateSigner namedWith(String namePrefix) {
    requireNonNull(namePrefix, "namePrefix");
    if (!PREFIX.matcher(namePrefix).matches()) {
      throw new IllegalArgumentException(
          "namePrefix is not made of at most 100 of a-z, 0-9, '.' and '-': " + namePrefix);
    }
    if (namePrefix.startsWith("csr-")) {
      throw new IllegalArgumentException(
          "namePrefix starts with csr-, and EKS never issues requests of such names");
    }
    return new Fabric8CertificateSigner(api, namePrefix, timing);
  }

  @Override
  public Attempt begin(PendingIdentity pending, Runnable wakeUp) {
    return new CsrAttempt(
        api, prefix, requireNonNull(pending, "pending"), requireNonNull(wakeUp, "wakeUp"), timing);
  }

  /** Makes the HTTP client and loads what talking to an API server needs; sends nothing. */
  @Override
  public void prepare() {
    api.prepare();
  }

  /** Closes the connections if the signer made them; attempts under way see no more news. */
  @Override
  public void close() {
    api.close();
  }

  @Override
  public String toString() {
    return "certificates.k8s.io/v1 at " + api;
  }
}
