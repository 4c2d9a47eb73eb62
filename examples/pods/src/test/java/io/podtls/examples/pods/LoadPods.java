package io.podtls.examples.pods;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The clients of {@code load.yaml}, which send 50 requests per second to the Service orders. */
final class LoadPods {
  private static final Pattern TOTAL = Pattern.compile("sent (\\d+) ");

  private final Node node;
  private int failuresBefore;

  private LoadPods(Node node) {
    this.node = node;
  }

  /** Starts the clients and waits until they have sent 200 requests, which may fail. */
  static LoadPods start(Node node) throws InterruptedException {
    LoadPods load = new LoadPods(node);
    node.apply(Node.resource("load.yaml"));
    node.awaitRollout("shop", "load");
    load.awaitMore(200);
    load.begin();
    return load;
  }

  /** Counts from here on. */
  void begin() {
    failuresBefore = failures().size();
  }

  /** Waits until so many more requests were answered or failed. */
  void awaitMore(int requests) {
    long before = sent();
    Node.await(requests + " requests", () -> sent() >= before + requests, () -> "");
  }

  /** How many requests the clients have sent. */
  long sent() {
    return logs().stream().mapToLong(LoadPods::sent).sum();
  }

  /** Since {@link #begin}, every request was answered. */
  void assertNoneFailed() {
    List<String> failures = failures();
    assertThat(failures.subList(failuresBefore, failures.size()))
        .as("failures, until now %s of %s requests", failures.size(), sent())
        .isEmpty();
  }

  void stop() throws InterruptedException {
    Node.kubectl("delete", "deployment", "-n", "shop", "load", "--ignore-not-found");
    Node.await("the end of the load", () -> node.pods("shop", "load").isEmpty(), () -> "");
  }

  private List<String> failures() {
    return logs().stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith("failure"))
        .sorted() // by time
        .toList();
  }

  private List<String> logs() {
    List<Pod> pods = node.pods("shop", "load");
    assertThat(pods).hasSize(2);
    return pods.stream().map(node::log).toList();
  }

  private static long sent(String log) {
    Matcher matcher = TOTAL.matcher(log);
    long sent = 0;
    while (matcher.find()) {
      sent = Long.parseLong(matcher.group(1));
    }
    return sent;
  }
}
