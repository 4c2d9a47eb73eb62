package io.podtls.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.testing.KubeletVolume;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountTableTest {

  private static final String PODS =
      "/var/lib/kubelet/pods/0b1c/volumes/kubernetes.io~configmap/ca/";

  @TempDir Path temporary;
  private Path directory;
  private Path file;

  @BeforeEach
  void writeFile() throws Exception {
    directory = Files.createDirectory(temporary.toRealPath().resolve("ca dir"));
    file = Files.writeString(directory.resolve("ca.crt"), "");
  }

  @Test
  @DisplayName("a file that is a mount point is warned about: subPath of one file")
  void subPathFile() throws Exception {
    assertThat(warning(mount(PODS + "..2026_11_23_10_00_00.123/ca.crt", file)))
        .isEqualTo(
            file
                + " is mounted through subPath or as a single file ("
                + file
                + "): such a mount never follows a change of its volume; mount the volume's"
                + " directory instead");
    assertThat(warning(mount("/ca.crt//deleted", file))).contains(" is mounted through subPath ");
  }

  @Test
  @DisplayName(
      "a directory that is one version of a volume is warned about: subPath of a directory")
  void subPathDirectory() throws Exception {
    assertThat(warning(mount("/..2026_11_23_10_00_00.123456789/sub", directory)))
        .contains(" is mounted through subPath ");
    assertThat(warning(mount(PODS + "..2026_11_23_10_00_00.1/sub//deleted", directory)))
        .contains(" is mounted through subPath ");
  }

  @Test
  @DisplayName("a volume mounted as a directory is not warned about, on disk or in memory")
  void wholeVolume() throws Exception {
    Files.delete(file);
    Path link = new KubeletVolume(directory).write(Map.of("ca.crt", "")).file("ca.crt");
    assertThat(MountTable.read(mountinfo(mount(PODS, directory))).frozen(link)).isEmpty();
    assertThat(MountTable.read(mountinfo(mount("/", directory))).frozen(link)).isEmpty();
  }

  @Test
  @DisplayName("the mount nearest to the file counts, and the last one on the same point")
  void nearestMount() throws Exception {
    String version = "/..2026_11_23_10_00_00.123/sub";
    assertThat(warning(mount(version, temporary.toRealPath()), mount("/", directory))).isEmpty();
    assertThat(warning(mount("/", directory), mount(version, temporary.toRealPath()))).isEmpty();
    assertThat(warning(mount(version, directory), mount("/", directory))).isEmpty();
    assertThat(warning(mount("/", directory), mount(version, directory))).isNotEmpty();
    assertThat(warning(mount(version, directory.resolveSibling("ca")))).isEmpty();
  }

  @Test
  @DisplayName("a file that does not exist is not warned about")
  void missingFile() throws Exception {
    Files.delete(file);
    assertThat(warning(mount("/", directory))).isEmpty();
  }

  @Test
  @DisplayName("no table, an empty one and one that is garbage say nothing")
  void unreadable() throws Exception {
    assertThat(MountTable.read(temporary.resolve("none")).frozen(file)).isEmpty();
    assertThat(warning("")).isEmpty();
    assertThat(warning("a b", "1 2 3 / /\\9 x", "\0\0")).isEmpty();
  }

  @Test
  @DisplayName("this process's own table can be read")
  void ownTable() {
    assertThat(MountTable.ofThisProcess().frozen(file)).isEmpty();
    assertThat(StableFiles.of(file).warnings()).isEmpty();
  }

  @Test
  @DisplayName("a set warns for each of its files")
  void warningsOfASet() throws Exception {
    Path other = Files.writeString(directory.resolve("b"), "");
    assertThat(
            StableFiles.of(file, other)
                .warnings(MountTable.read(mountinfo(mount("/x", file), mount("/y", other)))))
        .hasSize(2);
  }

  private String warning(String... mounts) throws Exception {
    return MountTable.read(mountinfo(mounts)).frozen(file).orElse("");
  }

  private Path mountinfo(String... mounts) throws Exception {
    return Files.writeString(
        temporary.resolve("mountinfo"),
        "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n" + String.join("\n", mounts) + "\n");
  }

  private static String mount(String root, Path point) {
    return "99 22 0:52 "
        + root
        + " "
        + point.toString().replace(" ", "\\040")
        + " ro,relatime shared:1 - tmpfs tmpfs rw,size=1k";
  }
}
