package io.podtls.benchmarks.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A benchmark's arguments: {@code --name value}, any number of times. One that cannot be used ends
 * the program with status 2 and a sentence.
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
   */
  public static Options of(String[] arguments, String... known) {
    List<String> accepted = new ArrayList<>(List.of(known));
    accepted.add("out");
    Options options = new Options();
    for (int i = 0; i < arguments.length; i += 2) {
      String name = arguments[i].replaceFirst("^--", "");
      if (!arguments[i].startsWith("--") || !accepted.contains(name)) {
        throw unusable(arguments[i] + " is none of --" + String.join(", --", accepted));
      }
      if (i + 1 == arguments.length) {
        throw unusable(arguments[i] + " has no value");
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

  /** The last value of the name as a number of at least one, or another. */
  public int number(String name, int otherwise) {
    String text = text(name, Integer.toString(otherwise));
    if (!text.matches("[1-9][0-9]{0,8}")) {
      throw unusable("--" + name + " is not a number of at least 1: " + text);
    }
    return Integer.parseInt(text);
  }

  /**
   * All values of the name, each one of the known ones.
   *
   * @param known what is accepted
   */
  public List<String> all(String name, List<String> known) {
    List<String> given = all(name);
    for (String value : given) {
      if (!known.contains(value)) {
        throw unusable("--" + name + " " + value + " is none of " + String.join(", ", known));
      }
    }
    return given;
  }

  /**
   * Where results go: {@code --out}, seen from where the benchmark was called, or a folder that
   * git ignores.
   */
  public Path out() {
    return all("out").isEmpty()
        ? Path.of("examples/benchmarks/target/results").toAbsolutePath()
        : Path.of(System.getProperty("podtls.caller", "")).resolve(text("out", ""));
  }

  private static IllegalArgumentException unusable(String why) {
    System.err.println(why);
    System.exit(2);
    return new IllegalArgumentException(why);
  }
}
