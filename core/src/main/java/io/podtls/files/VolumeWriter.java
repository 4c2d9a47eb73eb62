package io.podtls.files;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Clock;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
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
 * <p>The directory belongs to one writer at a time; files of other names in it are left alone. A
 * container that shares the volume may put anything into it, so nothing in it is trusted for its
 * name: {@code ..data} counts only if it names a directory beside it, of the form above, that
 * belongs to this process's user and that no other user may write to. No link is followed to read,
 * to delete or to change permissions, and no file is copied to one that more users may read.
 *
 * <p>Needs a file system with POSIX permissions and symbolic links, as on Linux and macOS.
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
  private static final Set<PosixFilePermission> OTHERS_WRITE =
      PosixFilePermissions.fromString("----w--w-");

  /** Called after each change to the file system, so that a test can stop the world there. */
  @FunctionalInterface
  interface Observer {
    void changed(String what) throws IOException;
  }

  /**
   * The bytes of one file, and who may read it.
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
     * @param bytes the bytes of the file, copied
     * @return the content
     */
    public static Content secret(byte[] bytes) {
      return new Content(bytes, SECRET);
    }

    /**
     * A file that every user may read (0644): certificates.
     *
     * @param bytes the bytes of the file, copied
     * @return the content
     */
    public static Content open(byte[] bytes) {
      return new Content(bytes, OPEN);
    }

    /** The same for no more users than these permissions allow. */
    private Content limitedTo(Set<PosixFilePermission> most) {
      Set<PosixFilePermission> limited = EnumSet.copyOf(most);
      limited.retainAll(permissions);
      return new Content(bytes, limited);
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
  private @Nullable UserPrincipal user;

  VolumeWriter(Path directory, InstantSource clock, Observer observer) {
    this.directory = requireNonNull(directory, "directory");
    if (!directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      throw new UnsupportedOperationException(
          directory
              + " is on a file system without POSIX permissions, as on Windows: keys cannot be"
              + " written there so that only their owner reads them; keepingIn and publishingTo"
              + " need Linux or macOS");
    }
    this.clock = clock;
    this.observer = observer;
  }

  /**
   * Returns a writer for a directory, which the first write makes if it is not there.
   *
   * @param directory the directory
   * @return its writer
   * @throws UnsupportedOperationException if its file system has no POSIX permissions, as on
   *     Windows
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
   *     whole set, the old one unless only the last step failed; also if the directory is a
   *     symbolic link, or belongs to another user who is not root
   * @throws IllegalArgumentException if there is no file, or a name is not allowed
   */
  public synchronized boolean write(Map<String, Content> files) throws IOException {
    Map<String, Content> wanted = new TreeMap<>(files);
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException("files is empty");
    }
    wanted.keySet().forEach(VolumeWriter::checkName);

    Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(DIRECTORY));
    checkDirectory();
    removeLeftovers();
    boolean current = isCurrent(wanted);
    if (!current) {
      replaceSet(wanted);
    }
    removeLinksExcept(wanted.keySet());
    return !current;
  }

  /**
   * Returns whether the directory holds a set that this process's user wrote and no other user
   * could have put there.
   *
   * @return whether it does; false if there is none
   * @throws IOException if that cannot be found out
   */
  public synchronized boolean holdsOwnSet() throws IOException {
    return Files.isSymbolicLink(directory.resolve(DATA)) && currentVersion() != null;
  }

  private void checkDirectory() throws IOException {
    if (Files.isSymbolicLink(directory)) {
      throw new FileSystemException(
          directory.toString(), null, "is a symbolic link; name the directory itself");
    }
    UserPrincipal owner = Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS);
    if (!owner.equals(user()) && !owner.getName().equals("root")) {
      throw new FileSystemException(
          directory.toString(),
          null,
          "belongs to "
              + owner.getName()
              + ", who could replace what is written there; let it belong to "
              + user().getName()
              + " or root");
    }
  }

  /** This process's user as the file system sees it: the owner of what the process creates. */
  private UserPrincipal user() throws IOException {
    UserPrincipal known = user;
    if (known == null) {
      Path probe = createVersion();
      try {
        known = Files.getOwner(probe, LinkOption.NOFOLLOW_LINKS);
      } finally {
        Files.delete(probe);
      }
      user = known;
    }
    return known;
  }

  private Path createVersion() throws IOException {
    return Files.createTempDirectory(
        directory,
        VERSION_PREFIX.format(clock.instant()),
        PosixFilePermissions.asFileAttribute(DIRECTORY));
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
    switchTo(wanted, Map.of());
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
      if (!isOwnLink(directory.resolve(entry.getKey())) || !isRegular(file)) {
        return false;
      }
      Content present = read(file);
      if (!present.permissions.equals(content.permissions)
          || !Arrays.equals(present.bytes, content.bytes)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Turns files that another program left under our names into links, without a moment in which a
   * reader could see something else than before: their contents become a version first.
   *
   * <p>Replaced one by one, a new certificate would for a moment stand beside the old key.
   */
  private void takeOver(Map<String, Content> wanted) throws IOException {
    List<String> foreign = new ArrayList<>();
    Map<String, Content> present = new LinkedHashMap<>();
    Map<String, Path> links = new LinkedHashMap<>();
    for (Map.Entry<String, Content> entry : wanted.entrySet()) {
      String name = entry.getKey();
      Path file = directory.resolve(name);
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS) || isOwnLink(file)) {
        continue;
      }
      if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileSystemException(file.toString(), null, "is a directory, not a file");
      }
      foreign.add(name);
      if (isRegular(file)) {
        present.put(name, read(file).limitedTo(entry.getValue().permissions));
      } else if (Files.isSymbolicLink(file)) {
        // Readers go on seeing what they saw, and nothing is copied.
        links.put(name, Path.of("..").resolve(Files.readSymbolicLink(file)));
      }
    }
    if (foreign.isEmpty()) {
      return;
    }
    Path version = currentVersion();
    if (version != null) {
      for (String name : namesIn(version)) {
        Path file = version.resolve(name);
        if (present.containsKey(name) || links.containsKey(name)) {
          continue;
        }
        if (isRegular(file)) {
          present.put(name, read(file));
        } else if (Files.isSymbolicLink(file)) {
          links.put(name, Files.readSymbolicLink(file));
        }
      }
    }
    switchTo(present, links);
    for (String name : foreign) {
      replace(NEW_LINK, Path.of(DATA, name), name);
    }
    sync(directory);
  }

  private static boolean isRegular(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** What a file holds, and its permissions, unless it is a link. */
  private static Content read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = in.readNBytes(StableFiles.LARGEST + 1);
      if (bytes.length > StableFiles.LARGEST) {
        throw new FileSystemException(
            file.toString(), null, "is larger than " + (StableFiles.LARGEST >> 20) + " MiB");
      }
      return new Content(bytes, Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
    }
  }

  /**
   * Makes a new version and lets ..data name it: before the rename all is old, after it all is new.
   */
  private void switchTo(Map<String, Content> files, Map<String, Path> links) throws IOException {
    Path old = currentVersion();
    Path version = null;
    try {
      version = createVersion();
      observer.changed("made a version");
      setPermissions(version, DIRECTORY);
      for (Map.Entry<String, Content> entry : files.entrySet()) {
        create(version.resolve(entry.getKey()), entry.getValue());
      }
      for (Map.Entry<String, Path> link : links.entrySet()) {
        Files.createSymbolicLink(version.resolve(link.getKey()), link.getValue());
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
      deleteOrLeave(old);
    }
  }

  private void create(Path file, Content content) throws IOException {
    // The mode goes into open(2): a umask can only take from it, and there is no moment before.
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
    setPermissions(file, content.permissions);
    observer.changed("wrote " + file.getFileName());
  }

  private static void setPermissions(Path path, Set<PosixFilePermission> permissions)
      throws IOException {
    PosixFileAttributeView view =
        Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    view.setPermissions(permissions);
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
    List<Path> versions = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "..*")) {
      for (Path entry : entries) {
        if (isOwnVersion(entry) && !entry.equals(current)) {
          versions.add(entry);
        }
      }
    }
    for (Path version : versions) {
      deleteOrLeave(version);
    }
    for (String name : List.of(NEW_DATA, NEW_LINK)) {
      if (Files.deleteIfExists(directory.resolve(name))) {
        observer.changed("deleted " + name);
      }
    }
  }

  private void deleteOrLeave(Path version) {
    try {
      delete(version);
    } catch (IOException e) {
      // Nothing names it any more, and the next write tries again.
      LOG.log(Level.DEBUG, () -> "left behind: " + version, e);
    }
  }

  /** Deletes a version and the files in it; a directory in it is not ours, and an error. */
  private void delete(Path version) throws IOException {
    Path name = version.getFileName();
    try (DirectoryStream<Path> parent = Files.newDirectoryStream(directory)) {
      if (parent instanceof SecureDirectoryStream<Path> secure) {
        // Relative to open directories: a link put in their place meanwhile leads nowhere else.
        try (SecureDirectoryStream<Path> entries =
            secure.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
          for (Path entry : entries) {
            entries.deleteFile(entry.getFileName());
            observer.changed("deleted " + entry.getFileName());
          }
        }
        secure.deleteDirectory(name);
      } else {
        for (String entry : namesIn(version)) {
          Files.delete(version.resolve(entry));
          observer.changed("deleted " + entry);
        }
        Files.delete(version);
      }
    }
    observer.changed("deleted " + name);
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

  /** Returns the version that ..data names, or null if that is none of ours. */
  private @Nullable Path currentVersion() throws IOException {
    Path data = directory.resolve(DATA);
    if (!Files.isSymbolicLink(data)) {
      return null;
    }
    Path target = Files.readSymbolicLink(data);
    if (target.isAbsolute() || target.getNameCount() != 1) {
      return null;
    }
    Path version = directory.resolve(target);
    return isOwnVersion(version) ? version : null;
  }

  private boolean isOwnVersion(Path version) throws IOException {
    if (!VERSION.matcher(version.getFileName().toString()).matches()
        || !Files.isDirectory(version, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    PosixFileAttributes attributes =
        Files.readAttributes(version, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return attributes.owner().equals(user())
        && Collections.disjoint(attributes.permissions(), OTHERS_WRITE);
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
