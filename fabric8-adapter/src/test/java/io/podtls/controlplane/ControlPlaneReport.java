package io.podtls.controlplane;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the tests that ran on the real control plane, and says so in one line when all tests are
 * done: on standard output and in {@code target/control-plane-tests.txt}. The line begins with the
 * number, so that a script can add up the files of all modules.
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
    String line =
        RAN + " integration tests ran on a real control plane, " + leftOut.size() + " test classes";
    line += leftOut.isEmpty() ? " left out" : " left out: " + reason;
    System.out.println(line);
    Path target = Path.of("target");
    if (Files.isDirectory(target)) {
      Files.writeString(
          target.resolve("control-plane-tests.txt"), line + "\n", StandardCharsets.UTF_8);
    }
  }
}
