package io.podtls.controlplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A folder laid out as a kubelet lays out a projected volume: the files are symbolic links through
 * {@code ..data} to a folder with the time in its name, and an update swaps that one link.
 *
 * <p>Thread safety: one writer; readers see one set of files or the next, as in a pod.
 */
public final class ProjectedVolume {
  private static final DateTimeFormatter NAME =
      DateTimeFormatter.ofPattern("'..'yyyy_MM_dd_HH_mm_ss.nnnnnnnnn").withZone(ZoneOffset.UTC);

  private final Path folder;

  private ProjectedVolume(Path folder) {
    this.folder = folder;
  }

  /** The volume at this folder, which is created if it is not there. */
  public static ProjectedVolume at(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new ProjectedVolume(folder);
  }

  /** Where it is. */
  public Path folder() {
    return folder;
  }

  /** Replaces the content by these files, all at once. */
  public void write(Map<String, String> files) {
    try {
      Path data = folder.resolve("..data");
      Path before = Files.exists(data) ? data.toRealPath() : null;
      Path after = Files.createDirectory(folder.resolve(NAME.format(Instant.now())));
      for (Map.Entry<String, String> file : files.entrySet()) {
        Files.writeString(after.resolve(file.getKey()), file.getValue(), StandardCharsets.UTF_8);
      }
      Path link = folder.resolve("..data_tmp");
      Files.createSymbolicLink(link, after.getFileName());
      Files.move(link, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      for (String name : files.keySet()) {
        Path visible = folder.resolve(name);
        if (!Files.exists(visible, LinkOption.NOFOLLOW_LINKS)) {
          Files.createSymbolicLink(visible, Path.of("..data", name));
        }
      }
      try (Stream<Path> entries = Files.list(folder)) {
        for (Path entry : entries.toList()) {
          String name = entry.getFileName().toString();
          if (!name.startsWith("..") && !files.containsKey(name)) {
            Files.delete(entry);
          }
        }
      }
      if (before != null) {
        deleteTree(before);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteTree(Path tree) throws IOException {
    try (Stream<Path> entries = Files.walk(tree)) {
      for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(entry);
      }
    }
  }
}
