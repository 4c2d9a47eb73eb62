package io.podtls.examples.pods;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The node that {@code .ci/node/up} brought up, with the examples' image on it. */
final class Node implements AutoCloseable {
  static final Path ROOT = Path.of(System.getProperty("podtls.root"));
  static final Path MANIFESTS = ROOT.resolve("examples/manifests");
  static final Path FOLDER = Path.of(System.getProperty("podtls.node"));
  private static final Duration LIMIT = Duration.ofMinutes(3);

  private final KubernetesClient admin;

  private Node(KubernetesClient admin) {
    this.admin = admin;
  }

  /** Connects as the cluster's administrator. */
  static Node connect() {
    return new Node(
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(FOLDER.resolve("kubeconfig").toFile()))
            .build());
  }

  KubernetesClient admin() {
    return admin;
  }

  /** The output of {@code kubectl}, which must succeed. */
  static String kubectl(String... arguments) throws InterruptedException {
    return enter("kubectl", arguments);
  }

  /** The output of a command in the node's namespaces, which must succeed. */
  static String enter(String program, String... arguments) throws InterruptedException {
    List<String> command = new ArrayList<>(List.of(ROOT + "/.ci/node/enter", program));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(ROOT.toFile());
    builder.environment().put("PODTLS_NODE", FOLDER.toString());
    try {
      Path errors = Files.createTempFile("errors", ".txt");
      try {
        Process process = builder.redirectError(errors.toFile()).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor())
            .as("%s %s: %s", program, List.of(arguments), Files.readString(errors))
            .isZero();
        return output;
      } finally {
        Files.delete(errors);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Creates or changes the objects of a text in YAML. */
  void apply(String yaml) {
    objects(yaml).forEach(object -> admin.resource(object).forceConflicts().serverSideApply());
  }

  private List<HasMetadata> objects(String yaml) {
    return admin.load(new ByteArrayInputStream(yaml.getBytes(UTF_8))).items();
  }

  /** A file of the test's resources. */
  static String resource(String name) {
    try (var stream = Node.class.getResourceAsStream(name)) {
      return new String(stream.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file of {@code examples/manifests}. */
  static String manifest(String name) {
    try {
      return Files.readString(MANIFESTS.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Applies {@code examples/manifests} and waits until all that they start is ready. */
  void applyManifests() throws InterruptedException {
    kubectl("apply", "-f", MANIFESTS.toString());
    awaitRollout("podtls-system", "cluster-signer");
    awaitRollout("shop", "orders");
    awaitRollout("shop", "orders-client");
  }

  /** Removes what {@link #applyManifests} created, and the certificate signing requests. */
  void removeManifests() throws InterruptedException {
    kubectl("delete", "--ignore-not-found", "-f", MANIFESTS.toString());
    kubectl("delete", "csr", "--all");
    kubectl("delete", "clustertrustbundle", "example.com:serving:serving-ca", "--ignore-not-found");
  }

  /** Waits until all replicas are new and ready, and no old one is left. */
  void awaitRollout(String namespace, String deployment) {
    await(
        "the roll-out of " + namespace + "/" + deployment,
        () -> {
          Deployment now =
              admin.apps().deployments().inNamespace(namespace).withName(deployment).get();
          return now.getStatus().getObservedGeneration() != null
              && now.getStatus().getObservedGeneration() >= now.getMetadata().getGeneration()
              && Readiness.getInstance().isReady(now)
              && pods(namespace, deployment).size() == now.getSpec().getReplicas();
        },
        () -> describe(namespace));
  }

  /** The pods with the label {@code app}, those that are ending included. */
  List<Pod> pods(String namespace, String app) {
    return admin.pods().inNamespace(namespace).withLabel("app", app).list().getItems();
  }

  /** What the pod's container printed. */
  String log(Pod pod) {
    return admin
        .pods()
        .inNamespace(pod.getMetadata().getNamespace())
        .withName(pod.getMetadata().getName())
        .getLog();
  }

  /** Waits for three minutes at most. */
  static void await(String what, BooleanSupplier condition, Supplier<String> otherwise) {
    await(LIMIT, what, condition, otherwise);
  }

  static void await(
      Duration atMost, String what, BooleanSupplier condition, Supplier<String> otherwise) {
    Instant limit = Instant.now().plus(atMost);
    while (!condition.getAsBoolean()) {
      if (Instant.now().isAfter(limit)) {
        throw new AssertionError("no " + what + " within " + atMost + ": " + otherwise.get());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
  }

  /** The state of a namespace's pods, and its events. */
  String describe(String namespace) {
    try {
      return kubectl("get", "pods", "-n", namespace)
          + kubectl("events", "-n", namespace, "--types=Warning");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }

  /**
   * A pod of the file's Deployment that is started once. It has the label {@code app} of its name,
   * and its arguments for those of the manifest from the second on.
   */
  Pod podLike(String manifest, String name, String... arguments) {
    PodTemplateSpec template =
        objects(manifest(manifest)).stream()
            .filter(Deployment.class::isInstance)
            .map(deployment -> ((Deployment) deployment).getSpec().getTemplate())
            .findFirst()
            .orElseThrow();
    PodBuilder pod =
        new PodBuilder()
            .withNewMetadata()
            .withNamespace("shop")
            .withName(name)
            .addToLabels("app", name)
            .endMetadata()
            .withSpec(template.getSpec())
            .editSpec()
            .withRestartPolicy("Never")
            .endSpec();
    if (arguments.length > 0) {
      pod.editSpec().editContainer(0).withArgs(arguments).endContainer().endSpec();
    }
    return pod.build();
  }

  /** Creates the pod in place of one of the same name. */
  void create(Pod pod) {
    delete(pod);
    admin.resource(pod).create();
  }

  /** Deletes the pod, and waits until it is gone. */
  void delete(Pod pod) {
    admin.resource(pod).withGracePeriod(0).delete();
    await("the end of pod " + pod.getMetadata().getName(), () -> now(pod) == null, () -> "");
  }

  /** The pod as it is now, or null. */
  Pod now(Pod pod) {
    return admin.resource(pod).get();
  }

  /** Waits for a line of the pod's log with such a part. */
  void awaitLog(Pod pod, String part) {
    await(
        "\"" + part + "\" from pod " + pod.getMetadata().getName(),
        () -> startedLog(pod).contains(part),
        () -> startedLog(pod) + describe(pod.getMetadata().getNamespace()));
  }

  /** What the container printed so far, nothing as long as there is none. */
  String startedLog(Pod pod) {
    Pod now = now(pod);
    return now == null
            || now.getStatus().getContainerStatuses().isEmpty()
            || now.getStatus().getContainerStatuses().get(0).getState().getWaiting() != null
        ? ""
        : log(now);
  }

  @Override
  public void close() {
    admin.close();
  }
}
