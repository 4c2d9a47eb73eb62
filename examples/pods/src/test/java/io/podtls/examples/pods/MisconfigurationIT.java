package io.podtls.examples.pods;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ResourceLock("shop")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@DisplayName("a misconfigured pod")
class MisconfigurationIT {
  private final Node node = Node.connect();
  private final Map<String, Pod> pods = new LinkedHashMap<>();

  @BeforeAll
  void start() throws InterruptedException {
    node.applyManifests();
    add(server("unselected", "--service", "orders"));
    add(server("unknown-service", "--service", "ordes"));
    add(server("no-signer", "--signer-name", "example.com/absent", "--timeout", "20"));
    add(
        new PodBuilder(server("without-rights", "--service", "orders"))
            .editSpec()
            .withServiceAccountName("default")
            .withServiceAccount("default")
            .endSpec()
            .build());
    node.apply(Node.resource("without-config-map.yaml"));
    add(
        new PodBuilder(
                node.podLike(
                    "server.yaml",
                    "without-config-map",
                    "https-server",
                    "--serve",
                    "--service",
                    "without-config-map",
                    "--timeout",
                    "20",
                    "--ca-config-map",
                    "no-such-ca"))
            .editSpec()
            .editContainer(0)
            .removeMatchingFromVolumeMounts(mount -> "serving-ca".equals(mount.getName()))
            .endContainer()
            .endSpec()
            .build());
    add(node.podLike("server.yaml", "unknown-program", "http-server"));
    add(node.podLike("server.yaml", "unknown-option", "https-server", "--sevre"));
  }

  private Pod server(String name, String... options) {
    String[] fixed = {
      "https-server", "--serve", "--timeout", "90", "--ca", "/etc/serving-ca/ca.crt"
    };
    String[] all = Arrays.copyOf(fixed, fixed.length + options.length);
    System.arraycopy(options, 0, all, fixed.length, options.length);
    return node.podLike("server.yaml", name, all);
  }

  private void add(Pod pod) {
    node.create(pod);
    pods.put(pod.getMetadata().getName(), pod);
  }

  @AfterAll
  void stop() {
    pods.values().forEach(node::delete);
    node.close();
  }

  static List<List<String>> endings() {
    return List.of(
        List.of("unselected", "Service orders in namespace shop does not select pod unselected"),
        List.of("unknown-service", "there is no Service ordes in namespace shop"),
        List.of("no-signer", "not approved", "an approver for example.com/absent"),
        List.of("without-rights", "certificatesigningrequests", "create", "ClusterRole"),
        List.of("without-config-map", "no-such-ca"),
        List.of("unknown-program", "usage: run"),
        List.of("unknown-option", "--sevre"));
  }

  @ParameterizedTest
  @MethodSource("endings")
  @DisplayName("says in its last words what is wrong, and kubectl describe pod shows them")
  void saysWhatToDo(List<String> nameAndWords) throws InterruptedException {
    Pod pod = pods.get(nameAndWords.get(0));
    List<String> words = nameAndWords.subList(1, nameAndWords.size());
    Node.await(
        "the end of " + nameAndWords.get(0),
        () -> "Failed".equals(node.now(pod).getStatus().getPhase()),
        () -> node.startedLog(pod) + node.describe("shop"));

    assertThat(node.log(pod)).contains(words).doesNotContain("\tat ");
    assertThat(Node.kubectl("describe", "pod", "-n", "shop", pod.getMetadata().getName()))
        .contains("Exit Code")
        .contains(words);
  }

  @Test
  @DisplayName("that mounts a ConfigMap that is not there waits, and its events name the ConfigMap")
  void missingVolume() throws InterruptedException {
    Pod pod =
        new PodBuilder(node.podLike("server.yaml", "without-volume"))
            .editSpec()
            .editMatchingVolume(volume -> volume.getName().equals("serving-ca"))
            .editConfigMap()
            .withName("no-such-ca")
            .endConfigMap()
            .endVolume()
            .endSpec()
            .build();
    add(pod);

    Node.await(
        "FailedMount",
        () -> describe(pod).contains("configmap \"no-such-ca\" not found"),
        () -> describe(pod));
  }

  private static String describe(Pod pod) {
    try {
      return Node.kubectl("describe", "pod", "-n", "shop", pod.getMetadata().getName());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
