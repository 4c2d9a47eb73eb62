package io.podtls.architecture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.PodTls;
import io.podtls.testing.TestCa;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs a small module that requires {@code io.podtls}, as an application would. */
class ModulePathTest {

  private static final String MODULE = "module consumer { requires io.podtls; }";

  private static final String MAIN =
      """
      package consumer;

      import io.podtls.identity.PendingIdentity;
      import io.podtls.request.CertificateRequest;
      import io.podtls.request.SignerName;
      import io.podtls.trust.TrustBundleSource;
      import java.nio.file.Path;

      public class Main {
        public static void main(String[] args) {
          CertificateRequest request =
              CertificateRequest.builder(SignerName.of("example.com/serving"))
                  .dnsNames("orders.shop.svc")
                  .build();
          System.out.println(PendingIdentity.generate(request).pkcs10Pem().lines().findFirst().get());
          System.out.println(
              TrustBundleSource.pemFile(Path.of(args[0])).sslContext().getProtocol()
                  + " in " + PendingIdentity.class.getModule().getName());
        }
      }
      """;

  @TempDir Path directory;

  @Test
  @DisplayName("a module that requires io.podtls compiles and runs on the module path")
  void consumerRunsOnTheModulePath() throws Exception {
    Path sources = Files.createDirectories(directory.resolve("src/consumer"));
    Files.writeString(directory.resolve("src/module-info.java"), MODULE);
    Files.writeString(sources.resolve("Main.java"), MAIN);
    Path ca = Files.writeString(directory.resolve("ca.crt"), pem(TestCa.root("consumer's CA")));
    Path out = directory.resolve("out");

    run(
        "javac",
        "--module-path",
        modulePath(),
        "-d",
        out.toString(),
        directory.resolve("src/module-info.java").toString(),
        sources.resolve("Main.java").toString());
    String printed =
        run(
            "java",
            "--module-path",
            out + File.pathSeparator + modulePath(),
            "--module",
            "consumer/consumer.Main",
            ca.toString());

    assertThat(printed.lines())
        .containsExactly("-----BEGIN CERTIFICATE REQUEST-----", "TLS in io.podtls");
  }

  /** Core's classes and what it needs, without the tests and their libraries. */
  private static String modulePath() throws Exception {
    List<String> path = new ArrayList<>();
    path.add(
        Path.of(PodTls.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString());
    Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> entry.matches(".*[/\\\\](bc|jspecify)[^/\\\\]*\\.jar"))
        .forEach(path::add);
    return path.stream().collect(Collectors.joining(File.pathSeparator));
  }

  private static String run(String tool, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", tool).toString());
    command.addAll(Arrays.asList(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(tool + " ends").isTrue();
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }

  private static String pem(TestCa ca) throws Exception {
    return "-----BEGIN CERTIFICATE-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(ca.certificate().getEncoded())
        + "\n-----END CERTIFICATE-----\n";
  }
}
