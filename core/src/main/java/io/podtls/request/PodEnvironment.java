package io.podtls.request;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The surroundings of a pod: where it runs, its own names and those of a Service in front of it.
 *
 * <p>Read from the environment variables that manifests usually fill through the downward API, the
 * mounted service-account directory and the DNS configuration. The first name of a row that has a
 * value counts:
 *
 * <table>
 * <caption>Inputs</caption>
 * <tr><th>what</th><th>variables (fieldRef)</th><th>otherwise</th></tr>
 * <tr><td>namespace</td><td>POD_NAMESPACE, MY_POD_NAMESPACE (metadata.namespace)</td>
 *   <td>the mounted file {@code namespace}</td></tr>
 * <tr><td>pod name</td><td>POD_NAME, MY_POD_NAME (metadata.name)</td>
 *   <td>in a pod, HOSTNAME, which is the pod's name unless the pod sets {@code hostname} or uses the
 *   host's network</td></tr>
 * <tr><td>pod uid</td><td>POD_UID, MY_POD_UID (metadata.uid)</td><td>unknown</td></tr>
 * <tr><td>addresses</td><td>POD_IP, MY_POD_IP (status.podIP), then POD_IPS (status.podIPs, separated
 *   by commas)</td><td>unknown</td></tr>
 * <tr><td>service account</td><td>POD_SERVICE_ACCOUNT, MY_POD_SERVICE_ACCOUNT, SERVICE_ACCOUNT
 *   (spec.serviceAccountName)</td><td>unknown</td></tr>
 * <tr><td>node</td><td>NODE_NAME, MY_NODE_NAME (spec.nodeName)</td><td>unknown</td></tr>
 * <tr><td>cluster domain</td><td>the entry {@code <namespace>.svc.<domain>} of resolv.conf's search
 *   list, else CLUSTER_DOMAIN</td><td>{@code cluster.local}</td></tr>
 * </table>
 *
 * <p><b>Thread safety:</b> immutable; a snapshot of the moment of {@code detect}.
 */
public final class PodEnvironment {

  private static final Path SERVICE_ACCOUNT_DIRECTORY =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
  private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");
  private static final String DEFAULT_CLUSTER_DOMAIN = "cluster.local";

  private final Optional<String> namespace;
  private final String namespaceOrigin;
  private final String whereNamespaceWasSought;
  private final Optional<String> podName;
  private final Optional<String> podUid;
  private final Optional<String> serviceAccount;
  private final Optional<String> nodeName;
  private final List<String> addresses;
  private final String clusterDomain;

  private PodEnvironment(
      Map<String, String> environment, Path serviceAccountDirectory, Path resolvConf) {
    Path namespaceFile = serviceAccountDirectory.resolve("namespace");
    this.namespace =
        first(environment, "POD_NAMESPACE", "MY_POD_NAMESPACE").or(() -> content(namespaceFile));
    this.namespaceOrigin =
        Stream.of("POD_NAMESPACE", "MY_POD_NAMESPACE")
            .filter(variable -> first(environment, variable).isPresent())
            .findFirst()
            .orElseGet(namespaceFile::toString);
    this.whereNamespaceWasSought = "POD_NAMESPACE is not set and there is no " + namespaceFile;
    this.podName = first(environment, "POD_NAME", "MY_POD_NAME").or(() -> hostName(environment));
    this.podUid = first(environment, "POD_UID", "MY_POD_UID");
    this.serviceAccount =
        first(environment, "POD_SERVICE_ACCOUNT", "MY_POD_SERVICE_ACCOUNT", "SERVICE_ACCOUNT");
    this.nodeName = first(environment, "NODE_NAME", "MY_NODE_NAME");
    this.addresses = addresses(environment);
    this.clusterDomain =
        searchedDomain(content(resolvConf).orElse(""), namespace)
            .or(() -> first(environment, "CLUSTER_DOMAIN").map(PodEnvironment::withoutTrailingDot))
            .orElse(DEFAULT_CLUSTER_DOMAIN);
  }

  /**
   * Reads the process's environment, {@code /var/run/secrets/kubernetes.io/serviceaccount} and
   * {@code /etc/resolv.conf}, now. Never fails: what is not there is missed when it is asked for.
   *
   * @return what was found
   */
  public static PodEnvironment detect() {
    return detect(System.getenv(), SERVICE_ACCOUNT_DIRECTORY, RESOLV_CONF);
  }

