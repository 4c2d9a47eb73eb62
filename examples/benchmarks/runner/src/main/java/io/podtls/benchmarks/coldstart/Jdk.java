package io.podtls.benchmarks.coldstart;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * An installed JDK.
 *
 * @param feature its major version, such as 17
 * @param version in full
 * @param home its folder
 */
public record Jdk(int feature, String version, Path home) {

  /** The one in this folder. */
  public static Jdk at(Path home) {
    Properties release = new Properties();
    try (var file = Files.newInputStream(home.resolve("release"))) {
      release.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(home + " is no JDK", e);
    }
    String version = release.getProperty("JAVA_VERSION").replace("\"", "");
    return new Jdk(Runtime.Version.parse(version).feature(), version, home);
  }

  /** The JDKs 17 and 25, where Linux distributions and people put them. */
  static List<Jdk> installed() {
    List<Path> homes = new ArrayList<>();
    if (System.getenv("JAVA_HOME") != null) {
      homes.add(Path.of(System.getenv("JAVA_HOME")));
    }
    homes.addAll(foldersIn(Path.of("/usr/lib/jvm")));
    homes.addAll(foldersIn(Path.of(System.getProperty("user.home"), ".sdkman/candidates/java")));
    List<Jdk> found = new ArrayList<>();
    for (int feature : new int[] {17, 25}) {
      homes.stream()
          .filter(home -> Files.exists(home.resolve("release")))
          .filter(home -> Files.isExecutable(home.resolve("bin/java")))
          .map(Jdk::at)
          .filter(jdk -> jdk.feature() == feature)
          .findFirst()
          .ifPresent(found::add);
    }
    return found;
  }

  private static List<Path> foldersIn(Path folder) {
    try (Stream<Path> files = Files.isDirectory(folder) ? Files.list(folder) : Stream.of()) {
      return files.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String java() {
    return home.resolve("bin/java").toString();
  }

  @Override
  public String toString() {
    return "JDK " + feature;
  }
}
