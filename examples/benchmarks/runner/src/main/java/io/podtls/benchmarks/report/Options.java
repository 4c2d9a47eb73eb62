package io.podtls.benchmarks.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A benchmark's arguments: {@code --name value}, any number of times.
 *
 * <p>Thread safety: immutable once read.
 */
public final class Options {
  private final Map<String, List<String>> values = new LinkedHashMap<>();

  private Options() {}

  /**
   * Reads arguments.
   *
   * @param known names that are accepted beside {@code out}, without the dashes
   * @throws IllegalArgumentException for any other argument
   */
  public static Options of(String[] arguments, String... known) {
    List<String> accepted = new ArrayList<>(List.of(known));
    accepted.add("out");
    Options options = new Options();
    for (int i = 0; i < arguments.length; i += 2) {
      String name = arguments[i].replaceFirst("^--", "");
      if (!arguments[i].startsWith("--") || !accepted.contains(name)) {
        throw new IllegalArgumentException(arguments[i] + " is none of --" + accepted);
      }
      if (i + 1 == arguments.length) {
        throw new IllegalArgumentException(arguments[i] + " has no value");
      }
      options.values.computeIfAbsent(name, unused -> new ArrayList<>()).add(arguments[i + 1]);
    }
    return options;
  }

  /** All values of the name, none if it is not given. */
  public List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** The last value of the name, or another. */
  public String text(String name, String otherwise) {
    List<String> given = all(name);
    return given.isEmpty() ? otherwise : given.get(given.size() - 1);
  }

  /** The last value of the name as a number, or another. */
  public int number(String name, int otherwise) {
    return Integer.parseInt(text(name, Integer.toString(otherwise)));
  }

  /** Where results go: {@code --out}, or a folder that nobody commits. */
  public Path out() {
    return Path.of(text("out", "examples/benchmarks/target/results"));
  }
}
