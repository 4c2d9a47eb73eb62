package io.podtls.files;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Replaces a set of files in a directory so that a reader sees the whole old set or the whole new
 * one, in the layout of the kubelet's volumes: {@code name -> ..data/name}, {@code ..data ->
 * ..2026_11_23_10_00_00.123}. One rename makes the whole difference, so a crash at any point leaves
 * one of the two sets, and leftovers that the next write removes.
 *
 * <p>Files have their permissions from the moment they are created, whatever the umask, and are on
 * disk (fsync) before anything points to them. Regular files that were there before are first taken
 * over as a set of their own and then replaced as a set, never one by one.
 *
 * <p>The directory belongs to one writer at a time; files of other names in it are left alone. It
 * needs a POSIX file system with symbolic links.
 *
 * <p><b>Thread safety:</b> safe for use by several threads.
 */
public final class VolumeWriter {

  private static final System.Logger LOG = System.getLogger("io.podtls");
  private static final String DATA = "..data";
  private static final String NEW_DATA = "..data_tmp";
  private static final String NEW_LINK = "..link_tmp";
  private static final Pattern VERSION = Pattern.compile("\\.\\.\\d{4}(_\\d{2}){5}\\.\\d+");
  private static final DateTimeFormatter VERSION_PREFIX =
      DateTimeFormatter.ofPattern("'..'uuuu_MM_dd_HH_mm_ss'.'").withZone(ZoneOffset.UTC);
  private static final Set<PosixFilePermission> DIRECTORY =
      PosixFilePermissions.fromString("rwxr-xr-x");

  /** Told after each change to the file system, so that a test can stop the world there. */
  @FunctionalInterface
  interface Observer {
    void changed(String what) throws IOException;
  }

  /**
   * What one file shall hold, and who may read it.
   *
   * <p><b>Thread safety:</b> immutable.
   */
  public static final class Content {
    private static final Set<PosixFilePermission> SECRET =
        PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OPEN =
        PosixFilePermissions.fromString("rw-r--r--");

    private final byte[] bytes;
    private final Set<PosixFilePermission> permissions;

    private Content(byte[] bytes, Set<PosixFilePermission> permissions) {
      this.bytes = bytes.clone();
      this.permissions = permissions;
    }

    /**
     * A file that only its owner may read (0600): keys.
     *
     * @param bytes what the file shall hold
     * @return the content
     */
    public static Content secret(byte[] bytes) {
      return new Content(bytes, SECRET);
    }

    /**
     * A file that everybody may read (0644): certificates.
     *
     * @param bytes what the file shall hold
     * @return the content
     */
    public static Content open(byte[] bytes) {
      return new Content(bytes, OPEN);
    }

    /** Shows the size and the permissions, no content. */
    @Override
    public String toString() {
      return bytes.length + " bytes " + PosixFilePermissions.toString(permissions);
    }
  }

  private final Path directory;
  private final InstantSource clock;
  private final Observer observer;

  VolumeWriter(Path directory, InstantSource clock, Observer observer) {
    this.directory = requireNonNull(directory, "directory");
    this.clock = clock;
    this.observer = observer;
  }

  /**
   * Names a directory; it is made by the first write if it is not there.
   *
   * @param directory the directory
   * @return its writer
   */
  public static VolumeWriter in(Path directory) {
    return new VolumeWriter(directory, Clock.systemUTC(), what -> {});
  }

