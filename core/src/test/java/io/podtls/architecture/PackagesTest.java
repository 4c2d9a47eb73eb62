package io.podtls.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.PodTls;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PackagesTest {

  private static final Pattern EDGE =
      Pattern.compile("^\\s+(io\\.podtls[\\w.]*)\\s+->\\s+(io\\.podtls[\\w.]*)\\s");

  /** The rooms of the house from top to bottom: a room knows those below it only. */
  private static final List<String> ROOMS =
      Stream.of(
              "",
              ".engine",
              ".supply",
              ".schedule",
              ".rotation",
              ".signing",
              ".renewal",
              ".identity",
              ".trust",
              ".jsse",
              ".peer",
              ".request",
              ".files",
              ".pem",
              ".failure")
          .map("io.podtls"::concat)
          .toList();

  @Test
  @DisplayName("a package of core uses packages below it only")
  void noImportRunsUpwards() throws Exception {
    packageDependencies()
        .forEach(
            (user, used) -> {
              assertThat(ROOMS).as("every package has its place").contains(user).containsAll(used);
              assertThat(used)
                  .as("used by " + user)
                  .allMatch(room -> ROOMS.indexOf(room) > ROOMS.indexOf(user));
            });
  }

  @Test
  @DisplayName("core's packages depend on one another without a cycle")
  void packagesHaveNoCycles() throws Exception {
    Map<String, Set<String>> uses = packageDependencies();
    assertThat(uses).as("jdeps sees the packages").containsKey("io.podtls");
    for (String start : uses.keySet()) {
      assertThat(reachableFrom(start, uses)).as("reachable from " + start).doesNotContain(start);
    }
  }

  private static Set<String> reachableFrom(String start, Map<String, Set<String>> uses) {
    Set<String> seen = new HashSet<>();
    Deque<String> next = new ArrayDeque<>(uses.getOrDefault(start, Set.of()));
    while (!next.isEmpty()) {
      String each = next.pop();
      if (seen.add(each)) {
        next.addAll(uses.getOrDefault(each, Set.of()));
      }
    }
    return seen;
  }

  private static Map<String, Set<String>> packageDependencies() throws Exception {
    Path classes =
        Path.of(PodTls.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    StringWriter out = new StringWriter();
    int exit =
        ToolProvider.findFirst("jdeps")
            .orElseThrow()
            .run(
                new PrintWriter(out),
                new PrintWriter(out),
                "-verbose:package",
                "-filter:none",
                "--ignore-missing-deps",
                "--multi-release",
                "base",
                "--module-path",
                System.getProperty("java.class.path"),
                classes.toString());
    assertThat(exit).as(out.toString()).isZero();
    Map<String, Set<String>> uses = new TreeMap<>();
    for (String line : out.toString().split("\n")) {
      Matcher edge = EDGE.matcher(line);
      if (edge.find() && !edge.group(1).equals(edge.group(2))) {
        uses.computeIfAbsent(edge.group(1), any -> new TreeSet<>()).add(edge.group(2));
      }
    }
    return uses;
  }
}
