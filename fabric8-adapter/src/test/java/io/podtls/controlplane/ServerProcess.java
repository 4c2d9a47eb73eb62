package io.podtls.controlplane;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** One server of the control plane as a process, its output in a file. */
final class ServerProcess {
  private final String name;
  private final Process process;
  private final Path log;
  private final Watchdog watchdog;

  private ServerProcess(String name, Process process, Path log, Watchdog watchdog) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.watchdog = watchdog;
  }

  static ServerProcess start(Path binary, List<String> flags, Path folder, Watchdog watchdog) {
    String name = binary.getFileName().toString();
    Path log = folder.resolve(name + ".log");
    List<String> command = new ArrayList<>();
    command.add(binary.toString());
    command.addAll(flags);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    // etcd takes every flag from an ETCD_ variable as well, and all three obey Go's: none is ours.
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(variable -> !variable.equals("PATH"));
    environment.put("HOME", folder.toString());
    try {
      Process process = builder.start();
      watchdog.watch(process);
      return new ServerProcess(name, process, log, watchdog);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Waits until the server is ready.
   *
   * @param missing what is still missing for that, or empty once it is ready
   * @throws ServerEndedException if the process ends first
   * @throws IllegalStateException if it is not ready in time
   */
  void awaitReady(Duration limit, Supplier<Optional<String>> missing) {
    long deadline = System.nanoTime() + limit.toNanos();
    for (Optional<String> still; (still = missing.get()).isPresent(); ) {
      if (ended(Duration.ofMillis(50))) {
        throw new ServerEndedException(
            "%s ended with exit code %d; end of its log:\n%s"
                .formatted(name, process.exitValue(), tail()));
      }
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "%s is not ready after %d s: %s; end of its log:\n%s"
                .formatted(name, limit.toSeconds(), still.get(), tail()));
      }
    }
  }

  /** Ends the process at once, without any shutdown of its own, and waits for its end. */
  void kill() {
    process.destroyForcibly();
    if (!ended(Duration.ofSeconds(10))) {
      throw new IllegalStateException(name + " does not end");
    }
    watchdog.forget(process);
  }

  private boolean ended(Duration limit) {
    try {
      return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + name, e);
    }
  }

  private String tail() {
    try {
      List<String> lines =
          new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 25), lines.size()));
    } catch (IOException e) {
      return "(its log cannot be read: " + e + ")";
    }
  }

  /** The process ended before it was ready, for instance because its port was taken meanwhile. */
  static final class ServerEndedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    ServerEndedException(String message) {
      super(message);
    }
  }
}
