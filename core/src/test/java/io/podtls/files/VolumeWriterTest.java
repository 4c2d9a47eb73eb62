package io.podtls.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.files.VolumeWriter.Content;
import io.podtls.testing.KubeletVolume;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class VolumeWriterTest {

  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.parse("2026-11-23T10:00:00Z"));

  /** Memory where there is some: these tests sync thousands of times. */
  @TempDir(factory = InMemory.class)
  Path temporary;

  static final class InMemory implements TempDirFactory {
    @Override
    public Path createTempDirectory(
        AnnotatedElementContext elementContext, ExtensionContext extensionContext)
        throws IOException {
      Path memory = Path.of("/dev/shm");
      return Files.isWritable(memory)
          ? Files.createTempDirectory(memory, "podtls")
          : Files.createTempDirectory("podtls");
    }
  }

  /** The process dies here: nothing runs afterwards, no cleaning up either. */
  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;

    Crash(String what) {
      super(what, null, false, false);
    }
  }

  /** What a directory can look like before a write. */
  enum Before {
    ABSENT {
      @Override
      void prepare(Path directory) {}
    },
    EMPTY {
      @Override
      void prepare(Path directory) throws IOException {
        Files.createDirectory(directory);
      }
    },
    WRITTEN {
      @Override
      void prepare(Path directory) throws IOException {
        VolumeWriter.in(directory).write(pair("old"));
      }
    },
    WRITTEN_WITH_OTHER_NAMES {
      @Override
      void prepare(Path directory) throws IOException {
        VolumeWriter.in(directory).write(Map.of("ca.crt", Content.open(bytes("old"))));
      }
    },
    PLAIN_FILES_0644 {
      @Override
      void prepare(Path directory) throws IOException {
        Files.createDirectory(directory);
        for (String name : List.of("tls.crt", "tls.key")) {
          Files.writeString(directory.resolve(name), "old");
          Files.setPosixFilePermissions(
              directory.resolve(name), PosixFilePermissions.fromString("rw-r--r--"));
        }
      }
    },
    LINKS_TO_ELSEWHERE {
      @Override
      void prepare(Path directory) throws IOException {
        Files.createDirectory(directory);
        for (String name : List.of("tls.crt", "tls.key")) {
          Path target = Files.writeString(directory.resolveSibling("target-" + name), "old");
          Files.createSymbolicLink(directory.resolve(name), target);
        }
      }
    },
    KUBELET_VOLUME {
      @Override
      void prepare(Path directory) throws IOException {
        Files.createDirectory(directory);
        new KubeletVolume(directory).write(Map.of("tls.crt", "old", "tls.key", "old"));
      }
    };

    abstract void prepare(Path directory) throws IOException;
  }

  @Test
  @DisplayName("the layout is the kubelet's")
  void layout() throws Exception {
    Path directory = temporary.resolve("out");
    assertThat(new VolumeWriter(directory, CLOCK, what -> {}).write(pair("new"))).isTrue();

    assertThat(Files.readSymbolicLink(directory.resolve("tls.crt")))
        .isEqualTo(Path.of("..data/tls.crt"));
    assertThat(Files.readSymbolicLink(directory.resolve("..data")).toString())
        .matches("\\.\\.2026_11_23_10_00_00\\.\\d+");
    assertThat(names(directory)).hasSize(4);
    assertThat(permissions(directory.resolve("tls.key"))).isEqualTo("rw-------");
    assertThat(permissions(directory.resolve("tls.crt"))).isEqualTo("rw-r--r--");
    assertThat(permissions(directory.resolve("..data"))).isEqualTo("rwxr-xr-x");
    assertThat(permissions(directory)).isEqualTo("rwxr-xr-x");
  }

  @ParameterizedTest
  @EnumSource(Before.class)
  @DisplayName("a crash after any step leaves the whole old set or the whole new one")
  void crashAnywhere(Before before) throws Exception {
    int steps = countSteps(before);
    assertThat(steps).isGreaterThan(8);
    List<String> seen = new ArrayList<>();
    for (int last = 1; last <= steps; last++) {
      Path directory = fresh(before, last);
      String old = state(directory);
      AtomicInteger step = new AtomicInteger();
      int crashAt = last;
      VolumeWriter dying =
          new VolumeWriter(
              directory,
              CLOCK,
              what -> {
                // What others see at each moment on the way, not only at the last one.
                assertThat(state(directory)).as(what).isIn(old, "new new");
                if (step.incrementAndGet() == crashAt) {
                  throw new Crash(what);
                }
              });
      assertThatThrownBy(() -> dying.write(pair("new"))).isInstanceOf(Crash.class);
      String after = state(directory);
      assertThat(after).as("crash %d of %d", last, steps).isIn(old, "new new");
      seen.add(after);

      VolumeWriter.in(directory).write(pair("newer"));
      assertThat(state(directory)).isEqualTo("newer newer");
      assertNoLeftovers(directory);
    }
    // Both happen, and the change happens once.
    assertThat(seen).first().isNotEqualTo("new new");
    assertThat(seen).last().isEqualTo("new new");
    assertThat(seen.stream().distinct()).hasSize(2);
  }

  @ParameterizedTest
  @EnumSource(Before.class)
  @DisplayName("an error at any step is thrown and leaves a whole set, and the next write succeeds")
  void errorAnywhere(Before before) throws Exception {
    int steps = countSteps(before);
    for (int last = 1; last <= steps; last++) {
      Path directory = fresh(before, last);
      String old = state(directory);
      AtomicInteger step = new AtomicInteger();
      int failAt = last;
      AtomicBoolean deletion = new AtomicBoolean();
      VolumeWriter failing =
          new VolumeWriter(
              directory,
              CLOCK,
              what -> {
                if (step.incrementAndGet() == failAt) {
                  deletion.set(what.startsWith("deleted "));
                  throw new FileSystemException(what, null, "No space left on device");
                }
              });
      try {
        failing.write(pair("new"));
        // Only an old version that cannot be removed is not worth an error.
        assertThat(deletion).isTrue();
      } catch (FileSystemException expected) {
        assertThat(expected).hasMessageContaining("No space left on device");
      }
      assertThat(state(directory)).as("error %d of %d", last, steps).isIn(old, "new new");
      assertThat(VolumeWriter.in(directory).write(pair("newer"))).isTrue();
      assertThat(state(directory)).isEqualTo("newer newer");
      assertNoLeftovers(directory);
    }
  }

  @Test
  @DisplayName("an error before the switch leaves nothing behind, without another write")
  void errorCleansUp() throws Exception {
    Path directory = temporary.resolve("out");
    VolumeWriter.in(directory).write(pair("old"));
    List<String> before = names(directory);
    VolumeWriter failing =
        new VolumeWriter(
            directory,
            CLOCK,
            what -> {
              if (what.equals("wrote tls.key")) {
                throw new IOException("disk full");
              }
            });

    assertThatThrownBy(() -> failing.write(pair("new"))).hasMessage("disk full");

    assertThat(names(directory)).isEqualTo(before);
    assertThat(state(directory)).isEqualTo("old old");
  }

  @ParameterizedTest
  @EnumSource(Before.class)
  @DisplayName(
      "no file of a key ever exists with other permissions than 0600, even under umask 000")
  void neverWiderThanAsked(Before before) throws Exception {
    Path directory = fresh(before, 0);
    Process child = child("umask 000", "watch", directory);
    assertThat(output(child)).isEqualTo("done");
    assertThat(permissions(directory.resolve("tls.key"))).isEqualTo("rw-------");
    assertThat(permissions(directory.resolve("tls.crt"))).isEqualTo("rw-r--r--");
    assertThat(permissions(directory.resolve("..data"))).isEqualTo("rwxr-xr-x");
  }

  @Test
  @DisplayName("a tight umask takes nothing away")
  void tightUmask() throws Exception {
    Path directory = temporary.resolve("out");
    assertThat(output(child("umask 077", "watch", directory))).isEqualTo("done");
    assertThat(permissions(directory.resolve("tls.crt"))).isEqualTo("rw-r--r--");
    assertThat(permissions(directory.resolve("..data"))).isEqualTo("rwxr-xr-x");
  }

  @Test
  @DisplayName("a process that dies after any step leaves a whole set, which the next one replaces")
  void processDies() throws Exception {
    Before before = Before.PLAIN_FILES_0644;
    int steps = countSteps(before);
    for (int last = 1; last <= steps; last++) {
      Path directory = fresh(before, last);
      assertThat(output(child("umask 022", "halt:" + last, directory))).isEmpty();
      assertThat(state(directory)).isIn("old old", "new new");
      VolumeWriter.in(directory).write(pair("newer"));
      assertThat(state(directory)).isEqualTo("newer newer");
      assertNoLeftovers(directory);
    }
  }

  @Test
  @DisplayName("a reader never sees a mixed pair while the pair is replaced again and again")
  void readersDuringWrites() throws Exception {
    Path directory = temporary.resolve("out");
    VolumeWriter writer = VolumeWriter.in(directory);
    writer.write(pair("0"));
    Path chain = directory.resolve("tls.crt");
    Path key = directory.resolve("tls.key");
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger versions = new AtomicInteger();
    Thread writing =
        new Thread(
            () -> {
              try {
                while (!done.get()) {
                  writer.write(pair("" + versions.incrementAndGet()));
                }
              } catch (IOException e) {
                versions.set(Integer.MIN_VALUE);
              }
            });
    writing.start();
    try {
      do {
        FileContents contents = StableFiles.of(chain, key).read();
        assertThat(contents.of(chain)).isEqualTo(contents.of(key));
      } while (versions.get() < 100 && versions.get() >= 0);
    } finally {
      done.set(true);
      writing.join();
    }
    assertThat(versions.get()).isPositive();
  }

  @Test
  @DisplayName("the same set again changes nothing")
  void sameSetAgain() throws Exception {
    Path directory = temporary.resolve("out");
    VolumeWriter writer = VolumeWriter.in(directory);
    writer.write(pair("same"));
    List<String> before = names(directory);

    assertThat(writer.write(pair("same"))).isFalse();
    assertThat(names(directory)).isEqualTo(before);
    assertThat(writer.write(pair("other"))).isTrue();
  }

  @Test
  @DisplayName("permissions that another program loosened are a reason to write again")
  void loosenedPermissions() throws Exception {
    Path directory = temporary.resolve("out");
    VolumeWriter writer = VolumeWriter.in(directory);
    writer.write(pair("same"));
    Path key = directory.resolve("tls.key");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-rw-rw-"));

    assertThat(writer.write(pair("same"))).isTrue();
    assertThat(permissions(key)).isEqualTo("rw-------");
  }

  @Test
  @DisplayName("names no longer wanted disappear, files of others stay")
  void otherNames() throws Exception {
    Path directory = temporary.resolve("out");
    VolumeWriter writer = VolumeWriter.in(directory);
    writer.write(pair("old"));
    Files.writeString(directory.resolve("mine.txt"), "mine");
    Files.createDirectory(directory.resolve("..mine"));

    writer.write(Map.of("tls.key", Content.secret(bytes("new"))));

    assertThat(directory.resolve("tls.crt")).doesNotExist();
    assertThat(names(directory)).contains("mine.txt", "..mine", "tls.key").hasSize(5);
  }

  @Test
  @DisplayName("a file replaced by a link elsewhere is not written through")
  void doesNotWriteThroughLinks() throws Exception {
    Path directory = fresh(Before.LINKS_TO_ELSEWHERE, 0);
    VolumeWriter.in(directory).write(pair("new"));

    assertThat(state(directory)).isEqualTo("new new");
    assertThat(directory.resolveSibling("target-tls.key")).hasContent("old");
  }

  @ParameterizedTest
  @ValueSource(strings = {"absolute", "../data", "./data", "data", "..2026_11_23_10_00_00.1/sub"})
  @DisplayName("..data that names no version beside it is replaced, and its target left alone")
  void foreignDataLink(String target) throws Exception {
    Path directory = temporary.resolve("out");
    Path data = Files.createDirectories(temporary.resolve("data/sub"));
    Files.createDirectories(directory.resolve("data"));
    Files.createDirectories(directory.resolve("..2026_11_23_10_00_00.1/sub"));
    Path link = target.equals("absolute") ? data.getParent() : Path.of(target);
    Path precious = directory.resolve(link).resolve("precious");
    Files.writeString(precious, "precious");
    Files.createSymbolicLink(directory.resolve("..data"), link);

    VolumeWriter.in(directory).write(pair("new"));
    VolumeWriter.in(directory).write(pair("newer"));

    assertThat(state(directory)).isEqualTo("newer newer");
    assertThat(precious).hasContent("precious");
    assertThat(data).isDirectory();
  }

  @Test
  @DisplayName("a version that other users may write to is not ours")
  void versionOpenToOthers() throws Exception {
    Path directory = temporary.resolve("out");
    VolumeWriter writer = VolumeWriter.in(directory);
    writer.write(pair("old"));
    assertThat(writer.holdsOwnSet()).isTrue();
    Path version = directory.resolve("..data").toRealPath();
    Files.setPosixFilePermissions(version, PosixFilePermissions.fromString("rwxrwxr-x"));

    assertThat(writer.holdsOwnSet()).isFalse();
    assertThat(writer.write(pair("old"))).isTrue();
    assertThat(directory.resolve("..data").toRealPath()).isNotEqualTo(version);
    assertThat(writer.holdsOwnSet()).isTrue();
  }

  @Test
  @DisplayName("a set counts as ours only in a version that ..data names, of our form")
  void holdsOwnSet() throws Exception {
    Path directory = Files.createDirectory(temporary.resolve("out"));
    VolumeWriter writer = VolumeWriter.in(directory);
    assertThat(writer.holdsOwnSet()).isFalse();
    assertThat(names(directory)).isEmpty();
    Files.createDirectory(directory.resolve("..planted"));
    Files.createSymbolicLink(directory.resolve("..data"), Path.of("..planted"));
    assertThat(writer.holdsOwnSet()).isFalse();
    Files.delete(directory.resolve("..data"));
    new KubeletVolume(directory).write(Map.of("tls.crt", "old"));
    assertThat(writer.holdsOwnSet()).isTrue();
    assertThat(VolumeWriter.in(temporary.resolve("absent")).holdsOwnSet()).isFalse();
  }

  @Test
  @DisplayName("a link under the name of a file is never copied, and a file only with its mode")
  void nothingIsWidened() throws Exception {
    Path directory = Files.createDirectory(temporary.resolve("out"));
    Path secret = Files.writeString(directory.resolve("secret"), "secret");
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    Files.createSymbolicLink(directory.resolve("tls.crt"), Path.of("secret"));
    Path closed = Files.writeString(directory.resolve("ca.crt"), "closed");
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rw-------"));
    List<String> copies = new ArrayList<>();
    VolumeWriter writer =
        new VolumeWriter(
            directory,
            CLOCK,
            what -> {
              // What the versions hold at each moment besides the new files.
              try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.filter(VolumeWriterTest::isRegular).toList()) {
                  String content = Files.readString(file);
                  if (content.equals("secret") || content.equals("closed")) {
                    copies.add(content + " " + permissions(file));
                  }
                }
              }
            });

    writer.write(
        Map.of("tls.crt", Content.open(bytes("new")), "ca.crt", Content.open(bytes("new"))));

    assertThat(copies)
        .contains("closed rw-------")
        .containsOnly("secret rw-------", "closed rw-------");
    assertThat(Files.readString(secret)).isEqualTo("secret");
    assertThat(directory.resolve("tls.crt")).hasContent("new");
    assertThat(permissions(directory.resolve("tls.crt"))).isEqualTo("rw-r--r--");
  }

  private static boolean isRegular(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  @Test
  @DisplayName("a leftover version is deleted without following a link in it")
  void leftoversAreDeletedFlat() throws Exception {
    Path directory = temporary.resolve("out");
    Path data = Files.createDirectories(temporary.resolve("data"));
    Files.writeString(data.resolve("precious"), "precious");
    Path leftover = Files.createDirectories(directory.resolve("..2026_11_23_09_00_00.7"));
    Files.createSymbolicLink(leftover.resolve("tls.key"), data);
    Path link = directory.resolve("..2026_11_23_09_00_00.8");
    Files.createSymbolicLink(link, data);

    VolumeWriter.in(directory).write(pair("new"));

    assertThat(leftover).doesNotExist();
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(data.resolve("precious")).hasContent("precious");
  }

  @Test
  @DisplayName(
      "a directory that is a link, and a file system without POSIX permissions, are errors")
  void unusableDirectories() throws Exception {
    Path target = Files.createDirectory(temporary.resolve("target"));
    Path link = Files.createSymbolicLink(temporary.resolve("link"), target);
    assertThatThrownBy(() -> VolumeWriter.in(link).write(pair("new")))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(link + ": is a symbolic link; name the directory itself");
    assertThat(target).isEmptyDirectory();

    Path zip = temporary.resolve("files.zip");
    try (FileSystem noPosix = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
      assertThatThrownBy(() -> VolumeWriter.in(noPosix.getPath("/out")))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("/out is on a file system without POSIX permissions");
    }
  }

  @Test
  @DisplayName("a directory in the way is an error that names it, and nothing changes")
  void directoryInTheWay() throws Exception {
    Path directory = temporary.resolve("out");
    Files.createDirectories(directory.resolve("tls.key"));

    assertThatThrownBy(() -> VolumeWriter.in(directory).write(pair("new")))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(directory.resolve("tls.key") + ": is a directory, not a file");
    assertThat(names(directory)).containsExactly("tls.key");
  }

  @Test
  @DisplayName("a place where nothing can be written is an error")
  void notWritable() throws Exception {
    Path file = Files.writeString(temporary.resolve("file"), "");
    assertThatThrownBy(() -> VolumeWriter.in(file).write(pair("new")))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> VolumeWriter.in(Path.of("/proc/self/none")).write(pair("new")))
        .isInstanceOf(IOException.class);
  }

  @Test
  @DisplayName("names that would leave the directory or hide in it are the caller's bug")
  void namesNotAllowed() {
    VolumeWriter writer = VolumeWriter.in(temporary);
    for (String name : List.of("", ".", "..", "..data", "a/b", "/a", "a\0b")) {
      assertThatThrownBy(() -> writer.write(Map.of(name, Content.open(bytes("x")))))
          .as(name)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("files holds a name that is not allowed");
    }
    assertThatThrownBy(() -> writer.write(Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("files is empty");
  }

  @Test
  @DisplayName("a content shows size and permissions only")
  void contentShowsNothing() {
    assertThat(Content.secret(bytes("secret"))).hasToString("6 bytes rw-------");
  }

  /**
   * Runs in a child process: writes the pair "new", and dies or looks at permissions on the way.
   */
  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[1]);
    AtomicInteger step = new AtomicInteger();
    String halt = arguments[0].startsWith("halt:") ? arguments[0].substring(5) : "";
    new VolumeWriter(
            directory,
            CLOCK,
            what -> {
              if (halt.equals("" + step.incrementAndGet())) {
                Runtime.getRuntime().halt(1);
              }
              if (arguments[0].equals("watch")) {
                assertKeysPrivate(directory);
              }
            })
        .write(pair("new"));
    System.out.print("done");
  }

  private static void assertKeysPrivate(Path directory) throws IOException {
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : tree.filter(path -> path.endsWith("tls.key") && isRegular(path)).toList()) {
        // What was there before us is not ours until it is replaced.
        Path version = path.getParent();
        boolean ours = !version.equals(directory) && !version.toString().endsWith(".000000001");
        if (ours && !permissions(path).equals("rw-------")) {
          throw new IOException(path + " is " + permissions(path));
        }
      }
    }
  }

  private static Process child(String umask, String mode, Path directory) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return new ProcessBuilder(
            "sh",
            "-c",
            umask + "; exec \"$@\"",
            "sh",
            java,
            "-Xshare:auto",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            VolumeWriterTest.class.getName(),
            mode,
            directory.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static String output(Process process) throws Exception {
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return output;
  }

  private int countSteps(Before before) throws IOException {
    AtomicInteger steps = new AtomicInteger();
    new VolumeWriter(fresh(before, -1), CLOCK, what -> steps.incrementAndGet()).write(pair("new"));
    return steps.get();
  }

  private Path fresh(Before before, int number) throws IOException {
    Path parent = Files.createDirectory(temporary.resolve(before + "-" + number));
    Path directory = parent.resolve("out");
    before.prepare(directory);
    return directory;
  }

  /** The pair as a reader sees it. */
  private static String state(Path directory) {
    Path chain = directory.resolve("tls.crt");
    Path key = directory.resolve("tls.key");
    try {
      FileContents contents = StableFiles.of(chain, key).read();
      return new String(contents.of(chain), UTF_8) + " " + new String(contents.of(key), UTF_8);
    } catch (InvalidMaterialException e) {
      // Both missing is the only other thing that may be seen.
      assertThat(Files.exists(chain)).isFalse();
      assertThat(Files.exists(key)).isFalse();
      return "missing";
    }
  }

  private static void assertNoLeftovers(Path directory) throws IOException {
    List<String> names = names(directory);
    assertThat(names).hasSize(4).contains("..data", "tls.crt", "tls.key");
    assertThat(permissions(directory.resolve("tls.key"))).isEqualTo("rw-------");
    assertThat(Files.isSymbolicLink(directory.resolve("tls.key"))).isTrue();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  private static String permissions(Path path) throws IOException {
    assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isTrue();
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static Map<String, Content> pair(String content) {
    return Map.of(
        "tls.crt", Content.open(bytes(content)), "tls.key", Content.secret(bytes(content)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
