package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.fabric8.kubernetes.client.Config;
import io.podtls.PodTls;
import io.podtls.examples.embedded.EmbeddedCluster;
import io.podtls.trust.TrustBundle;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The class paths that Maven makes of podtls-fabric8 under the BOMs of frameworks, each tried by a
 * bootstrap in a process of its own. Maven runs once, on projects that are written here.
 */
@DisplayName("A bootstrap under the BOM of")
class BomMatrixIT {

  /** A BOM, and what to try under it. */
  enum Row {
    SPRING_BOOT_3_5("org.springframework.boot", "spring-boot-dependencies", "3.5.7"),
    SPRING_BOOT_4_0("org.springframework.boot", "spring-boot-dependencies", "4.0.7"),
    SPRING_BOOT_4_1("org.springframework.boot", "spring-boot-dependencies", "4.1.2"),
    SPRING_CLOUD("org.springframework.cloud", "spring-cloud-dependencies", "2025.1.4"),
    QUARKUS_LTS("io.quarkus", "quarkus-bom", "3.33.2"),
    QUARKUS("io.quarkus.platform", "quarkus-bom", "3.38.1"),
    MICRONAUT("io.micronaut.platform", "micronaut-platform", "4.10.8"),
    HELIDON("io.helidon", "helidon-dependencies", "4.3.1"),
    FABRIC8_7_5("io.fabric8", "kubernetes-client-bom", "7.5.2"),
    FABRIC8_8("io.fabric8", "kubernetes-client-bom", "8.0.0"),
    NO_JACKSON("io.fabric8", "kubernetes-client-bom", "8.0.0");

    final String group;
    final String artifact;
    final String version;

    Row(String group, String artifact, String version) {
      this.group = group;
      this.artifact = artifact;
      this.version = version;
    }

    /** Whether a KubernetesClient works on this class path without podtls. */
    boolean clientWorks() {
      return this == FABRIC8_7_5 || this == FABRIC8_8 || this == QUARKUS_LTS || this == QUARKUS;
    }

    @Override
    public String toString() {
      return this == NO_JACKSON ? "none, without Jackson" : artifact + " " + version;
    }
  }

  /** Not every mirror has it in the version of Spring Cloud, and the requester does not need it. */
  private static final String WITHOUT_JDK_CLIENT =
      """
      <exclusions>
        <exclusion>
          <groupId>io.fabric8</groupId>
          <artifactId>kubernetes-httpclient-jdk</artifactId>
        </exclusion>
      </exclusions>
      """;

  private static final Path PROJECTS = Path.of(System.getProperty("podtls.build"), "projects");
  private static final Path ROOT = Path.of(System.getProperty("podtls.root"));
  private static final List<String> TABLE = new ArrayList<>();
  private static EmbeddedCluster cluster;
  private static Path serviceAccount;

  @BeforeAll
  static void resolve() throws Exception {
    cluster = EmbeddedCluster.start("example.com/serving", "shop", "orders");
    Config config = cluster.workloadConfig();
    serviceAccount = Files.createDirectories(PROJECTS.resolve("serviceaccount"));
    Files.writeString(serviceAccount.resolve("token"), config.getOauthToken());
    Files.writeString(
        serviceAccount.resolve("ca.crt"), TrustBundle.of(List.of(cluster.caCertificate())).toPem());
    writeProjects();
    Path maven = Path.of(System.getProperty("podtls.maven.home"), "bin", "mvn");
    // A BOM that cannot be resolved must not take the others with it.
    run(
        PROJECTS.resolve("maven.log"),
        maven.toString(),
        "-B",
        "-ntp",
        "--fail-at-end",
        "-Dmdep.outputFile=class-path.txt",
        "-Dspotless.check.skip",
        "compile",
        "dependency:build-classpath");
  }

