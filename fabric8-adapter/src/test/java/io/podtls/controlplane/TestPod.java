package io.podtls.controlplane;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A Pod that exists in the cluster; no container runs. Made by {@link Cluster#pod}.
 *
 * <p>Thread safety: immutable.
 *
 * @param serviceAccount as which it acts
 * @param name its name, in the service account's namespace
 * @param uid given by the API server
 * @param ips as in its status; the first is the primary one
 */
public record TestPod(
    TestServiceAccount serviceAccount, String name, String uid, List<InetAddress> ips) {
  /** Copies the addresses. */
  public TestPod {
    ips = List.copyOf(ips);
  }

  /** Its namespace. */
  public String namespace() {
    return serviceAccount.namespace();
  }

  /** Its user name in the API server. */
  public String username() {
    return serviceAccount.username();
  }

  /** Its primary address. */
  public InetAddress ip() {
    return ips.get(0);
  }

  /**
   * What a Pod shall be. Unless told otherwise it runs on {@link ControlPlane#NODE} as the service
   * account {@code default}, has no labels and the address 127.0.0.1, and is Running and Ready.
   *
   * <p>Thread safety: for one thread.
   */
  public static final class Builder {
    private final Cluster cluster;
    private final String namespace;
    private String serviceAccount = "default";
    private String phase = "Running";
    private List<String> ips = List.of("127.0.0.1");
    private UnaryOperator<PodBuilder> more = pod -> pod;
    private final PodBuilder pod;

    Builder(Cluster cluster, String namespace, String name) {
      this.cluster = cluster;
      this.namespace = namespace;
      this.pod =
          new PodBuilder()
              .withNewMetadata()
              .withNamespace(namespace)
              .withName(name)
              .endMetadata()
              .withNewSpec()
              .withNodeName(ControlPlane.NODE)
              .addNewContainer()
              .withName("application")
              .withImage("example.com/never-pulled")
              .endContainer()
              .endSpec();
    }

    /** As which service account it acts; created if there is none of that name. */
    public Builder serviceAccount(String name) {
      this.serviceAccount = name;
      return this;
    }

    /** One more label. */
    public Builder label(String key, String value) {
      pod.editMetadata().addToLabels(key, value).endMetadata();
      return this;
    }

    /**
     * Its addresses instead of 127.0.0.1: one, or one of each family. EndpointSlices cannot hold
     * loopback addresses: a pod that a test wants to see there needs another one.
     */
    public Builder ips(String... addresses) {
      this.ips = List.of(addresses);
      return this;
    }

    /** No address yet, as in the first moments of a pod's life; the phase stays Pending. */
    public Builder withoutIp() {
      this.ips = List.of();
      return phase("Pending");
    }

    /** Pending, Running, Succeeded or Failed. */
    public Builder phase(String value) {
      this.phase = value;
      return this;
    }

    /** Its names below a headless Service: {@code hostname.subdomain.namespace.svc}. */
    public Builder hostname(String hostname, String subdomain) {
      pod.editSpec().withHostname(hostname).withSubdomain(subdomain).endSpec();
      return this;
    }

    /** Any other change to what is created. */
    public Builder with(UnaryOperator<PodBuilder> change) {
      UnaryOperator<PodBuilder> before = more;
      this.more = builder -> change.apply(before.apply(builder));
      return this;
    }

    /** Creates it, with its service account if need be, and sets its status as a kubelet would. */
    public TestPod create() {
      TestServiceAccount account = cluster.serviceAccount(namespace, serviceAccount);
      pod.editSpec().withServiceAccountName(serviceAccount).endSpec();
      Pod created = cluster.controlPlane().admin().resource(more.apply(pod).build()).create();
      boolean running = phase.equals("Running");
      PodStatusBuilder status =
          new PodStatusBuilder()
              .withPhase(phase)
              .withHostIP("192.0.2.1")
              .addNewHostIP("192.0.2.1")
              .withPodIPs(ips.stream().map(PodIP::new).toList());
      if (!ips.isEmpty()) {
        status.withPodIP(ips.get(0));
      }
      Stream.of("PodScheduled", "Initialized", "ContainersReady", "Ready")
          .forEach(
              type ->
                  status
                      .addNewCondition()
                      .withType(type)
                      .withStatus(running || type.equals("PodScheduled") ? "True" : "False")
                      .endCondition());
      cluster
          .controlPlane()
          .admin()
          .resource(created)
          .editStatus(now -> new PodBuilder(now).withStatus(status.build()).build());
      return new TestPod(
          account,
          created.getMetadata().getName(),
          created.getMetadata().getUid(),
          ips.stream().map(Builder::address).toList());
    }

    private static InetAddress address(String literal) {
      try {
        return InetAddress.getByName(literal);
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException(literal, e);
      }
    }
  }
}
