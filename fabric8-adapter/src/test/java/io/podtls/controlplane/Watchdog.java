package io.podtls.controlplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A shell beside this JVM that ends the servers and deletes their folder when the JVM is gone, even
 * if it was killed and ran no shutdown hook: it notices that its standard input has ended.
 */
final class Watchdog implements AutoCloseable {
  private static final String SCRIPT =
      """
      trap '' INT TERM HUP
      pids=
      while read -r verb pid; do
        case $verb in
        watch) pids="$pids $pid" ;;
        forget)
          kept=
          for each in $pids; do [ "$each" = "$pid" ] || kept="$kept $each"; done
          pids=$kept
          ;;
        esac
      done
      [ -z "$pids" ] || kill -9 $pids
      rm -rf "$1"
      """;

  private final Process shell;
  private final Writer orders;

  private Watchdog(Process shell) {
    this.shell = shell;
    this.orders = shell.outputWriter(StandardCharsets.US_ASCII);
  }

  static Watchdog over(Path folder) {
    try {
      return new Watchdog(
          new ProcessBuilder("/bin/sh", "-c", SCRIPT, "watchdog", folder.toString())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void watch(Process process) {
    send("watch " + process.pid());
  }

  void forget(Process process) {
    send("forget " + process.pid());
  }

  private synchronized void send(String order) {
    try {
      orders.write(order + "\n");
      orders.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets the shell end what is still watched and delete the folder, and waits for it. */
  @Override
  public void close() {
    try {
      orders.close();
      if (!shell.waitFor(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the control plane's folder is not deleted after 10 s");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
