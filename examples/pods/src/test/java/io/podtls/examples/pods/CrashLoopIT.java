package io.podtls.examples.pods;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock("shop")
@DisplayName("a container that keeps its identity in a memory-backed emptyDir")
class CrashLoopIT {
  private static final int KILLS = 10;

  private final Node node = Node.connect();
  private final Random random = new Random(13);

  @BeforeEach
  void start() throws InterruptedException {
    node.applyManifests();
    Node.kubectl("delete", "pod", "-n", "shop", "keeper", "--ignore-not-found");
    node.apply(Node.resource("keeper.yaml"));
  }

  @AfterEach
  void stop() throws InterruptedException {
    Node.kubectl("delete", "pod,service", "-n", "shop", "keeper", "--grace-period=0");
    node.close();
  }

  @Test
  @DisplayName("and is killed at ten random moments makes one request, and never shows a torn pair")
  void killedAtAnyMoment() throws InterruptedException {
    List<String> identities = new ArrayList<>();
    for (int kill = 0; kill < KILLS; kill++) {
      ContainerStatus running = awaitRunning(kill);
      // Most of the start-up, which includes the writing of the files, takes less than this.
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(6_000)).toNanos());
      identities.addAll(identities(node.startedLog(pod())));
      String container = running.getContainerID().replace("containerd://", "");
      Node.enter("ctr", "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL", container);
    }
    awaitRunning(KILLS);
    node.awaitLog(pod(), "serving");
    identities.addAll(identities(node.startedLog(pod())));

    assertThat(identities.stream().distinct()).hasSize(1);
    assertThat(requests()).hasSize(1);
    assertThat(node.startedLog(pod())).doesNotContain("WARNING", "SEVERE");
  }

  @Test
  @DisplayName("keeps it when its pod gets a new sandbox with another address")
  void newSandbox() throws InterruptedException {
    node.awaitLog(pod(), "serving");
    String address = pod().getStatus().getPodIP();
    String labels =
        "labels.\"io.kubernetes.pod.uid\"==%s,labels.\"io.cri-containerd.kind\"==sandbox"
            .formatted(pod().getMetadata().getUid());
    String sandbox = Node.enter("ctr", "-n", "k8s.io", "containers", "ls", "-q", labels).strip();
    String identity = identities(node.log(pod())).get(0);

    Node.enter("ctr", "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL", sandbox);
    Node.await(
        "another address",
        () -> !address.equals(pod().getStatus().getPodIP()),
        () -> node.describe("shop"));
    awaitRunning(1);
    node.awaitLog(pod(), "serving");

    assertThat(identities(node.log(pod()))).containsExactly(identity);
    assertThat(requests()).hasSize(1);
  }

  private ContainerStatus awaitRunning(int restarts) {
    Node.await(
        "start " + (restarts + 1),
        () ->
            status().stream()
                .anyMatch(
                    status ->
                        status.getRestartCount() == restarts
                            && status.getState().getRunning() != null),
        () -> node.describe("shop"));
    return status().get(0);
  }

  private List<ContainerStatus> status() {
    return pod().getStatus().getContainerStatuses();
  }

  private Pod pod() {
    return node.admin().pods().inNamespace("shop").withName("keeper").get();
  }

  private static List<String> identities(String log) {
    return log.lines()
        .filter(line -> line.contains(" identity "))
        .map(line -> line.replaceFirst(".* identity ", ""))
        .toList();
  }

  private List<CertificateSigningRequest> requests() {
    String uid = pod().getMetadata().getUid();
    return node.admin().certificates().v1().certificateSigningRequests().list().getItems().stream()
        .filter(
            csr ->
                List.of(uid)
                    .equals(csr.getSpec().getExtra().get("authentication.kubernetes.io/pod-uid")))
        .toList();
  }
}