  /**
   * Reads the given inputs, now. Never fails: what is not there is missed when it is asked for.
   *
   * @param environment environment variables
   * @param serviceAccountDirectory a folder with a file {@code namespace}, or no folder at all
   * @param resolvConf a file in the format of resolv.conf(5), or no file at all
   * @return what was found
   */
  public static PodEnvironment detect(
      Map<String, String> environment, Path serviceAccountDirectory, Path resolvConf) {
    return new PodEnvironment(
        requireNonNull(environment, "environment"),
        requireNonNull(serviceAccountDirectory, "serviceAccountDirectory"),
        requireNonNull(resolvConf, "resolvConf"));
  }

  private static Optional<String> first(Map<String, String> environment, String... names) {
    for (String name : names) {
      String value = environment.get(name);
      if (value != null && !value.isBlank()) {
        return Optional.of(value.strip());
      }
    }
    return Optional.empty();
  }

  private static Optional<String> hostName(Map<String, String> environment) {
    // The kubelet sets both; on a laptop HOSTNAME names the laptop.
    return environment.containsKey("KUBERNETES_SERVICE_HOST")
        ? first(environment, "HOSTNAME").filter(Labels::isSubdomain)
        : Optional.empty();
  }

  private static List<String> addresses(Map<String, String> environment) {
    Set<String> found = new LinkedHashSet<>();
    first(environment, "POD_IP", "MY_POD_IP").ifPresent(found::add);
    first(environment, "POD_IPS", "MY_POD_IPS")
        .ifPresent(
            list -> {
              for (String address : list.split(",", -1)) {
                if (!address.isBlank()) {
                  found.add(address.strip());
                }
              }
            });
    return List.copyOf(found);
  }

  private static Optional<String> content(Path file) {
    try {
      return Optional.of(Files.readString(file).strip()).filter(text -> !text.isEmpty());
    } catch (IOException absentOrNoText) {
      return Optional.empty();
    }
  }

  /** The zone of {@code <ns>.svc.<zone>}; the last search line counts (resolv.conf(5)). */
  private static Optional<String> searchedDomain(String resolvConf, Optional<String> namespace) {
    String prefix = namespace.map(ns -> ns + ".svc.").orElse("svc.");
    @Nullable String zone = null;
    for (String line : (Iterable<String>) resolvConf.lines()::iterator) {
      String[] words = line.strip().split("\\s+", -1);
      if (!words[0].equals("search")) {
        continue;
      }
      zone = null;
      for (String word : words) {
        String domain = withoutTrailingDot(word);
        if (zone == null
            && domain.startsWith(prefix)
            && Labels.isSubdomain(domain.substring(prefix.length()))) {
          zone = domain.substring(prefix.length());
        }
      }
    }
    return Optional.ofNullable(zone);
  }

  private static String withoutTrailingDot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  /**
   * {@return the pod's namespace}
   *
   * @throws IllegalStateException if it is unknown, as outside a cluster, or no namespace's name;
   *     the message says where it was looked for
   */
  public String namespace() {
    String found =
        namespace.orElseThrow(
            () ->
                new IllegalStateException(
                    "the pod's namespace is unknown: "
                        + whereNamespaceWasSought
                        + ". "
                        + toSupply("POD_NAMESPACE", "metadata.namespace")
                        + " Outside a cluster, set the variable or pass the inputs to"
                        + " detect(...)."));
    if (!Labels.isLabel(found)) {
      throw new IllegalStateException(
          namespaceOrigin
              + " holds \""
              + found
              + "\", which is no namespace's name: at most 63 lower-case letters, digits and '-'");
    }
    return found;
  }

  /** {@return the pod's name, if it is known} */
  public Optional<String> podName() {
    return podName;
  }

  /** {@return the pod's uid, if it is known} */
  public Optional<String> podUid() {
    return podUid;
  }

  /** {@return the name of the pod's service account, if it is known} */
  public Optional<String> serviceAccount() {
    return serviceAccount;
  }

  /** {@return the name of the node that the pod runs on, if it is known} */
  public Optional<String> nodeName() {
    return nodeName;
  }

  /**
   * {@return the pod's first address, IPv4 or IPv6}
   *
   * @throws IllegalStateException if none is known or one is unusable; the message has the YAML to
   *     add
   */
  public InetAddress ip() {
    List<InetAddress> all = ips();
    if (all.isEmpty()) {
      throw new IllegalStateException(
          "the pod's IP is unknown: POD_IP is not set or empty. "
              + toSupply("POD_IP", "status.podIP"));
    }
    return all.get(0);
  }

