package io.podtls.examples.httpsserver;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.podtls.examples.embedded.EmbeddedCluster;
import io.podtls.fabric8.KubernetesTls;
import io.podtls.request.PodEnvironment;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * The place where the example runs: a pod, a machine with a kubeconfig, or else the embedded
 * cluster. An application does not need this class: it knows where it runs, and {@link
 * KubernetesTls} finds the service account or the kubeconfig.
 */
final class Surroundings implements AutoCloseable {
  private static final Path MOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
  private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

  private final String description;
  private final PodEnvironment pod;
  private final Function<KubernetesTls.TrustStep, KubernetesTls> settings;
  private final RequestCounter requests;
  private final boolean embedded;
  private final List<AutoCloseable> open;

  private Surroundings(
      String description,
      PodEnvironment pod,
      Function<KubernetesTls.TrustStep, KubernetesTls> settings,
      RequestCounter requests,
      AutoCloseable... open) {
    this.description = description;
    this.pod = pod;
    this.settings = settings;
    this.requests = requests;
    this.open = List.of(open);
    this.embedded = this.open.stream().anyMatch(EmbeddedCluster.class::isInstance);
  }

  /** A counter of API requests, for the clients that are made here. */
  private record RequestCounter(boolean counting, AtomicInteger count) implements Interceptor {
    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
      if (request.uri().getPath().contains("/certificatesigningrequests")) {
        count.incrementAndGet();
      }
    }
  }

  /** Finds out where the program runs. */
  static Surroundings find(Options options, Map<String, String> environment) {
    if (options.embedded()) {
      return embedded(options, environment, "as --embedded asks for");
    }
    if (environment.containsKey("KUBERNETES_SERVICE_HOST")
        && Files.exists(MOUNT.resolve("token"))) {
      return inPod(options);
    }
    String named = environment.getOrDefault("KUBECONFIG", "");
    Path kubeconfig =
        named.isBlank()
            ? Path.of(environment.getOrDefault("HOME", "."), ".kube", "config")
            : Path.of(named);
    if (Files.exists(kubeconfig)) {
      return besideKubeconfig(options, environment, kubeconfig);
    }
    if (!named.isBlank()) {
      throw new IllegalStateException(
          "KUBECONFIG names "
              + kubeconfig
              + ", which does not exist: correct or unset it, or use --embedded");
    }
    return embedded(options, environment, "because there is no kubeconfig and this is no pod");
  }

  private static Surroundings inPod(Options options) {
    return new Surroundings(
        "that of this pod",
        PodEnvironment.detect(),
        tls -> trusting(options, tls),
        new RequestCounter(false, new AtomicInteger()));
  }

  private static Surroundings besideKubeconfig(
      Options options, Map<String, String> environment, Path kubeconfig) {
    RequestCounter counter = new RequestCounter(true, new AtomicInteger());
    KubernetesClient client = client(Config.fromKubeconfig(kubeconfig.toFile()), counter);
    String namespace = client.getNamespace() == null ? "default" : client.getNamespace();
    PodEnvironment pod = environment(environment, namespace);
    return new Surroundings(
        client.getMasterUrl() + " (" + kubeconfig + ")",
        pod,
        tls -> trusting(options, tls).using(client).in(pod),
        counter,
        client);
  }

  private static Surroundings embedded(
      Options options, Map<String, String> environment, String why) {
    RequestCounter counter = new RequestCounter(true, new AtomicInteger());
    EmbeddedCluster cluster =
        EmbeddedCluster.start(options.signerName(), "shop", options.service());
    KubernetesClient client = client(cluster.workloadConfig(), counter);
    PodEnvironment pod = environment(environment, "shop");
    TrustBundle trust = TrustBundle.of(List.of(cluster.caCertificate()));
    return new Surroundings(
        "embedded, "
            + why
            + ":\n"
            + "this process is API server, approver and signer. A demonstration:\n"
            + "no cluster is involved, and its approver approves every request.",
        pod,
        tls -> tls.trusting(TrustBundleSource.fixed(trust)).using(client).in(pod),
        counter,
        client,
        cluster);
  }

  private static KubernetesTls trusting(Options options, KubernetesTls.TrustStep tls) {
    return options
        .caFile()
        .map(file -> tls.trusting(TrustBundleSource.pemFile(file)))
        .orElseGet(() -> tls.trustingConfigMap(options.caConfigMap()));
  }

  private static KubernetesClient client(Config config, RequestCounter counter) {
    return new KubernetesClientBuilder()
        .withConfig(new ConfigBuilder(config).withOnlyHttpWatches(true).build())
        .withHttpClientBuilderConsumer(builder -> builder.addOrReplaceInterceptor("count", counter))
        .build();
  }

  /** Completes what a pod's manifest gives, for a program without one. */
  private static PodEnvironment environment(Map<String, String> given, String namespace) {
    Map<String, String> completed = new HashMap<>(given);
    completed.putIfAbsent("POD_NAMESPACE", namespace);
    completed.putIfAbsent("POD_IP", "127.0.0.1");
    return PodEnvironment.detect(completed, MOUNT, RESOLV_CONF);
  }

  /** Returns the place in words, in one or more lines. */
  String description() {
    return description;
  }

  /** Returns whether the cluster is the embedded one. */
  boolean embedded() {
    return embedded;
  }

  PodEnvironment pod() {
    return pod;
  }

  /** Sets how the API server is reached, where that is not found by default, and the trust. */
  KubernetesTls settle(KubernetesTls.TrustStep tls) {
    return settings.apply(tls);
  }

  /** Returns the number of requests sent to the API server about CSRs, if counted. */
  OptionalInt requests() {
    return requests.counting() ? OptionalInt.of(requests.count().get()) : OptionalInt.empty();
  }

  @Override
  public void close() {
    for (AutoCloseable resource : open) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException("cannot close " + resource, e);
      }
    }
  }
}
