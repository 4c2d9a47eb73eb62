package io.podtls.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The mounts that this process sees, from {@code /proc/self/mountinfo} (proc(5)), to find files
 * that are mounted so that their replacement will never be seen.
 *
 * <p>A best guess with two grounds. A mount point that is the file itself is what {@code subPath}
 * makes of a file (and a hostPath of type File): it stays with the file that was there at the
 * start, whatever takes its name later. And a mount whose root lies in a directory named like
 * {@code ..2026_11_23_10_00_00.123} is a {@code subPath} that names a directory of a volume: it
 * stays with that version. On a system without such a table there are no warnings.
 *
 * <p><b>Thread safety:</b> immutable.
 */
final class MountTable {

  private static final Path OF_THIS_PROCESS = Path.of("/proc/self/mountinfo");
  private static final Pattern VERSION = Pattern.compile("/\\.\\.\\d{4}(_\\d{2}){5}\\.[^/]*");

  private record Mount(String root, Path point) {}

  private final List<Mount> mounts;

  private MountTable(List<Mount> mounts) {
    this.mounts = mounts;
  }

  static MountTable ofThisProcess() {
    return read(OF_THIS_PROCESS);
  }

  /** Reads a file in the format of mountinfo; one that cannot be read has no mounts. */
  static MountTable read(Path mountinfo) {
    List<Mount> mounts = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(mountinfo, StandardCharsets.ISO_8859_1)) {
        String[] fields = line.split(" ", 6);
        if (fields.length > 4) {
          mounts.add(new Mount(unescaped(fields[3]), Path.of(unescaped(fields[4]))));
        }
      }
    } catch (IOException | RuntimeException e) {
      return new MountTable(List.of());
    }
    return new MountTable(mounts);
  }

  /** Returns a warning if the file will not follow changes, or nothing. */
  Optional<String> frozen(Path file) {
    Path path = real(file);
    Mount holder = null;
    for (Mount mount : mounts) {
      // Of several mounts on one point the last one is seen.
      if (path.startsWith(mount.point)
          && (holder == null || mount.point.getNameCount() >= holder.point.getNameCount())) {
        holder = mount;
      }
    }
    if (holder == null || !(holder.point.equals(path) || VERSION.matcher(holder.root).find())) {
      return Optional.empty();
    }
    return Optional.of(
        file
            + " is mounted through subPath or as a single file ("
            + holder.point
            + "): such a mount never follows a change of its volume; mount the volume's directory"
            + " instead");
  }

  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      return file.toAbsolutePath().normalize();
    }
  }

  /** Space, tab, line end and backslash are written as a backslash and three octal digits. */
  private static String unescaped(String field) {
    if (field.indexOf('\\') < 0) {
      return bytesAsText(field);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < field.length(); i++) {
      if (field.charAt(i) == '\\' && i + 3 < field.length()) {
        text.append((char) Integer.parseInt(field.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        text.append(field.charAt(i));
      }
    }
    return bytesAsText(text.toString());
  }

  private static String bytesAsText(String bytes) {
    return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }
}
