package io.podtls.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinariesTest {
  private static final List<String> ALL =
      List.of("etcd", "kube-apiserver", "kube-controller-manager");

  @TempDir Path folder;
  private Path root;
  private Path cache;
  private Path assets;

  @BeforeEach
  void layOut() throws IOException {
    root = folder.resolve("checkout");
    cache = folder.resolve("cache");
    assets = Files.createDirectory(folder.resolve("assets"));
    Files.createDirectories(root.resolve(".ci/control-plane"));
  }

  @Test
  @DisplayName("KUBEBUILDER_ASSETS comes first when it holds all three, and no script runs")
  void assetsComeFirst() throws Exception {
    binaries(assets, ALL);
    build("exit 99");

    assertThat(locate(Optional.of(assets))).isEqualTo(new Binaries.Found(assets));
  }

  @Test
  @DisplayName(
      "the usual KUBEBUILDER_ASSETS, which have no controller manager, are passed over for the cache")
  void incompleteAssetsArePassedOver() throws Exception {
    binaries(assets, List.of("etcd", "kube-apiserver", "kubectl"));
    binaries(cache, ALL);
    Files.createFile(cache.resolve("complete"));
    build("[ \"$1\" = --where ] || exit 99");

    assertThat(locate(Optional.of(assets))).isEqualTo(new Binaries.Found(cache));
  }

  @Test
  @DisplayName("they are built when the cache is empty")
  void builtWhenTheCacheIsEmpty() throws Exception {
    build("[ \"$1\" = --where ] || echo some progress >&2");

    assertThat(locate(Optional.empty())).isEqualTo(new Binaries.Found(cache));
  }

  @Test
  @DisplayName("a half-built cache is built again")
  void halfBuiltIsBuiltAgain() throws Exception {
    binaries(cache, ALL);
    build("[ \"$1\" = --where ] || exit 7");

    assertThat(locate(Optional.empty()))
        .isInstanceOfSatisfying(
            Binaries.Absent.class,
            absent -> assertThat(absent.reason()).contains("failed with exit code 7"));
  }

  @Test
  @DisplayName("without Go the reason says in one line what to install or to set")
  void withoutGo() throws Exception {
    build("[ \"$1\" = --where ] || exit 3");

    assertThat(locate(Optional.empty()))
        .isInstanceOfSatisfying(
            Binaries.Absent.class,
            absent ->
                assertThat(absent.reason())
                    .contains("install Go 1.26 or newer")
                    .contains("KUBEBUILDER_ASSETS")
                    .hasLineCount(1));
    assertThat(locate(Optional.of(assets)))
        .isInstanceOfSatisfying(
            Binaries.Absent.class,
            absent -> assertThat(absent.reason()).contains("KUBEBUILDER_ASSETS lacks"));
  }

  @Test
  @DisplayName("away from a checkout the reason says so")
  void awayFromTheCheckout() {
    assertThat(Binaries.locate(Optional.empty(), Optional.empty()))
        .isInstanceOfSatisfying(
            Binaries.Absent.class,
            absent -> assertThat(absent.reason()).contains(".ci/control-plane is not found"));
  }

  private Binaries locate(Optional<Path> kubebuilderAssets) {
    return Binaries.locate(kubebuilderAssets, Optional.of(root));
  }

  /** A build script that does this and then prints the cache folder. */
  private void build(String lines) throws IOException {
    Files.writeString(root.resolve(".ci/control-plane/build"), lines + "\necho '" + cache + "'\n");
  }

  private static void binaries(Path where, List<String> names) throws IOException {
    Files.createDirectories(where);
    for (String name : names) {
      Files.createFile(
          where.resolve(name),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    }
  }
}