  @AfterAll
  static void close() throws IOException {
    if (cluster != null) {
      cluster.close();
    }
    Files.write(PROJECTS.resolveSibling("bom-matrix.md"), TABLE);
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  void bootstraps(Row row) throws Exception {
    Path resolved = PROJECTS.resolve(row.name()).resolve("class-path.txt");
    assumeThat(resolved).as("%s, resolved by Maven; see maven.log", row).exists();
    List<String> jars =
        Stream.of(Files.readString(resolved).strip().split(File.pathSeparator, -1))
            .filter(entry -> entry.endsWith(".jar"))
            .filter(entry -> row != Row.NO_JACKSON || !entry.contains("jackson"))
            .toList();
    assertThat(bootstrap(row, jars, "own")).contains("issued ");
    if (row.clientWorks()) {
      assertThat(bootstrap(row, jars, "lent")).contains("issued ");
    }
    TABLE.add(
        "| "
            + row
            + " | "
            + version(jars, "kubernetes-client-api").orElse("none")
            + " | "
            + version(jars, "jackson-core").orElse("none")
            + " | works |");
  }

  private static Optional<String> version(List<String> jars, String artifact) {
    Pattern name = Pattern.compile(Pattern.quote(artifact) + "-([0-9][^/\\\\]*)\\.jar");
    List<String> versions = new ArrayList<>();
    for (String jar : jars) {
      Matcher found = name.matcher(jar);
      if (found.find()) {
        versions.add(found.group(1));
      }
    }
    return versions.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", versions));
  }

  private static String bootstrap(Row row, List<String> jars, String connections) throws Exception {
    List<String> classPath = new ArrayList<>();
    for (Class<?> type : List.of(Bootstrap.class, KubernetesTls.class, PodTls.class)) {
      classPath.add(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    classPath.addAll(jars);
    Path log = PROJECTS.resolve(row.name()).resolve(connections + ".log");
    run(
        log,
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx96m",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        String.join(File.pathSeparator, classPath),
        Bootstrap.class.getName(),
        cluster.workloadConfig().getMasterUrl(),
        serviceAccount.toString(),
        connections);
    return Files.readString(log);
  }

  private static void run(Path log, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .directory(PROJECTS.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(10, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("not done within 10 min: " + Files.readString(log));
    }
  }

  // ------------------------------------------------------------------ the projects

  /** An aggregator of podtls as it is published, and of an application under each BOM. */
  private static void writeProjects() throws IOException {
    String root = Files.readString(ROOT.resolve("pom.xml"));
    String modules =
        Stream.concat(Stream.of("core", "fabric8-adapter"), Stream.of(Row.values()).map(Row::name))
            .map(module -> "<module>" + module + "</module>")
            .collect(joining());
    write(
        "pom.xml",
        root.replaceFirst("(?s)<modules>.*?</modules>", "<modules>" + modules + "</modules>")
            .replaceFirst("(?s)<profiles>.*</profiles>", ""));
    for (String module : List.of("core", "fabric8-adapter")) {
      String pom = Files.readString(ROOT.resolve(module).resolve("pom.xml"));
      write(
          module + "/pom.xml",
          pom.replaceFirst("(?s)<build>.*</build>", "")
              .replaceAll(
                  "(?s)<dependency>(?:(?!</dependency>).)*<scope>test</scope>.*?</dependency>", "")
              .replaceAll(
                  "(?s)<dependency>(?:(?!</dependency>).)*<type>test-jar</type>.*?</dependency>",
                  ""));
    }
    for (Row row : Row.values()) {
      write(row.name() + "/pom.xml", application(row));
      Files.deleteIfExists(PROJECTS.resolve(row.name()).resolve("class-path.txt"));
    }
  }

  private static String application(Row row) {
    return """
    <project xmlns="http://maven.apache.org/POM/4.0.0">
      <modelVersion>4.0.0</modelVersion>
      <groupId>com.example</groupId>
      <artifactId>%s</artifactId>
      <version>1</version>
      <properties>
        <maven.compiler.release>17</maven.compiler.release>
        <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
      </properties>
      <dependencyManagement>
        <dependencies>
          <dependency>
            <groupId>%s</groupId>
            <artifactId>%s</artifactId>
            <version>%s</version>
            <type>pom</type>
            <scope>import</scope>
          </dependency>
        </dependencies>
      </dependencyManagement>
      <dependencies>
        <dependency>
          <groupId>io.podtls</groupId>
          <artifactId>podtls-fabric8</artifactId>
          <version>0.1.0-SNAPSHOT</version>
          %s
        </dependency>
      </dependencies>
    </project>
    """
        .formatted(
            row.name().toLowerCase(Locale.ROOT),
            row.group,
            row.artifact,
            row.version,
            row == Row.SPRING_CLOUD ? WITHOUT_JDK_CLIENT : "");
  }

  private static void write(String file, String content) throws IOException {
    Path target = PROJECTS.resolve(file);
    Files.createDirectories(target.getParent());
    Files.write(target, content.getBytes(UTF_8));
  }
}
