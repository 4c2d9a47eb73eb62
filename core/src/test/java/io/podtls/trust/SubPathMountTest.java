package io.podtls.trust;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.testing.KubeletVolume;
import io.podtls.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real mounts as the kubelet makes them, in a child process with a mount namespace of its own. */
@Timeout(120)
class SubPathMountTest {

  @TempDir Path temporary;
  private Path volume;
  private Path pod;

  @BeforeEach
  void writeVolume() throws Exception {
    Assumptions.assumeTrue(
        inNamespace("mount --bind " + temporary + " " + temporary).exitCode == 0,
        "this user may not mount");
    volume = Files.createDirectory(temporary.resolve("volume"));
    pod = Files.createDirectory(temporary.resolve("pod"));
    new KubeletVolume(volume).write(Map.of("ca.crt", newBundle()));
  }

  @Test
  @DisplayName("a file mounted through subPath is warned about once, at the first load")
  void subPath() throws Exception {
    Path file = Files.createFile(pod.resolve("ca.crt"));

    Result result =
        inNamespace(
            "mount --bind " + volume.resolve("..data/ca.crt") + " " + file + " && " + load());

    assertThat(result.output)
        .contains("warnings: [" + file + " is mounted through subPath")
        .containsOnlyOnce("WARNING: " + file + " is mounted through subPath")
        // The reason for the warning: the volume was swapped between the two loads, unseen.
        .contains("changed: false");
    assertThat(result.exitCode).isZero();
  }

  @Test
  @DisplayName("a volume mounted as a directory is not warned about, and followed")
  void wholeVolume() throws Exception {
    Result result = inNamespace("mount --bind " + volume + " " + pod + " && " + load());

    assertThat(result.output)
        .contains("warnings: []")
        .doesNotContain("WARNING")
        .contains("changed: true");
    assertThat(result.exitCode).isZero();
  }

  /** In the child: loads a file, swaps its volume, loads it again. */
  public static void main(String[] arguments) {
    TrustBundleSource source = TrustBundleSource.pemFile(Path.of(arguments[0]));
    TrustBundle before = source.load();
    new KubeletVolume(Path.of(arguments[1])).write(Map.of("ca.crt", newBundle()));
    System.out.println("changed: " + !source.load().equals(before));
    System.out.println("warnings: " + source.warnings());
  }

  private static String newBundle() {
    return TrustBundle.of(List.of(TestCa.root("ca").certificate())).toPem();
  }

  private String load() {
    return String.join(
        " ",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path"),
        SubPathMountTest.class.getName(),
        pod.resolve("ca.crt").toString(),
        volume.toString());
  }

  private record Result(int exitCode, String output) {}

  private static Result inNamespace(String script) throws Exception {
    try {
      Process process =
          new ProcessBuilder("unshare", "--mount", "--map-root-user", "sh", "-c", script)
              .redirectErrorStream(true)
              .start();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      return new Result(process.waitFor(), output);
    } catch (IOException e) {
      return new Result(-1, e.getMessage());
    }
  }
}