  /**
   * Replaces the set. Names written earlier and not given now disappear.
   *
   * @param files the contents by name; a name is one path element that does not start with two dots
   * @return whether anything had to be written; false if the same set was there already
   * @throws IOException if the set could not be written or made durable; readers still see one
   *     whole set, the old one unless only the last step failed
   * @throws IllegalArgumentException if there is no file, or a name is not allowed
   */
  public synchronized boolean write(Map<String, Content> files) throws IOException {
    Map<String, Content> wanted = new TreeMap<>(files);
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException("files is empty");
    }
    wanted.keySet().forEach(VolumeWriter::checkName);

    Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(DIRECTORY));
    removeLeftovers();
    boolean current = isCurrent(wanted);
    if (!current) {
      replaceSet(wanted);
    }
    removeLinksExcept(wanted.keySet());
    return !current;
  }

  private void replaceSet(Map<String, Content> wanted) throws IOException {
    takeOver(wanted);
    for (String name : wanted.keySet()) {
      Path link = directory.resolve(name);
      if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
        // Dangling until the switch, which so makes all new names appear at once.
        Files.createSymbolicLink(link, Path.of(DATA, name));
        observer.changed("linked " + name);
      }
    }
    switchTo(wanted);
  }

  private static void checkName(String name) {
    if (name.isEmpty()
        || name.equals(".")
        || name.startsWith("..")
        || name.indexOf('/') >= 0
        || name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("files holds a name that is not allowed: " + name);
    }
  }

  /** Whether the current version and the links to it are already as wanted. */
  private boolean isCurrent(Map<String, Content> wanted) throws IOException {
    Path version = currentVersion();
    if (version == null || !namesIn(version).equals(wanted.keySet())) {
      return false;
    }
    for (Map.Entry<String, Content> entry : wanted.entrySet()) {
      Path file = version.resolve(entry.getKey());
      Content content = entry.getValue();
      if (!isOwnLink(directory.resolve(entry.getKey()))
          || Files.size(file) != content.bytes.length
          || !Files.getPosixFilePermissions(file).equals(content.permissions)
          || ByteBuffer.wrap(Files.readAllBytes(file)).compareTo(ByteBuffer.wrap(content.bytes))
              != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Turns files that others left under our names into links, without a moment in which a reader
   * could see something else than before: their contents become a version first.
   *
   * <p>Replaced one by one, a new certificate would for a moment stand beside the old key.
   */
  private void takeOver(Map<String, Content> wanted) throws IOException {
    List<String> foreign = new ArrayList<>();
    Map<String, Content> present = new LinkedHashMap<>();
    for (Map.Entry<String, Content> entry : wanted.entrySet()) {
      Path file = directory.resolve(entry.getKey());
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS) || isOwnLink(file)) {
        continue;
      }
      if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileSystemException(file.toString(), null, "is a directory, not a file");
      }
      foreign.add(entry.getKey());
      if (Files.isRegularFile(file)) {
        present.put(
            entry.getKey(), new Content(Files.readAllBytes(file), entry.getValue().permissions));
      }
    }
    if (foreign.isEmpty()) {
      return;
    }
    Path version = currentVersion();
    if (version != null) {
      for (String name : namesIn(version)) {
        Path file = version.resolve(name);
        if (!present.containsKey(name)) {
          present.put(
              name, new Content(Files.readAllBytes(file), Files.getPosixFilePermissions(file)));
        }
      }
    }
    switchTo(present);
    for (String name : foreign) {
      replace(NEW_LINK, Path.of(DATA, name), name);
    }
    sync(directory);
  }

  /**
   * Makes a new version and lets ..data name it: before the rename all is old, after it all is new.
   */
  private void switchTo(Map<String, Content> files) throws IOException {
    Path old = currentVersion();
    Path version = null;
    try {
      version =
          Files.createTempDirectory(
              directory,
              VERSION_PREFIX.format(clock.instant()),
              PosixFilePermissions.asFileAttribute(DIRECTORY));
      observer.changed("made a version");
      Files.setPosixFilePermissions(version, DIRECTORY);
      for (Map.Entry<String, Content> entry : files.entrySet()) {
        create(version.resolve(entry.getKey()), entry.getValue());
      }
      sync(version);
      sync(directory);
      replace(NEW_DATA, version.getFileName(), DATA);
    } catch (IOException e) {
      if (version != null) {
        abandon(version, e);
      }
      throw e;
    }
    sync(directory);
    if (old != null) {
      try {
        delete(old);
      } catch (IOException e) {
        // Nothing names it any more, and the next write tries again.
        LOG.log(Level.DEBUG, () -> "left behind: " + old, e);
      }
    }
  }

  private void create(Path file, Content content) throws IOException {
    // The mode goes into open(2): a umask can only take from it, and nobody gets in between.
    try (FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(content.permissions))) {
      observer.changed("created " + file.getFileName());
      ByteBuffer bytes = ByteBuffer.wrap(content.bytes);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    // Gives back what the umask took.
    Files.setPosixFilePermissions(file, content.permissions);
    observer.changed("wrote " + file.getFileName());
  }

  private void replace(String temporary, Path target, String name) throws IOException {
    Path link = directory.resolve(temporary);
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, target);
    observer.changed("made a link for " + name);
    Files.move(link, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    observer.changed("replaced " + name);
  }

  private void removeLinksExcept(Set<String> wanted) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (!wanted.contains(name) && isOwnLink(entry)) {
          Files.delete(entry);
          observer.changed("removed " + name);
        }
      }
    }
  }

  /** Removes what a crash left behind: versions that nothing names, links never renamed. */
  private void removeLeftovers() throws IOException {
    Path current = currentVersion();
    List<Path> leftovers = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "..*")) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.equals(NEW_DATA)
            || name.equals(NEW_LINK)
            || (VERSION.matcher(name).matches() && !entry.equals(current))) {
          leftovers.add(entry);
        }
      }
    }
    for (Path leftover : leftovers) {
      delete(leftover);
    }
  }

  private void delete(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      List<Path> entries = new ArrayList<>();
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(path)) {
        stream.forEach(entries::add);
      }
      for (Path entry : entries) {
        delete(entry);
      }
    }
    Files.delete(path);
    observer.changed("deleted " + path.getFileName());
  }

  private void abandon(Path version, IOException reason) {
    try {
      if (!version.equals(currentVersion())) {
        delete(version);
      }
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }

  /** Returns the directory that ..data names, or null if there is none of ours. */
  private @Nullable Path currentVersion() throws IOException {
    Path data = directory.resolve(DATA);
    if (!Files.isSymbolicLink(data)) {
      return null;
    }
    Path version = directory.resolve(Files.readSymbolicLink(data));
    return Files.isDirectory(version, LinkOption.NOFOLLOW_LINKS) ? version : null;
  }

  private static Set<String> namesIn(Path version) throws IOException {
    Set<String> names = new TreeSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(version)) {
      entries.forEach(entry -> names.add(entry.getFileName().toString()));
    }
    return names;
  }

  private static boolean isOwnLink(Path path) throws IOException {
    return Files.isSymbolicLink(path)
        && Files.readSymbolicLink(path).equals(Path.of(DATA).resolve(path.getFileName()));
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
