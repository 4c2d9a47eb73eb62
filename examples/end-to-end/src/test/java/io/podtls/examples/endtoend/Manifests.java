package io.podtls.examples.endtoend;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.ControlPlane;
import io.podtls.controlplane.TestPod;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The files in {@code examples/manifests}. */
final class Manifests {
  private static final Path FOLDER =
      Path.of(System.getProperty("podtls.root"), "examples", "manifests");

  private final KubernetesClient admin;

  Manifests(KubernetesClient admin) {
    this.admin = admin;
  }

  /** The objects of a file, in its order. */
  List<HasMetadata> objects(String file) {
    try (InputStream stream = Files.newInputStream(FOLDER.resolve(file))) {
      return admin.load(stream).items();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The objects of all files, in the order in which {@code kubectl} reads the folder. */
  List<HasMetadata> objects() {
    List<HasMetadata> all = new ArrayList<>();
    for (String file : files()) {
      all.addAll(objects(file));
    }
    return all;
  }

  /** The names of the files, in the order in which {@code kubectl} reads the folder. */
  static List<String> files() {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The namespaces alone. */
  void applyNamespaces() {
    objects().stream()
        .filter(Namespace.class::isInstance)
        .forEach(namespace -> admin.resource(namespace).forceConflicts().serverSideApply());
  }

  /** Everything, as {@code kubectl apply --server-side} does. */
  void apply() {
    objects().forEach(object -> admin.resource(object).forceConflicts().serverSideApply());
  }

  /** The file's Deployment. */
  Deployment deployment(String file) {
    return objects(file).stream()
        .filter(Deployment.class::isInstance)
        .map(Deployment.class::cast)
        .findFirst()
        .orElseThrow();
  }

  /** A pod of the file's Deployment, as its controller would make it. */
  TestPod pod(Cluster cluster, String file, String name) {
    Deployment deployment = deployment(file);
    PodTemplateSpec template = deployment.getSpec().getTemplate();
    return cluster
        .pod(deployment.getMetadata().getNamespace(), name)
        .serviceAccount(template.getSpec().getServiceAccountName())
        .with(
            pod ->
                pod.editMetadata()
                    .addToLabels(template.getMetadata().getLabels())
                    .endMetadata()
                    .withSpec(
                        new PodSpecBuilder(template.getSpec())
                            .withNodeName(ControlPlane.NODE)
                            .build()))
        .create();
  }

  /** The arguments of the Deployment's container, without the program's name. */
  List<String> arguments(String file) {
    List<String> arguments =
        deployment(file).getSpec().getTemplate().getSpec().getContainers().get(0).getArgs();
    return new ArrayList<>(arguments.subList(1, arguments.size()));
  }
}
