package io.podtls.examples.pods;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Command line of {@code --name value} pairs. */
final class Options {
  private final Map<String, String> values = new HashMap<>();

  private Options() {}

  /**
   * Reads the pairs from the given position on.
   *
   * @throws IllegalArgumentException for a name without a value
   */
  static Options parse(String[] arguments, int from) {
    Options options = new Options();
    List<String> words = Arrays.asList(arguments).subList(from, arguments.length);
    for (int i = 0; i < words.size(); i += 2) {
      if (!words.get(i).startsWith("--") || i + 1 == words.size()) {
        throw new IllegalArgumentException("expected --name value, found " + words.get(i));
      }
      options.values.put(words.get(i), words.get(i + 1));
    }
    return options;
  }

  Optional<String> find(String name) {
    return Optional.ofNullable(values.get(name));
  }

  Optional<Path> findPath(String name) {
    return find(name).map(Path::of);
  }

  String get(String name) {
    return find(name).orElseThrow(() -> new IllegalArgumentException(name + " is missing"));
  }

  int number(String name, int otherwise) {
    return find(name).map(Integer::valueOf).orElse(otherwise);
  }
}
