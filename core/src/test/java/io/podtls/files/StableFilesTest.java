package io.podtls.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.testing.KubeletVolume;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class StableFilesTest {

  @TempDir Path directory;

  @Test
  @DisplayName("plain files are read as they are")
  void plainFiles() throws Exception {
    Path first = Files.writeString(directory.resolve("a"), "one");
    Path second = Files.writeString(directory.resolve("b"), "");

    FileContents contents = StableFiles.of(first, second).read();

    assertThat(text(contents, first)).isEqualTo("one");
    assertThat(text(contents, second)).isEmpty();
    assertThat(contents)
        .hasToString("FileContents[" + first + ": 3 bytes, " + second + ": 0 bytes]");
  }

  @Test
  @DisplayName("contents are equal if the bytes are, wherever they lie now")
  void equalByBytes() {
    KubeletVolume volume = new KubeletVolume(directory).write(Map.of("ca.crt", "one"));
    StableFiles files = StableFiles.of(volume.file("ca.crt"));

    FileContents first = files.read();
    volume.write(Map.of("ca.crt", "one"));
    FileContents same = files.read();
    volume.write(Map.of("ca.crt", "two"));

    assertThat(same).isEqualTo(first).hasSameHashCodeAs(first);
    assertThat(files.read()).isNotEqualTo(first);
  }

  @Test
  @DisplayName("the bytes given out are a copy; a file not asked for is a caller's bug")
  void contentsAreImmutable() throws Exception {
    Path file = Files.writeString(directory.resolve("a"), "one");
    FileContents contents = StableFiles.of(file).read();

    contents.of(file)[0] = 'X';

    assertThat(text(contents, file)).isEqualTo("one");
    assertThatThrownBy(() -> contents.of(directory.resolve("b")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("file is not one of those read");
  }

  @Test
  @DisplayName("files of a volume are always of one version, while versions follow one another")
  void oneVersionDuringSwaps() throws Exception {
    KubeletVolume volume =
        new KubeletVolume(directory).write(Map.of("tls.crt", "0", "tls.key", "0"));
    Path chain = volume.file("tls.crt");
    Path key = volume.file("tls.key");
    StableFiles files = StableFiles.of(chain, key);
    AtomicBoolean done = new AtomicBoolean();
    AtomicBoolean failed = new AtomicBoolean();
    Thread kubelet =
        new Thread(
            () -> {
              for (int i = 1; !done.get(); i++) {
                volume.write(Map.of("tls.crt", "" + i, "tls.key", "" + i));
              }
            });
    kubelet.setUncaughtExceptionHandler((thread, error) -> failed.set(true));
    kubelet.start();
    try {
      String first = text(files.read(), chain);
      int versions = 0;
      String last = first;
      for (int read = 0; read < 5_000 || (versions < 100 && !failed.get()); read++) {
        FileContents contents = files.read();
        assertThat(text(contents, key)).isEqualTo(text(contents, chain));
        if (!text(contents, chain).equals(last)) {
          versions++;
          last = text(contents, chain);
        }
      }
      assertThat(versions).isGreaterThanOrEqualTo(100);
    } finally {
      done.set(true);
      kubelet.join();
    }
    assertThat(failed).isFalse();
  }

  @Test
  @DisplayName("a file in a directory of the volume, a link to a volume and a link to a link work")
  void indirections() throws Exception {
    Path mount = Files.createDirectory(directory.resolve("mount"));
    KubeletVolume volume =
        new KubeletVolume(mount).write(Map.of("sub/ca.crt", "one", "plain.crt", "two"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), volume.file("sub/ca.crt"));
    Path linkToLink = Files.createSymbolicLink(directory.resolve("again"), Path.of("link"));
    Path linkToMount = Files.createSymbolicLink(directory.resolve("dir"), Path.of("mount"));
    Path throughMount = linkToMount.resolve("plain.crt");
    StableFiles files = StableFiles.of(volume.file("sub/ca.crt"), link, linkToLink, throughMount);

    assertThat(text(files.read(), link)).isEqualTo("one");
    assertThat(text(files.read(), throughMount)).isEqualTo("two");
    volume.write(Map.of("sub/ca.crt", "three", "plain.crt", "four"));
    FileContents contents = files.read();
    assertThat(text(contents, volume.file("sub/ca.crt"))).isEqualTo("three");
    assertThat(text(contents, link)).isEqualTo("three");
    assertThat(text(contents, linkToLink)).isEqualTo("three");
    assertThat(text(contents, throughMount)).isEqualTo("four");
  }

  @Test
  @DisplayName("a regular file beside a volume's links is a plain file")
  void fileBesideVolume() throws Exception {
    KubeletVolume volume = new KubeletVolume(directory).write(Map.of("ca.crt", "one"));
    Path beside = Files.writeString(volume.file("other.crt"), "other");

    FileContents contents = StableFiles.of(volume.file("ca.crt"), beside).read();

    assertThat(text(contents, volume.file("ca.crt"))).isEqualTo("one");
    assertThat(text(contents, beside)).isEqualTo("other");
  }

  @Test
  @DisplayName("a swap between two files of a volume starts the read again")
  void swapBetweenFiles() {
    KubeletVolume volume = new KubeletVolume(directory).write(Map.of("a", "old", "b", "old"));
    AtomicInteger reads = new AtomicInteger();

    FileContents contents =
        StableFiles.of(volume.file("a"), volume.file("b"))
            .read(
                file -> {
                  if (reads.getAndIncrement() == 0) {
                    volume.write(Map.of("a", "new", "b", "new"));
                  }
                });

    assertThat(text(contents, volume.file("a"))).isEqualTo("new");
    assertThat(text(contents, volume.file("b"))).isEqualTo("new");
    assertThat(reads).hasValue(3);
  }

  @Test
  @DisplayName("a swap after the last file of a volume starts the read again")
  void swapAfterLastFile() {
    KubeletVolume volume = new KubeletVolume(directory).write(Map.of("a", "old"));
    AtomicInteger reads = new AtomicInteger();

    FileContents contents =
        StableFiles.of(volume.file("a"))
            .read(
                file -> {
                  if (reads.getAndIncrement() == 0) {
                    volume.write(Map.of("a", "new"));
                  }
                });

    assertThat(text(contents, volume.file("a"))).isEqualTo("new");
  }

  @Test
  @DisplayName("a plain file that changes under the read is read again until it stands still")
  void plainFileStandsStillAtLast() throws Exception {
    Path key = Files.writeString(directory.resolve("tls.key"), "0");
    Path chain = Files.writeString(directory.resolve("tls.crt"), "0");
    AtomicInteger reads = new AtomicInteger();

    FileContents contents =
        StableFiles.of(key, chain)
            .read(
                file -> {
                  int count = reads.incrementAndGet();
                  if (count <= 7) {
                    write(key, "" + count);
                    write(chain, "" + count);
                  }
                });

    assertThat(text(contents, key)).isEqualTo("7");
    assertThat(text(contents, chain)).isEqualTo("7");
  }

  @Test
  @DisplayName("a plain file that never stands still is an error, not a guess")
  void neverStill() throws Exception {
    Path file = Files.writeString(directory.resolve("a"), "0");
    AtomicInteger reads = new AtomicInteger();
    StableFiles files = StableFiles.of(file);

    assertThatThrownBy(() -> files.read(read -> write(file, "" + reads.incrementAndGet())))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessage(file + ": changed during each of 100 reads");
    assertThat(reads).hasValue(200);
  }

  @Test
  @DisplayName("a volume that loses the file says so, even in the middle of a read")
  void fileLeavesVolume() {
    KubeletVolume volume = new KubeletVolume(directory).write(Map.of("a", "x", "b", "x"));
    assertThatThrownBy(
            () ->
                StableFiles.of(volume.file("a"), volume.file("b"))
                    .read(file -> volume.write(Map.of("a", "y"))))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessage(volume.file("b") + ": does not exist: its directory holds a");
  }

  @Test
  @DisplayName("a missing file says what there is instead, and what to do")
  void missing() throws Exception {
    Path empty = Files.createDirectory(directory.resolve("empty"));
    Path mount = Files.createDirectory(directory.resolve("mount"));
    KubeletVolume volume = new KubeletVolume(mount).write(Map.of("root.crt", "x", "b", "y"));
    Path dangling = Files.createSymbolicLink(directory.resolve("link"), Path.of("nowhere"));

    assertProblem(volume.file("ca.crt"), "does not exist: its directory holds b, root.crt");
    assertProblem(empty.resolve("ca.crt"), "does not exist: its directory is empty");
    assertProblem(
        directory.resolve("none/ca.crt"),
        "does not exist, nor does its directory: is the volume mounted?");
    assertProblem(dangling, "does not exist: it is a symbolic link to nothing");
    assertThatThrownBy(
            () -> StableFiles.of(empty.resolve("a")).whenMissing("mount something").read())
        .hasMessageEndingWith("its directory is empty; mount something")
        .hasCauseInstanceOf(NoSuchFileException.class);
  }

  @Test
  @DisplayName("of a crowded directory only a few names are shown")
  void missingInCrowd() throws Exception {
    for (int i = 10; i < 30; i++) {
      Files.writeString(directory.resolve("f" + i), "");
    }
    assertProblem(
        directory.resolve("ca.crt"),
        "does not exist: its directory holds f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,"
            + " ...");
  }

  @Test
  @DisplayName("what is no regular file is refused without being opened")
  void notRegular() throws Exception {
    assertProblem(directory, "is a directory");
    Path pipe = directory.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    assertProblem(pipe, "is not a regular file");
  }

  @Test
  @DisplayName("4 MiB are read, one byte more is refused")
  void sizeLimit() throws Exception {
    Path largest = Files.write(directory.resolve("a"), new byte[StableFiles.LARGEST]);
    Path larger = Files.write(directory.resolve("b"), new byte[StableFiles.LARGEST + 1]);

    assertThat(StableFiles.of(largest).read().of(largest)).hasSize(4 * 1024 * 1024);
    assertProblem(larger, "is larger than 4 MiB");
  }

  @Test
  @DisplayName("a set exists if all of its files do")
  void exist() throws Exception {
    KubeletVolume volume = new KubeletVolume(directory).write(Map.of("a", "x"));
    Path missing = volume.file("b");

    assertThat(StableFiles.of(volume.file("a")).exist()).isTrue();
    assertThat(StableFiles.of(volume.file("a"), missing).exist()).isFalse();
    assertThat(StableFiles.of(volume.file("a"), missing).files())
        .containsExactly(volume.file("a"), missing);
  }

  @Test
  @DisplayName("a missing file's message has one advice, the one given")
  void oneAdvice() {
    Path file = directory.resolve("nowhere").resolve("ca.crt");
    assertThatThrownBy(() -> StableFiles.of(file).whenMissing("mount it").read())
        .hasMessage(file + ": does not exist, nor does its directory; mount it");
  }

  private static void assertProblem(Path file, String problem) {
    assertThatThrownBy(() -> StableFiles.of(file).read())
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessage(file + ": " + problem);
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(FileContents contents, Path file) {
    return new String(contents.of(file), UTF_8);
  }
}
