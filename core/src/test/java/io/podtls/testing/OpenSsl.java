package io.podtls.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * The openssl command, an oracle that shares no code with us. Without it a test is skipped and says
 * so; with CI=true it fails.
 */
public final class OpenSsl {

  private final Path directory;

  private OpenSsl(Path directory) {
    this.directory = directory;
  }

  /** Finds the command, or skips the calling test. Relative file names are below the directory. */
  public static OpenSsl in(Path directory) {
    OpenSsl openSsl = new OpenSsl(directory);
    String version;
    try {
      version = openSsl.run("version");
    } catch (IllegalStateException e) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("CI=true and the openssl command is missing", e);
      }
      Assumptions.abort("the openssl command is missing: " + e.getMessage());
      throw e;
    }
    // LibreSSL, which macOS calls openssl, lacks some of what the tests ask for.
    Assumptions.assumeTrue(version.startsWith("OpenSSL "), () -> "this is " + version);
    return openSsl;
  }

  /** Runs to success and returns what was written to both outputs. */
  public String run(String... arguments) {
    Result result = tryTo(arguments);
    if (result.exitCode != 0) {
      throw new IllegalStateException(
          "openssl " + String.join(" ", arguments) + " failed: " + result.output);
    }
    return result.output;
  }

  /** How a command ended. */
  public record Result(int exitCode, String output) {}

  /** Runs and returns how it ended. */
  public Result tryTo(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add("openssl");
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("openssl hangs");
      }
      return new Result(process.exitValue(), output);
    } catch (IOException e) {
      throw new IllegalStateException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Writes a file below the directory and returns its name. */
  public String write(String name, String content) {
    try {
      Files.writeString(directory.resolve(name), content);
      return name;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A file below the directory. */
  public Path file(String name) {
    return directory.resolve(name);
  }
}