  /**
   * {@return all of the pod's addresses, the first one first; two in a dual-stack cluster, none if
   * they are unknown}
   *
   * @throws IllegalStateException if POD_IP or POD_IPS holds something else than an address, or the
   *     unspecified one (0.0.0.0, ::); the message has the YAML to add
   */
  public List<InetAddress> ips() {
    Set<InetAddress> parsed = new LinkedHashSet<>();
    for (String address : addresses) {
      parsed.add(
          IpLiterals.parse(address)
              .filter(ip -> !ip.isAnyLocalAddress())
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "the pod's IP is unknown: POD_IP or POD_IPS holds \""
                              + address
                              + "\", which is no pod's address. "
                              + toSupply("POD_IP", "status.podIP"))));
    }
    return List.copyOf(parsed);
  }

  private static String toSupply(String variable, String field) {
    return "Add to the container in the manifest:\n"
        + "  env:\n"
        + "  - name: "
        + variable
        + "\n    valueFrom: {fieldRef: {fieldPath: "
        + field
        + "}}\n";
  }

  /** {@return the zone of the cluster's DNS, {@code cluster.local} if nothing says otherwise} */
  public String clusterDomain() {
    return clusterDomain;
  }

  /**
   * {@return the two full names of a Service in the pod's namespace, {@code <service>.<ns>.svc} and
   * {@code <service>.<ns>.svc.<zone>}; a headless Service has the same}
   *
   * @param service the Service's name alone, e.g. {@code orders}
   * @throws IllegalArgumentException if it is no DNS label
   * @throws IllegalStateException if the namespace is unknown
   */
  public List<SubjectAlternativeName> serviceNames(String service) {
    return namesUnder(checkedService(service));
  }

  /**
   * {@return the two short names of a Service in the pod's namespace, {@code <service>} and {@code
   * <service>.<ns>}} They resolve inside the cluster only; the first one inside the namespace only,
   * where it is also the name of every other namespace's Service of that name.
   *
   * @param service the Service's name alone, e.g. {@code orders}
   * @throws IllegalArgumentException if it is no DNS label
   * @throws IllegalStateException if the namespace is unknown
   */
  public List<SubjectAlternativeName> shortServiceNames(String service) {
    String name = checkedService(service);
    return List.of(
        SubjectAlternativeName.dns(name), SubjectAlternativeName.dns(name + "." + namespace()));
  }

  /**
   * {@return the two full names of this pod behind a headless Service, as a StatefulSet's pods have
   * them: {@code <pod>.<service>.<ns>.svc} and {@code <pod>.<service>.<ns>.svc.<zone>}}
   *
   * @param service the headless Service's name alone, e.g. {@code orders}
   * @throws IllegalArgumentException if it is no DNS label
   * @throws IllegalStateException if the namespace or the pod's name is unknown
   */
  public List<SubjectAlternativeName> podNames(String service) {
    String name = checkedService(service);
    String pod =
        podName.orElseThrow(
            () ->
                new IllegalStateException(
                    "the pod's name is unknown: POD_NAME is not set or empty. "
                        + toSupply("POD_NAME", "metadata.name")));
    return namesUnder(pod + "." + name);
  }

  private List<SubjectAlternativeName> namesUnder(String name) {
    String full = name + "." + namespace() + ".svc";
    return List.of(
        SubjectAlternativeName.dns(full), SubjectAlternativeName.dns(full + "." + clusterDomain));
  }

  private static String checkedService(String service) {
    requireNonNull(service, "service");
    if (!Labels.isLabel(service)) {
      throw new IllegalArgumentException(
          "service \""
              + service
              + "\" is no Service's name: at most 63 lower-case letters, digits and '-', as in"
              + " orders; for other names use dnsNames");
    }
    return service;
  }

  /** {@return what is known, for logs; nothing of it is secret} */
  @Override
  public String toString() {
    return "PodEnvironment[namespace="
        + namespace.orElse("?")
        + ", pod="
        + podName.orElse("?")
        + ", uid="
        + podUid.orElse("?")
        + ", addresses="
        + addresses
        + ", serviceAccount="
        + serviceAccount.orElse("?")
        + ", node="
        + nodeName.orElse("?")
        + ", clusterDomain="
        + clusterDomain
        + "]";
  }
}
