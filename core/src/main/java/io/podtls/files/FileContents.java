package io.podtls.files;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The contents of a set of files at one moment. Equal if files and bytes are.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class FileContents {

  private final Map<Path, ByteBuffer> contents;

  FileContents(Map<Path, ByteBuffer> contents) {
    this.contents = new LinkedHashMap<>(contents);
  }

  /**
   * Returns a copy of the bytes of one file of the set.
   *
   * @param file a file as it was named to {@link StableFiles#of}
   * @return its bytes
   * @throws IllegalArgumentException if the file is not of the set
   */
  public byte[] of(Path file) {
    ByteBuffer content = contents.get(file);
    if (content == null) {
      throw new IllegalArgumentException("file is not one of those read: " + file);
    }
    byte[] bytes = new byte[content.remaining()];
    content.duplicate().get(bytes);
    return bytes;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FileContents that && contents.equals(that.contents);
  }

  @Override
  public int hashCode() {
    return contents.hashCode();
  }

  /** Shows names and sizes, no content. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("FileContents[");
    contents.forEach(
        (file, content) ->
            text.append(text.charAt(text.length() - 1) == '[' ? "" : ", ")
                .append(file)
                .append(": ")
                .append(content.remaining())
                .append(" bytes"));
    return text.append(']').toString();
  }
}
