package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.request.KeyUsage;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A policy that approves a request if the pod that made it may carry the names in it.
 *
 * <p>The requester is what the API server recorded: the service account, and the pod that its token
 * was bound to. The pod must be alive, have that uid and run as that service account. Then each
 * subject alternative name must be the pod's own:
 *
 * <ul>
 *   <li>a DNS name: of a Service in the pod's namespace that selects it, in one of the allowed
 *       forms ({@link Builder#serviceNameForms}), or the hostname that a headless Service gives to
 *       the pod ({@code <hostname>.<service>.<namespace>.svc});
 *   <li>an IP address: only with {@link Builder#allowIpAddresses}, and then one of the pod's, or a
 *       ClusterIP of a Service that selects it;
 *   <li>anything else, wildcards included, only by an option of the builder.
 * </ul>
 *
 * <p>The common name must be empty or one of those names, and the rest of the subject empty. Usages
 * and expiration must be within bounds, in the object as well as in the PKCS#10's own extensions.
 * An RSA key must have 2048 bits. A request for a CA certificate, for more than 256 names, for an
 * extension other than SubjectAltName, KeyUsage, ExtendedKeyUsage and BasicConstraints, or with any
 * attribute but the extension request is denied.
 *
 * <p>A request whose object has an annotation that is not known is denied as well, because signers
 * obey annotations: cert-manager makes a CA certificate for {@code
 * experimental.cert-manager.io/request-is-ca} and takes the lifetime from {@code
 * experimental.cert-manager.io/request-duration}. Known is what {@code kubectl apply} writes;
 * {@link Builder#allowAnnotations} adds to it. A requester that may {@code update} or {@code patch}
 * certificatesigningrequests can annotate a request after its approval: do not grant that.
 *
 * <h2>Decisions</h2>
 *
 * <table>
 * <caption>What is decided where Kubernetes leaves a choice</caption>
 * <tr><th>case</th><th>decision</th></tr>
 * <tr><td>pod not ready, or still in its init containers</td>
 *     <td>approved: it needs the certificate to become ready</td></tr>
 * <tr><td>pod being deleted ({@code PodTerminating})</td>
 *     <td>denied: its certificate lives on until it ends, and it needs no other</td></tr>
 * <tr><td>pod Succeeded or Failed ({@code PodFinished}), gone ({@code PodGone}), or replaced by one
 *     of the same name ({@code PodReplaced})</td><td>denied</td></tr>
 * <tr><td>pod in the host's network</td><td>names of Services: approved; its addresses: denied, since
 *     they are the node's and those of other pods ({@code HostNetworkAddress})</td></tr>
 * <tr><td>IP address</td><td>denied, unless {@link Builder#allowIpAddresses} bounds how long the
 *     certificate may live</td></tr>
 * <tr><td>dual-stack pod or Service</td><td>all addresses of both families count</td></tr>
 * <tr><td>headless Service</td><td>its names count; it has no address</td></tr>
 * <tr><td>ExternalName Service</td><td>denied, whatever its selector: the name leads
 *     elsewhere</td></tr>
 * <tr><td>Service without selector</td><td>selects the pods to which its EndpointSlices refer by
 *     name and uid; addresses alone do not count</td></tr>
 * <tr><td>external and load-balancer addresses, the name of a pod, {@code *.pod.cluster.local}</td>
 *     <td>denied, unless {@link Builder#alsoAllowing} says otherwise</td></tr>
 * <tr><td>no expiration asked for</td><td>denied, since the signer's default is not known, unless
 *     {@link Builder#allowUnsetExpiration()}</td></tr>
 * <tr><td>no subject alternative name</td><td>denied</td></tr>
 * <tr><td>Service not there, or not selecting the pod, or pod without an address</td>
 *     <td>{@link ApprovalDecision.NotYet}: denied if it stays so</td></tr>
 * </table>
 *
 * <p>What this policy separates is namespaces, by their DNS names. A principal that may create
 * pods, labels, Services or EndpointSlices in a namespace can get every DNS name of that namespace,
 * and none of another. IP addresses belong to no namespace: when a pod or Service is deleted, its
 * address goes to another one, in any namespace, while the certificate is still valid.
 *
 * <h2>How current its knowledge is</h2>
 *
 * <p>The pod is read live for each request. Services and EndpointSlices may be two seconds old when
 * a request is approved; before a request is denied they are read again. If the API server cannot
 * be asked, {@link #decide} throws: there is neither an approval nor a denial.
 *
 * <p>Rights: {@code get} on pods, {@code list} on services and endpointslices; see {@link
 * CertificateApprover}.
 *
 * <p><b>Thread safety:</b> safe for use by many threads. Does not close the client.
 */
public final class PodBoundPolicy implements ApprovalPolicy {

  private final ClusterLookup lookup;
  private final ContentRules contentRules;
  private final PodRules podRules = new PodRules();
  private final NameRules nameRules;

  private PodBoundPolicy(ClusterLookup lookup, PolicyOptions options) {
    this.lookup = lookup;
    this.contentRules = new ContentRules(options);
    this.nameRules = new NameRules(options);
  }

  /**
   * Starts a policy that reads pods, Services and EndpointSlices from the given API server.
   *
   * @param client stays the caller's to close
   * @return a builder with the defaults
   */
  public static Builder builder(KubernetesClient client) {
    return new Builder(new Fabric8Lookup(Clients.impatient(client)));
  }

  static Builder builder(ClusterLookup lookup) {
    return new Builder(lookup);
  }

  /**
   * Judges a request by its content, its pod and its names.
   *
   * @throws io.fabric8.kubernetes.client.KubernetesClientException if the API server cannot be
   *     asked
   */
  @Override
  public ApprovalDecision decide(ReviewedRequest request) {
    List<Objection> content = contentRules.objections(request);
    if (!content.isEmpty()) {
      return Objection.decision(content);
    }
    Optional<Requester.ServiceAccount> account = request.requester().serviceAccount();
    if (account.isEmpty()) {
      return new ApprovalDecision.Deny(
          "NotAServiceAccount",
          Printable.of(request.requester().username()) + " is not a service account");
    }
    Optional<Requester.BoundPod> pod = request.requester().pod();
    if (pod.isEmpty()) {
      return new ApprovalDecision.Deny(
          "NotBoundToPod",
          "the token of "
              + Printable.of(request.requester().username())
              + " is not bound to a pod, so the requesting pod is not known");
    }
    ApprovalDecision first =
        judge(request, account.get(), pod.get(), ClusterLookup.Freshness.RECENT);
    return first instanceof ApprovalDecision.Approve
        ? first
        : judge(request, account.get(), pod.get(), ClusterLookup.Freshness.LIVE);
  }

  private ApprovalDecision judge(
      ReviewedRequest request,
      Requester.ServiceAccount account,
      Requester.BoundPod bound,
      ClusterLookup.Freshness freshness) {
    Optional<Pod> pod = lookup.pod(account.namespace(), bound.name());
    Optional<Objection> unfit = podRules.objection(pod, bound, account);
    if (unfit.isPresent()) {
      return Objection.decision(List.of(unfit.get()));
    }
    PodContext context =
        new PodContext(
            pod.orElseThrow(),
            lookup.services(account.namespace(), freshness),
            () -> lookup.endpointSlices(account.namespace(), freshness));
    List<Objection> names =
        nameRules.objections(context, request.pkcs10().subjectAlternativeNames());
    return names.isEmpty()
        ? new ApprovalDecision.Approve(
            "PodBound",
            "all names belong to pod "
                + bound.name()
                + " (uid "
                + bound.uid()
                + ") of "
                + request.requester().username())
        : Objection.decision(names);
  }

  /**
   * Collects the options of a {@link PodBoundPolicy}.
   *
   * <p><b>Thread safety:</b> not safe for use by several threads.
   */
  public static final class Builder {

    private final ClusterLookup lookup;
    private String clusterDomain = "cluster.local";
    private Set<ServiceNameForm> serviceNameForms =
        EnumSet.of(ServiceNameForm.SVC, ServiceNameForm.CLUSTER_DOMAIN);
    private Set<KeyUsage> usages =
        EnumSet.of(
            KeyUsage.DIGITAL_SIGNATURE,
            KeyUsage.KEY_ENCIPHERMENT,
            KeyUsage.SERVER_AUTH,
            KeyUsage.CLIENT_AUTH);
    private Duration maxExpiration = Duration.ofHours(24);
    private boolean unsetExpiration;
    private Optional<Duration> addressExpiration = Optional.empty();
    private Optional<String> spiffeTrustDomain = Optional.empty();
    private Set<String> extensions = Set.of();
    private Set<String> annotations = Set.of();
    private NameRule nameRule = (pod, name) -> false;

    private Builder(ClusterLookup lookup) {
      this.lookup = lookup;
    }

    /**
     * Sets the cluster domain that ends the names of Services. If not called, {@code
     * cluster.local}.
     *
     * @param domain the domain without a leading or trailing dot
     * @return this builder
     */
    public Builder clusterDomain(String domain) {
      if (domain.isEmpty() || domain.startsWith(".") || domain.endsWith(".")) {
        throw new IllegalArgumentException("clusterDomain is empty or has an outer dot: " + domain);
      }
      this.clusterDomain = Names.lowerCase(domain);
      return this;
    }

    /**
     * Sets the forms in which names of Services are allowed. If not called, {@link
     * ServiceNameForm#SVC} and {@link ServiceNameForm#CLUSTER_DOMAIN}; the shorter ones mean
     * something else in other namespaces or outside of the cluster.
     *
     * @param first one that is allowed
     * @param others more of them
     * @return this builder
     */
    public Builder serviceNameForms(ServiceNameForm first, ServiceNameForm... others) {
      this.serviceNameForms = EnumSet.of(first, others);
      return this;
    }

    /**
     * Sets the usages that are allowed. If not called, digital signature, key encipherment, server
     * auth and client auth.
     *
     * @param first one that is allowed
     * @param others more of them
     * @return this builder
     */
    public Builder usages(KeyUsage first, KeyUsage... others) {
      this.usages = EnumSet.of(first, others);
      return this;
    }

    /**
     * Sets the longest lifetime that may be asked for. If not called, 24 hours.
     *
     * @param longest 10 minutes or more: the API server accepts nothing shorter
     * @return this builder
     * @throws IllegalArgumentException if {@code longest} is shorter than 10 minutes
     */
    public Builder maxExpiration(Duration longest) {
      this.maxExpiration = atLeastTenMinutes("maxExpiration", longest);
      return this;
    }

    /**
     * Approves requests that leave their lifetime to the signer, for signers whose default is known
     * to be within bounds. If not called, they are denied.
     *
     * @return this builder
     */
    public Builder allowUnsetExpiration() {
      this.unsetExpiration = true;
      return this;
    }

    /**
     * Allows the pod's IP addresses and the ClusterIPs of Services that select it, for certificates
     * that live no longer than this. If not called, IP addresses are denied. When a pod or Service
     * is deleted, its address goes to another one, in any namespace, and the certificate names that
     * one until it expires.
     *
     * @param longest the longest lifetime that may be asked for with an IP address; 10 minutes or
     *     more; a request that leaves its lifetime to the signer is denied
     * @return this builder
     * @throws IllegalArgumentException if {@code longest} is shorter than 10 minutes
     */
    public Builder allowIpAddresses(Duration longest) {
      this.addressExpiration = Optional.of(atLeastTenMinutes("allowIpAddresses", longest));
      return this;
    }

    /**
     * Allows the one URI {@code spiffe://<trust domain>/ns/<namespace>/sa/<service account>}. If
     * not called, URIs are denied.
     *
     * @param trustDomain the trust domain, such as {@code cluster.local}
     * @return this builder
     */
    public Builder spiffeTrustDomain(String trustDomain) {
      this.spiffeTrustDomain = Optional.of(requireNonNull(trustDomain, "trustDomain"));
      return this;
    }

    /**
     * Allows requests for further extensions, with any content. If not called, none are allowed.
     *
     * @param oids their object identifiers, dotted, such as {@code 1.3.6.1.5.5.7.1.24}
     * @return this builder
     */
    public Builder allowExtensions(String... oids) {
      this.extensions = Set.copyOf(List.of(oids));
      return this;
    }

    /**
     * Allows annotations on the object, with any value; signers may obey them. If not called, only
     * {@code kubectl.kubernetes.io/last-applied-configuration} is allowed, which {@code kubectl
     * apply} writes.
     *
     * @param keys the whole keys, such as {@code example.com/ticket}
     * @return this builder
     */
    public Builder allowAnnotations(String... keys) {
      this.annotations = Set.copyOf(List.of(keys));
      return this;
    }

    /**
     * Allows further names. The rule is called only with names that would be denied. If not called,
     * none are allowed.
     *
     * @param rule returns which further names a pod may carry
     * @return this builder
     */
    public Builder alsoAllowing(NameRule rule) {
      this.nameRule = requireNonNull(rule, "rule");
      return this;
    }

    /** {@return the policy} */
    public PodBoundPolicy build() {
      return new PodBoundPolicy(
          lookup,
          new PolicyOptions(
              clusterDomain,
              Collections.unmodifiableSet(EnumSet.copyOf(serviceNameForms)),
              Collections.unmodifiableSet(EnumSet.copyOf(usages)),
              maxExpiration,
              unsetExpiration,
              addressExpiration,
              spiffeTrustDomain,
              extensions,
              annotations,
              nameRule));
    }

    private static Duration atLeastTenMinutes(String name, Duration longest) {
      if (longest.compareTo(Duration.ofMinutes(10)) < 0) {
        throw new IllegalArgumentException(name + " is below 10 minutes: " + longest);
      }
      return longest;
    }
  }
}
