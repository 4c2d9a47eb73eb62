package io.podtls.examples.pods;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock("shop")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@DisplayName("50 requests per second from two clients lose none")
class RollOutIT {
  private final Node node = Node.connect();
  private LoadPods load;

  @BeforeAll
  void start() throws InterruptedException {
    node.applyManifests();
    load = LoadPods.start(node);
  }

  @BeforeEach
  void begin() {
    load.begin();
  }

  @AfterEach
  void noneFailed() {
    load.awaitMore(100);
    load.assertNoneFailed();
  }

  @AfterAll
  void stop() throws InterruptedException {
    load.stop();
    node.close();
  }

  @Test
  @DisplayName("in two roll-outs")
  void rollOut() throws InterruptedException {
    for (int i = 0; i < 2; i++) {
      Node.kubectl("rollout", "restart", "deployment/orders", "-n", "shop");
      node.awaitRollout("shop", "orders");
    }
  }

  @Test
  @DisplayName("while the server is scaled up to four pods and down to one")
  void scale() throws InterruptedException {
    for (String replicas : new String[] {"4", "1", "2"}) {
      Node.kubectl("scale", "deployment/orders", "-n", "shop", "--replicas", replicas);
      node.awaitRollout("shop", "orders");
    }
  }

  @Test
  @DisplayName("when a pod is evicted")
  void eviction() throws InterruptedException {
    String pod = node.pods("shop", "orders").get(0).getMetadata().getName();

    assertThat(node.admin().pods().inNamespace("shop").withName(pod).evict()).isTrue();
    node.awaitRollout("shop", "orders");
  }

  @Test
  @DisplayName("when a pod is deleted")
  void deletion() throws InterruptedException {
    Node.kubectl(
        "delete", "pod", "-n", "shop", node.pods("shop", "orders").get(0).getMetadata().getName());
    node.awaitRollout("shop", "orders");
  }
}
