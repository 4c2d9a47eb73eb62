package io.podtls.controlplane;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the tests that ran on the real control plane and says so when all tests are done: on
 * standard output and, for scripts, in {@code target/control-plane-tests.txt} (lines {@code ran N}
 * and {@code left-out N}, the latter in classes).
 */
final class ControlPlaneReport implements AutoCloseable {
  /** Over all launcher runs of this JVM. */
  private static final AtomicInteger RAN = new AtomicInteger();

  private final Set<String> leftOut = new TreeSet<>();
  private String reason = "";

  void ran() {
    RAN.incrementAndGet();
  }

  synchronized void leftOut(String testClass, String why) {
    leftOut.add(testClass);
    reason = why;
  }

  @Override
  public synchronized void close() throws IOException {
    if (leftOut.isEmpty()) {
      System.out.println(RAN + " integration tests ran on a real Kubernetes control plane");
    } else {
      System.out.println(leftOut.size() + " classes of integration tests were left out: " + reason);
    }
    Path target = Path.of("target");
    if (Files.isDirectory(target)) {
      Files.writeString(
          target.resolve("control-plane-tests.txt"),
          "ran " + RAN + "\nleft-out " + leftOut.size() + "\n",
          StandardCharsets.US_ASCII);
    }
  }
}
