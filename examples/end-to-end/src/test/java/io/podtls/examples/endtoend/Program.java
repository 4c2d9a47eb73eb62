package io.podtls.examples.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** An example as a process, with the JVM's options of {@code image/run}. */
public final class Program implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  private final String name;
  private final Process process;
  private final StringBuilder output = new StringBuilder();

  private Program(String name, Process process) {
    this.name = name;
    this.process = process;
    Thread reader = new Thread(this::read, name + "-output");
    reader.setDaemon(true);
    reader.start();
  }

  static Program start(
      Class<?> main, Path hosts, Map<String, String> environment, List<String> arguments) {
    return start(main, List.of(), hosts, environment, arguments);
  }

  /**
   * Starts an example.
   *
   * @param jvm further options of the JVM
   * @param hosts a file as /etc/hosts, which takes the place of the cluster's DNS
   * @param environment all of the environment; nothing is inherited
   */
  public static Program start(
      Class<?> main,
      List<String> jvm,
      Path hosts,
      Map<String, String> environment,
      List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Djdk.net.hosts.file=" + hosts));
    command.addAll(limits());
    command.addAll(jvm);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    try {
      return new Program(main.getPackageName(), builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the limits that the image sets for the JDK's HttpServer. */
  private static List<String> limits() {
    Path run = Path.of(System.getProperty("podtls.root"), "examples", "image", "run");
    try (Stream<String> lines = Files.lines(run)) {
      String options =
          lines
              .filter(line -> line.startsWith("limits="))
              .findFirst()
              .orElseThrow()
              .split("\"", 3)[1];
      return List.of(options.split(" ", -1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read() {
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        synchronized (output) {
          output.append(line).append('\n');
          output.notifyAll();
        }
      }
    } catch (IOException e) {
      // The process was ended while we read.
    }
    synchronized (output) {
      output.append("(end of output)\n");
      output.notifyAll();
    }
  }

  /** Waits until a part of the output matches. */
  public Matcher awaitOutput(String regex) throws InterruptedException {
    Pattern pattern = Pattern.compile(regex);
    long deadline = System.nanoTime() + LIMIT.toNanos();
    synchronized (output) {
      while (true) {
        Matcher matcher = pattern.matcher(output.toString());
        if (matcher.find()) {
          return matcher;
        }
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0 || output.indexOf("(end of output)") >= 0) {
          throw new AssertionError(name + " did not print " + regex + " but:\n" + output);
        }
        output.wait(left);
      }
    }
  }

  /** Waits for the end and returns the exit code. */
  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).as(this::output).isTrue();
    awaitOutput("\\(end of output\\)");
    return process.exitValue();
  }

  public String output() {
    synchronized (output) {
      return output.toString();
    }
  }

  /** The output with every run of white space as one blank. */
  String words() {
    return output().replaceAll("\\s+", " ");
  }

  /** Sends SIGTERM, as a kubelet does, and returns at once; the output is read on. */
  void askToStop() {
    process.toHandle().destroy(); // Process.destroy() closes the output
  }

  /** Asks the process to end and waits for that. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(name + " did not end within 10 s of being asked:\n" + output());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
