package io.podtls.examples.signing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** The openssl program, run in one folder. Without it a test is skipped; with CI=true it fails. */
final class Openssl {
  private final Path folder;

  private Openssl(Path folder) {
    this.folder = folder;
  }

  /** Returns the program, or skips the calling test. */
  static Openssl in(Path folder) {
    Openssl openssl = new Openssl(folder);
    try {
      openssl.run("version");
    } catch (UncheckedIOException e) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("CI=true and openssl is not installed", e);
      }
      Assumptions.abort("openssl is not installed");
    }
    return openssl;
  }

  /** Runs the program and returns its output; fails if the program does. */
  String run(String... arguments) {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(String.join(" ", command) + "\n" + output);
      }
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
