package io.podtls.benchmarks.issuance;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process that issues one certificate each time it is asked to, and stays warm in between.
 *
 * <p>Thread safety: for one thread.
 */
final class Issuer implements AutoCloseable {

  /**
   * What it says of one issuance.
   *
   * @param milliseconds from a new key to a usable context, by its own clock
   * @param words what else it says
   */
  record Issuance(double milliseconds, List<String> words) {}

  private final String name;
  private final Process process;
  private final BufferedWriter requests;
  private final BufferedReader answers;

  private Issuer(String name, Process process) {
    this.name = name;
    this.process = process;
    this.requests = process.outputWriter(UTF_8);
    this.answers = process.inputReader(UTF_8);
  }

  /** Starts it; its errors go to a file. */
  static Issuer start(
      String name, List<String> command, Map<String, String> environment, Path errors)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return new Issuer(name, builder.start());
  }

  Issuance issue() throws IOException {
    requests.write("go\n");
    requests.flush();
    for (@Nullable String line = answers.readLine(); line != null; line = answers.readLine()) {
      if (line.startsWith("done ")) {
        List<String> words = List.of(line.split(" ", -1));
        return new Issuance(Double.parseDouble(words.get(1)) / 1e3, words.subList(2, words.size()));
      }
    }
    throw new IllegalStateException(name + " has ended");
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
