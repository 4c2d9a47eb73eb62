package io.podtls.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The machine that figures come from, in words. */
public final class Machine {
  private Machine() {}

  /** Cores, processor, memory and kernel, as far as they can be found out. */
  public static String describe() {
    return Runtime.getRuntime().availableProcessors()
        + " cores"
        + first("/proc/cpuinfo", "model name").map(name -> " (" + name + ")").orElse("")
        + first("/proc/meminfo", "MemTotal").map(Machine::gibibytes).orElse("")
        + ", "
        + System.getProperty("os.name")
        + " "
        + System.getProperty("os.version");
  }

  private static Optional<String> first(String file, String key) {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(key))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String gibibytes(String kilobytes) {
    long kib = Long.parseLong(kilobytes.replace("kB", "").strip());
    return String.format(Locale.ROOT, ", %.0f GiB", kib / 1048576.0);
  }
}
