package io.podtls.fabric8.approval;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A JSON reader that keeps a bounded part of each value, however large the value is.
 *
 * <p>Values become maps, lists, strings, numbers, booleans and null. A string that is too long
 * becomes {@link #ELIDED}; fields and elements beyond the budget of a value are left out. The rest
 * of the stream is read on, so that the value after a large one is whole again.
 *
 * <p>Thread safety: used by one thread.
 */
final class BoundedJson {

  /** Stands for a string that is too long. Not empty, and no base64. */
  static final String ELIDED = "\u2026";

  private static final int DEEPEST = 64;
  private static final int LONGEST_NAME = 1024;

  /** What a field or an element costs besides its text. */
  private static final int OVERHEAD = 16;

  /** Reads the value of a field: calls exactly one method of the reader that consumes a value. */
  @FunctionalInterface
  interface Field {
    void read(String name) throws IOException;
  }

  /** Reads an element: calls exactly one method of the reader that consumes a value. */
  @FunctionalInterface
  interface Element {
    void read() throws IOException;
  }

  private final InputStream in;
  private final int longestText;
  private final int budget;
  private final Set<String> skipped;
  private final byte[] buffer = new byte[16 << 10];
  private int position;
  private int limit;
  private int left;
  private boolean cut;
  private int kept;
  private int depth;
  private String top = ""; // the field of read()'s object that is being read
  private int level; // how many objects are open in it

  /**
   * Reads from a stream.
   *
   * @param longestText how many bytes of a string are kept at most
   * @param budget how many bytes of a field of an object are kept at most
   * @param skipped the fields that are not needed, as {@code status} or {@code metadata.labels}; of
   *     an array's objects, as {@code endpoints.ports}. Deeper ones, the keys of maps among them,
   *     are never skipped.
   */
  BoundedJson(InputStream in, int longestText, int budget, Set<String> skipped) {
    this.in = in;
    this.longestText = longestText;
    this.budget = budget;
    this.skipped = skipped;
  }

  /** Whether nothing but white space is left. */
  boolean atEnd() throws IOException {
    return peek() < 0;
  }

  /**
   * Reads an object and keeps what fits into the budget, which is per field of the object: a large
   * field leaves the others whole.
   */
  Map<String, @Nullable Object> read() throws IOException {
    cut = false;
    kept = 0;
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    object(
        name -> {
          if (skipped.contains(name)) {
            skip();
            return;
          }
          left = budget;
          top = name;
          level = 0;
          fields.put(name, value());
          kept += budget - left;
        });
    return fields;
  }

  /** Whether the last {@link #read()} left something out, other than the skipped fields. */
  boolean isCut() {
    return cut;
  }

  /** How many bytes the last {@link #read()} kept, about. */
  int kept() {
    return kept;
  }

  /** Reads a short string. */
  String text() throws IOException {
    return string(LONGEST_NAME);
  }

  /** Reads an object and keeps nothing but what the callback keeps. */
  void object(Field field) throws IOException {
    expect('{');
    descend();
    if (!skipIf('}')) {
      do {
        String name = string(LONGEST_NAME);
        expect(':');
        field.read(name);
      } while (more('}'));
    }
    depth--;
  }

  /** Reads an array and keeps nothing but what the callback keeps. */
  void array(Element element) throws IOException {
    expect('[');
    descend();
    if (!skipIf(']')) {
      do {
        element.read();
      } while (more(']'));
    }
    depth--;
  }

  /** Reads a value and keeps nothing of it. */
  void skip() throws IOException {
    int nesting = 0;
    do {
      switch (peek()) {
        case '{', '[' -> {
          position++;
          nesting++;
        }
        case '}', ']' -> {
          position++;
          nesting--;
        }
        case ',', ':' -> position++;
        case '"' -> skipString();
        default -> literal();
      }
    } while (nesting > 0);
  }

  private @Nullable Object value() throws IOException {
    return switch (peek()) {
      case '{' -> object();
      case '[' -> list();
      case '"' -> string(Math.min(longestText, left));
      default -> literal();
    };
  }

  private Map<String, @Nullable Object> object() throws IOException {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    level++;
    object(
        name -> {
          boolean needed = level > 1 || !skipped.contains(top + "." + name);
          if (needed && affords(OVERHEAD)) {
            fields.put(name, value());
          } else {
            skip();
          }
        });
    level--;
    return fields;
  }

  private List<@Nullable Object> list() throws IOException {
    List<@Nullable Object> elements = new ArrayList<>();
    array(
        () -> {
          if (affords(OVERHEAD)) {
            elements.add(value());
          } else {
            skip();
          }
        });
    return elements;
  }

  private boolean affords(int bytes) {
    left -= Math.min(bytes, left);
    cut |= left == 0;
    return left > 0;
  }

  private String string(int most) throws IOException {
    expect('"');
    StringBuilder text = new StringBuilder();
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    int length = 0;
    for (int next = take(); next != '"'; next = take()) {
      if (++length > most) {
        cut = true;
        position--;
        skipRestOfString();
        return ELIDED;
      }
      if (next == '\\') {
        text.append(plain.toString(UTF_8)).append(escaped());
        plain.reset();
      } else {
        plain.write(next);
      }
    }
    left -= Math.min(length, left);
    return text.append(plain.toString(UTF_8)).toString();
  }

  private char escaped() throws IOException {
    int escape = take();
    return switch (escape) {
      case '"', '\\', '/' -> (char) escape;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int unit = 0;
        for (int i = 0; i < 4; i++) {
          int digit = Character.digit(take(), 16);
          if (digit < 0) {
            throw new IOException("not JSON: an escape that is no UTF-16 unit");
          }
          unit = (unit << 4) | digit;
        }
        yield (char) unit;
      }
      default -> throw new IOException("not JSON: an unknown escape");
    };
  }

  private void skipString() throws IOException {
    expect('"');
    skipRestOfString();
  }

  private void skipRestOfString() throws IOException {
    for (int next = take(); next != '"'; next = take()) {
      if (next == '\\') {
        take();
      }
    }
  }

  private @Nullable Object literal() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int next = peek(); isPartOfLiteral(next); next = peekHere()) {
      if (text.length() > 100) {
        throw new IOException("not JSON: a number of more than 100 digits");
      }
      text.append((char) next);
      position++;
    }
    return switch (text.toString()) {
      case "true" -> true;
      case "false" -> false;
      case "null" -> null;
      default -> number(text.toString());
    };
  }

  private static boolean isPartOfLiteral(int next) {
    return (next >= 'a' && next <= 'z')
        || (next >= '0' && next <= '9')
        || next == '-'
        || next == '+'
        || next == '.'
        || next == 'E';
  }

  private static Number number(String text) throws IOException {
    try {
      return text.matches("-?[0-9]{1,18}")
          ? (Number) Long.valueOf(text)
          : (Number) Double.valueOf(text);
    } catch (NumberFormatException e) {
      throw new IOException("not JSON: a value that is none", e);
    }
  }

  private void descend() throws IOException {
    if (++depth > DEEPEST) {
      throw new IOException("not an object of Kubernetes: nested deeper than " + DEEPEST);
    }
  }

  private boolean more(char close) throws IOException {
    if (skipIf(',')) {
      return true;
    }
    expect(close);
    return false;
  }

  private boolean skipIf(char wanted) throws IOException {
    if (peek() != wanted) {
      return false;
    }
    position++;
    return true;
  }

  private void expect(char wanted) throws IOException {
    int next = peek();
    if (next < 0) {
      throw new EOFException("the answer ended within a JSON value");
    }
    if (next != wanted) {
      throw new IOException("not JSON: no " + wanted + " where one must be");
    }
    position++;
  }

  /** The next byte that is no white space, which stays; negative at the end. */
  private int peek() throws IOException {
    int next = peekHere();
    while (next == ' ' || next == '\n' || next == '\r' || next == '\t') {
      position++;
      next = peekHere();
    }
    return next;
  }

  private int peekHere() throws IOException {
    return position < limit || fill() ? buffer[position] & 0xff : -1;
  }

  private int take() throws IOException {
    if (position == limit && !fill()) {
      throw new EOFException("the answer ended within a JSON value");
    }
    return buffer[position++] & 0xff;
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = Math.max(0, in.read(buffer, 0, buffer.length));
    return limit > 0;
  }
}
