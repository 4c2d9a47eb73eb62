package io.podtls.files;

import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidMaterialException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A set of files that another program replaces, read so that all of them belong together.
 *
 * <p>In a Kubernetes volume ({@code ca.crt -> ..data/ca.crt}, {@code ..data -> ..2026_11_23...})
 * all files are read from the one directory that {@code ..data} names, and only count if it still
 * names that directory afterwards. Other files are read again until two reads in a row are equal in
 * content, modification time and file key. This usually, but not always, detects a file that is
 * being written. Callers keep the previous content if the new content cannot be parsed.
 *
 * <p>Files are at most {@link #LARGEST} bytes; nothing but a regular file is opened.
 *
 * <p><b>Thread safety:</b> immutable; each {@link #read()} is independent of the others.
 */
public final class StableFiles {

  /** The largest file read, in bytes: 4 MiB, four times what a ConfigMap or Secret can hold. */
  public static final int LARGEST = 4 << 20;

  private static final int ATTEMPTS = 100;
  private static final int MOST_LINKS = 40;
  private static final int MOST_NAMES = 10;
  private static final Path DATA = Path.of("..data");

  private final List<Path> files;
  private final String advice;

  private StableFiles(List<Path> files, String advice) {
    this.files = files;
    this.advice = advice;
  }

  /**
   * Returns a set of files, none of which needs to exist yet.
   *
   * @param first a file
   * @param others the files that belong to it
   * @return the set
   */
  public static StableFiles of(Path first, Path... others) {
    List<Path> files = new ArrayList<>();
    files.add(requireNonNull(first, "first"));
    for (Path other : others) {
      files.add(requireNonNull(other, "others"));
    }
    return new StableFiles(List.copyOf(files), "");
  }

  /**
   * Returns the same set with advice for a missing file.
   *
   * @param advice what to do about a missing file, put at the end of the message
   * @return the set
   */
  public StableFiles whenMissing(String advice) {
    return new StableFiles(files, "; " + advice);
  }

  /**
   * Returns the files.
   *
   * @return at least one, in the order given
   */
  public List<Path> files() {
    return files;
  }

  /**
   * Returns whether all of them are there at the moment, through their symbolic links.
   *
   * @return whether they are
   */
  public boolean exist() {
    return files.stream().allMatch(Files::exists);
  }

  /**
   * Returns a warning for each file that can never change where it is mounted.
   *
   * @return one sentence per such file, or none
   */
  public List<String> warnings() {
    return warnings(MountTable.ofThisProcess());
  }

  List<String> warnings(MountTable mounts) {
    return files.stream().map(mounts::frozen).flatMap(Optional::stream).toList();
  }

  /**
   * Reads all files as they were at one moment.
   *
   * @return the contents
   * @throws InvalidMaterialException if a file is missing, unreadable, no regular file or too
   *     large, or if the files kept changing
   */
  public FileContents read() {
    return read(file -> {});
  }

  /**
   * Reads, and calls the observer after each file, so that a test can change something just then.
   */
  FileContents read(Consumer<Path> observer) {
    InvalidMaterialException last = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Map<Path, Location> before = locate();
      try {
        Map<Path, Read> reads = readAll(before, observer);
        // Files in a volume directory never change; other files are read twice and compared.
        boolean still =
            before.values().stream().allMatch(Location::inVolume)
                || reads.equals(readAll(before, observer));
        if (still && before.equals(locate())) {
          Map<Path, ByteBuffer> contents = new LinkedHashMap<>();
          reads.forEach((file, read) -> contents.put(file, read.content()));
          return new FileContents(contents);
        }
        last = null;
      } catch (InvalidMaterialException e) {
        // A swap deletes the directory being read: an error counts if ..data stayed where it was.
        if (before.equals(locate())) {
          throw e;
        }
        last = e;
      }
    }
    throw last != null
        ? last
        : new InvalidMaterialException(
            files.stream().map(Path::toString).collect(Collectors.joining(", ")),
            "changed during each of " + ATTEMPTS + " reads",
            null);
  }

  private Map<Path, Location> locate() {
    Map<Path, Location> locations = new LinkedHashMap<>();
    for (Path file : files) {
      locations.put(file, Location.of(file));
    }
    return locations;
  }

  private Map<Path, Read> readAll(Map<Path, Location> locations, Consumer<Path> observer) {
    Map<Path, Read> reads = new LinkedHashMap<>();
    locations.forEach(
        (file, location) -> {
          reads.put(file, Read.of(file, location.physical(), advice));
          observer.accept(file);
        });
    return reads;
  }

  /**
   * Where the bytes of a file lie now.
   *
   * @param physical the path with {@code ..data} and the file's own links replaced by what they
   *     point to
   * @param inVolume whether that path goes through a {@code ..data}
   */
  private record Location(Path physical, boolean inVolume) {

    // Spelled out here and below: a record's own equals takes tens of milliseconds in a fresh JVM.

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Location that
          && inVolume == that.inVolume
          && physical.equals(that.physical);
    }

    @Override
    public int hashCode() {
      return physical.hashCode();
    }

    static Location of(Path file) {
      Path path = file.toAbsolutePath().normalize();
      for (int links = 0; links < MOST_LINKS; links++) {
        Path throughData = throughData(path);
        if (throughData != null) {
          return new Location(throughData, true);
        }
        Path target = linkTarget(path);
        if (target == null) {
          return new Location(path, false);
        }
        path = path.resolveSibling(target).normalize();
      }
      return new Location(path, false);
    }

    /** Returns the path inside the directory that the nearest ..data names, or null. */
    private static @Nullable Path throughData(Path path) {
      for (Path root = path.getParent(); root != null; root = root.getParent()) {
        Path directory = linkTarget(root.resolve(DATA));
        if (directory == null) {
          continue;
        }
        Path inside = root.relativize(path);
        Path name = linkTarget(root.resolve(inside.getName(0)));
        if (name == null || !name.startsWith(DATA)) {
          // A file beside the volume's own ones, or one mounted over them.
          return null;
        }
        Path target = DATA.relativize(name);
        Path rest =
            inside.getNameCount() == 1
                ? target
                : target.resolve(inside.subpath(1, inside.getNameCount()));
        return root.resolve(directory).resolve(rest).normalize();
      }
      return null;
    }

    private static @Nullable Path linkTarget(Path path) {
      try {
        return Files.isSymbolicLink(path) ? Files.readSymbolicLink(path) : null;
      } catch (IOException e) {
        return null;
      }
    }
  }

  /** One read of one file; equal to another if no change of the file can be seen between them. */
  private record Read(ByteBuffer content, FileTime modified, @Nullable Object key) {

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Read that
          && content.equals(that.content)
          && modified.equals(that.modified)
          && Objects.equals(key, that.key);
    }

    @Override
    public int hashCode() {
      return content.hashCode();
    }

    static Read of(Path file, Path physical, String advice) {
      try {
        BasicFileAttributes attributes = Files.readAttributes(physical, BasicFileAttributes.class);
        if (attributes.isDirectory()) {
          throw new InvalidMaterialException(file.toString(), "is a directory", null);
        }
        if (attributes.isOther()) {
          throw new InvalidMaterialException(file.toString(), "is not a regular file", null);
        }
        byte[] content;
        try (InputStream in = Files.newInputStream(physical)) {
          content = in.readNBytes(LARGEST + 1);
        }
        if (content.length > LARGEST) {
          throw new InvalidMaterialException(
              file.toString(), "is larger than " + (LARGEST >> 20) + " MiB", null);
        }
        return new Read(
            ByteBuffer.wrap(content), attributes.lastModifiedTime(), attributes.fileKey());
      } catch (NoSuchFileException e) {
        throw new InvalidMaterialException(file.toString(), missing(file, advice) + advice, e);
      } catch (AccessDeniedException e) {
        throw new InvalidMaterialException(file.toString(), "cannot be read: permission denied", e);
      } catch (IOException e) {
        throw new InvalidMaterialException(file.toString(), "cannot be read: " + e.getMessage(), e);
      }
    }
  }

  private static String missing(Path file, String advice) {
    Path directory = file.toAbsolutePath().getParent();
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return "does not exist: it is a symbolic link to nothing";
    }
    if (directory == null || !Files.exists(directory)) {
      return "does not exist, nor does its directory"
          + (advice.isEmpty() ? ": is the volume mounted?" : "");
    }
    try (Stream<Path> siblings = Files.list(directory)) {
      List<String> names =
          siblings
              .map(sibling -> sibling.getFileName().toString())
              .filter(name -> !name.startsWith(".."))
              .sorted()
              .limit(MOST_NAMES + 1L)
              .toList();
      if (names.isEmpty()) {
        return "does not exist: its directory is empty";
      }
      return "does not exist: its directory holds "
          + String.join(", ", names.subList(0, Math.min(names.size(), MOST_NAMES)))
          + (names.size() > MOST_NAMES ? ", ..." : "");
    } catch (IOException e) {
      return "does not exist";
    }
  }
}
