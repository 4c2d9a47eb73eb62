package io.podtls.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A volume in the layout of the kubelet's AtomicWriter: one directory per version, the link {@code
 * ..data} renamed to point to the new one, the old directory deleted at once.
 *
 * <p><b>Thread safety:</b> not safe for writers; readers may read at any moment.
 */
public final class KubeletVolume {

  private final Path directory;
  private int versions;

  /**
   * Makes a volume without files.
   *
   * @param directory an empty directory that exists
   */
  public KubeletVolume(Path directory) {
    this.directory = directory;
  }

  /** Returns the path at which a pod sees the file. */
  public Path file(String name) {
    return directory.resolve(name);
  }

  /**
   * Replaces all files, as one change.
   *
   * @param files the contents by name, which may have one directory in it ({@code sub/ca.crt})
   * @return this volume
   */
  public KubeletVolume write(Map<String, String> files) {
    try {
      Path data = directory.resolve("..data");
      Path old =
          Files.isSymbolicLink(data) ? directory.resolve(Files.readSymbolicLink(data)) : null;
      Path version;
      do {
        version = directory.resolve("..2026_11_23_10_00_00." + String.format("%09d", ++versions));
      } while (Files.exists(version));
      Files.createDirectories(version);
      for (Map.Entry<String, String> file : files.entrySet()) {
        Path target = version.resolve(file.getKey());
        Files.createDirectories(target.getParent());
        Files.writeString(target, file.getValue());
      }
      Path link = directory.resolve("..data_tmp");
      Files.createSymbolicLink(link, version.getFileName());
      Files.move(link, data, StandardCopyOption.ATOMIC_MOVE);
      for (String name : files.keySet()) {
        Path first = Path.of(name).getName(0);
        if (!Files.exists(directory.resolve(first), LinkOption.NOFOLLOW_LINKS)) {
          Files.createSymbolicLink(directory.resolve(first), Path.of("..data").resolve(first));
        }
      }
      removeLinksToNothing();
      if (old != null) {
        deleteAll(old);
      }
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void removeLinksToNothing() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : entries.toList()) {
        if (Files.isSymbolicLink(entry) && !Files.exists(entry)) {
          Files.delete(entry);
        }
      }
    }
  }

  private static void deleteAll(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
