package io.podtls.examples.pods;

import io.fabric8.kubernetes.api.model.Secret;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock("shop")
@DisplayName("a new CA under 50 requests per second from two clients")
class CaRotationIT {
  private static final String AHEAD = "30";

  private final Node node = Node.connect();
  private LoadPods load;

  @BeforeEach
  void start() throws InterruptedException {
    node.applyManifests();
    Node.kubectl(
        "patch",
        "deployment",
        "cluster-signer",
        "-n",
        "podtls-system",
        "--type=json",
        "-p",
        "[{'op':'add','path':'/spec/template/spec/containers/0/args/-','value':'--publish-ahead'},"
            + "{'op':'add','path':'/spec/template/spec/containers/0/args/-','value':'"
            + AHEAD
            + "'}]");
    node.awaitRollout("podtls-system", "cluster-signer");
    load = LoadPods.start(node);
  }

  @AfterEach
  void stop() throws InterruptedException {
    load.stop();
    node.applyManifests(); // with the signer's own arguments
    node.close();
  }

  @Test
  @DisplayName("and servers that roll loses no request; every client trusts it before it signs")
  void rotation() throws InterruptedException {
    String before = secret().getData().get("tls.crt");
    Instant begin = Instant.now();

    // As the examples' README says.
    Node.kubectl(
        "-n",
        "podtls-system",
        "patch",
        "secret",
        "cluster-signer-ca",
        "--type=json",
        "-p",
        "[{\"op\":\"remove\",\"path\":\"/data\"}]");
    Node.await("a new CA", () -> hasCaOtherThan(before), () -> "");
    Node.await("a bundle of two", () -> certificates(bundle()) == 2, this::bundle);
    Node.await("the trust of all clients", () -> trusting() == 2, () -> trusting() + " clients");
    Duration trusted = Duration.between(begin, Instant.now());
    Node.kubectl("rollout", "restart", "deployment/orders", "-n", "shop"); // by the old or the new
    node.awaitRollout("shop", "orders");
    Node.await(
        "an issuance by the new CA",
        () -> begin.plusSeconds(Long.parseLong(AHEAD) + 5).isBefore(Instant.now()),
        () -> "");
    Node.kubectl("rollout", "restart", "deployment/orders", "-n", "shop"); // by the new one
    node.awaitRollout("shop", "orders");
    Duration issued = Duration.between(begin, Instant.now());
    load.awaitMore(200);

    load.assertNoneFailed();
    System.out.printf(
        "CA rotation: all clients trust the new CA after %d s, all servers show it after %d s%n",
        trusted.toSeconds(), issued.toSeconds());
  }

  private Secret secret() {
    return node.admin().secrets().inNamespace("podtls-system").withName("cluster-signer-ca").get();
  }

  private boolean hasCaOtherThan(String before) {
    Secret now = secret();
    return now.getData() != null
        && now.getData().containsKey("tls.crt")
        && !before.equals(now.getData().get("tls.crt"));
  }

  private String bundle() {
    return node.admin()
        .configMaps()
        .inNamespace("shop")
        .withName("serving-ca")
        .get()
        .getData()
        .get("ca.crt");
  }

  private static int certificates(String pem) {
    return pem.split("BEGIN CERTIFICATE", -1).length - 1;
  }

  /** How many clients have printed a change of trust. */
  private long trusting() {
    return node.pods("shop", "load").stream()
        .filter(pod -> node.log(pod).contains("trust changed"))
        .count();
  }
}
