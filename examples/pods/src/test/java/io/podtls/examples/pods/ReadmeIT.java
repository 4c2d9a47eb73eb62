package io.podtls.examples.pods;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock("shop")
@DisplayName("the README's commands")
class ReadmeIT {
  private final Node node = Node.connect();

  @BeforeEach
  void emptyCluster() throws InterruptedException {
    node.removeManifests();
  }

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  @DisplayName(
      "bring a new cluster to issued certificates and a client's 200 hello, and no error to a log")
  void fromNothingToHello() throws InterruptedException {
    assertThat(Node.kubectl("apply", "-f", "examples/manifests")).doesNotContain("Warning");
    node.awaitRollout("podtls-system", "cluster-signer");
    node.awaitRollout("shop", "orders");
    node.awaitRollout("shop", "orders-client");
    Node.await("200 hello", () -> clientLog().contains("200 hello"), this::clientLog);

    assertThat(Node.kubectl("get", "csr", "--no-headers").lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).endsWith("Approved,Issued"));
    assertThat(Node.kubectl("-n", "shop", "logs", "deployment/orders-client"))
        .contains("200 hello")
        .contains("orders.shop.svc");
    List<Pod> pods =
        Stream.of("podtls-system", "shop")
            .flatMap(
                namespace -> node.admin().pods().inNamespace(namespace).list().getItems().stream())
            .toList();
    assertThat(pods).hasSize(5);
    for (Pod pod : pods) {
      String name = pod.getMetadata().getName();
      assertThat(pod.getStatus().getContainerStatuses().get(0).getRestartCount())
          .as("restarts of %s", name)
          .isZero();
      assertThat(node.log(pod))
          .as("log of %s", name)
          .doesNotContain("ERROR", "SEVERE", "Exception", "\tat ");
    }
  }

  private String clientLog() {
    return node.log(node.pods("shop", "orders-client").get(0));
  }
}
