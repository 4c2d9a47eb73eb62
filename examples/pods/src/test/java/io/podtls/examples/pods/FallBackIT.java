package io.podtls.examples.pods;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock("shop")
@DisplayName("where no signer serves podCertificates")
class FallBackIT {
  private final Node node = Node.connect();

  @BeforeEach
  void start() throws InterruptedException {
    node.applyManifests();
    node.apply(Node.resource("fall-back.yaml"));
  }

  @AfterEach
  void stop() throws InterruptedException {
    Node.kubectl("delete", "-n", "shop", "pod/fall-back", "pod/held-back", "service/fall-back");
    node.close();
  }

  @Test
  @DisplayName("a pod that prefers their files requests a certificate; one that mounts them waits")
  void requestsInstead() {
    node.awaitLog(pod("fall-back"), "serving");

    assertThat(node.log(pod("fall-back"))).contains("requested", "identity");
    assertThat(pod("held-back").getStatus().getPhase()).isEqualTo("Pending");
  }

  private Pod pod(String name) {
    return node.admin().pods().inNamespace("shop").withName(name).get();
  }
}
