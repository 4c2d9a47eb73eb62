package io.podtls.benchmarks.coldstart;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One way to get a certificate, as a class path and a main class.
 *
 * <p>Thread safety: immutable.
 *
 * @param name short, for tables
 * @param module its folder in cold-start
 * @param mainClass in this package's namesake there
 * @param repacked with signed jars on the class path replaced by copies without signatures
 */
public record Program(String name, String module, String mainClass, boolean repacked) {
  static final Program NOTHING = new Program("empty JVM", "lower-bound", "WithNothing");
  static final Program LOWER_BOUND =
      new Program("HttpsURLConnection, no library", "lower-bound", "WithHttpsUrlConnection");

  /** podtls, as its README shows it. */
  public static final Program PODTLS = new Program("podtls", "podtls", "WithPodtls");

  static final Program PODTLS_REPACKED =
      new Program("podtls, unsigned jars", "podtls", "WithPodtls", true);

  /** fabric8's client over the JDK's HTTP client, by hand. */
  public static final Program FABRIC8_JDK =
      new Program("fabric8, JDK client + BC provider", "fabric8-jdk", "WithFabric8");

  static final Program FABRIC8_JDK_REPACKED =
      new Program(
          "fabric8, JDK client + BC provider, unsigned jars", "fabric8-jdk", "WithFabric8", true);
  static final Program FABRIC8 =
      new Program("fabric8, default client + BC provider", "fabric8", "WithFabric8");
  static final Program CLIENT_JAVA =
      new Program("client-java, its CSR helper", "client-java", "WithClientJava");

  static final List<Program> ALL =
      List.of(
          NOTHING,
          LOWER_BOUND,
          PODTLS,
          PODTLS_REPACKED,
          FABRIC8_JDK,
          FABRIC8_JDK_REPACKED,
          FABRIC8,
          CLIENT_JAVA);

  private Program(String name, String module, String mainClass) {
    this(name, module, mainClass, false);
  }

  /** The jars, the program's own first. */
  List<Path> jars() {
    Path target = Path.of("examples/benchmarks/cold-start", module, "target").toAbsolutePath();
    try {
      String libraries = Files.readString(target.resolve("class-path.txt")).strip();
      List<Path> jars = new ArrayList<>(List.of(own(target)));
      for (String library : libraries.split(File.pathSeparator, -1)) {
        if (!library.isEmpty()) {
          Path jar = Path.of(library);
          jars.add(repacked ? SignedJars.repacked(jar, target.resolve("repacked")) : jar);
        }
      }
      return jars;
    } catch (IOException e) {
      throw new UncheckedIOException(module + ": is it built? examples/benchmarks/run does", e);
    }
  }

  private static Path own(Path target) throws IOException {
    try (Stream<Path> files = Files.list(target)) {
      return files
          .filter(file -> file.getFileName().toString().matches("podtls-.*SNAPSHOT[.]jar"))
          .findFirst()
          .orElseThrow(() -> new NoSuchFileException(target + "/*.jar"));
    }
  }

  /** The command of another program on the same class path. */
  public List<String> warm(String java, String otherMainClass, String... arguments) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of(java, "-cp", classPath()));
    command.add(qualified(otherMainClass));
    command.addAll(List.of(arguments));
    return command;
  }

  String classPath() {
    return jars().stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  String qualifiedMainClass() {
    return qualified(mainClass);
  }

  private static String qualified(String simpleName) {
    return "io.podtls.benchmarks.coldstart." + simpleName;
  }

  /** Jars of others: without the few lines of the program itself. */
  int libraries() {
    return jars().size() - 1;
  }

  double megabytes() {
    long bytes = 0;
    for (Path jar : jars().subList(1, jars().size())) {
      bytes += jar.toFile().length();
    }
    return bytes / 1e6;
  }

  @Override
  public String toString() {
    return name;
  }
}
