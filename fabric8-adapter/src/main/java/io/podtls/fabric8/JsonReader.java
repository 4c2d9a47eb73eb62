package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.podtls.fabric8.JsonObject.JsonException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reader of one JSON object (RFC 8259), strict and bounded: well-formed UTF-8, no name twice in an
 * object, nothing after the object, limited depth and number of values. The caller limits the size.
 *
 * <p>Strings become String, whole numbers Long where they fit, other numbers Double, and null null.
 * Messages give a position and never quote the text, which may be secret.
 *
 * <p>Thread safety: not safe; one reader reads one text.
 */
final class JsonReader {

  private static final int DEEPEST = 64;
  private static final int MOST_VALUES = 250_000;
  private static final int LONGEST_NUMBER = 64;

  private final String text;
  private int at;
  private int values;

  private JsonReader(String text) {
    this.text = text;
  }

  static Map<String, @Nullable Object> read(byte[] json) throws JsonException {
    JsonReader reader;
    try {
      reader = new JsonReader(UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString());
    } catch (CharacterCodingException e) {
      throw new JsonException("not JSON: malformed UTF-8", e);
    }
    reader.skipBlanks();
    if (reader.peek() != '{') {
      throw new JsonException("not a JSON object", null);
    }
    Map<String, @Nullable Object> object = reader.object(1);
    reader.skipBlanks();
    if (reader.at < reader.text.length()) {
      throw reader.unexpected("text after the object");
    }
    return object;
  }

  private Map<String, @Nullable Object> object(int depth) throws JsonException {
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    at++;
    skipBlanks();
    if (skip('}')) {
      return object;
    }
    do {
      skipBlanks();
      String name = string();
      skipBlanks();
      require(':');
      if (object.containsKey(name)) {
        throw unexpected("a name that the object already has");
      }
      object.put(name, value(depth));
      skipBlanks();
    } while (skip(','));
    require('}');
    return object;
  }

  private List<@Nullable Object> list(int depth) throws JsonException {
    List<@Nullable Object> list = new ArrayList<>();
    at++;
    skipBlanks();
    if (skip(']')) {
      return list;
    }
    do {
      list.add(value(depth));
      skipBlanks();
    } while (skip(','));
    require(']');
    return list;
  }

  private @Nullable Object value(int depth) throws JsonException {
    if (++values > MOST_VALUES) {
      throw unexpected("more than " + MOST_VALUES + " values");
    }
    skipBlanks();
    char first = peek();
    if (first == '{' || first == '[') {
      if (depth == DEEPEST) {
        throw unexpected("nesting deeper than " + DEEPEST);
      }
      return first == '{' ? object(depth + 1) : list(depth + 1);
    }
    return switch (first) {
      case '"' -> string();
      case 't' -> literal("true", true);
      case 'f' -> literal("false", false);
      case 'n' -> literal("null", null);
      default -> number();
    };
  }

  private @Nullable Object literal(String word, @Nullable Object value) throws JsonException {
    if (!text.startsWith(word, at)) {
      throw unexpected("no value");
    }
    at += word.length();
    return value;
  }

  private Number number() throws JsonException {
    int start = at;
    skip('-');
    if (!skip('0')) {
      digits();
    }
    boolean whole = true;
    if (skip('.')) {
      whole = false;
      digits();
    }
    if (skip('e') || skip('E')) {
      whole = false;
      if (!skip('+')) {
        skip('-');
      }
      digits();
    }
    if (at - start > LONGEST_NUMBER) {
      throw unexpected("a number longer than " + LONGEST_NUMBER + " characters");
    }
    String number = text.substring(start, at);
    if (whole) {
      try {
        return Long.valueOf(number);
      } catch (NumberFormatException e) {
        // Greater than a long: as a floating-point number.
      }
    }
    double value = Double.parseDouble(number);
    if (Double.isInfinite(value)) {
      throw unexpected("a number beyond double precision");
    }
    return value;
  }

  private void digits() throws JsonException {
    int start = at;
    while (peek() >= '0' && peek() <= '9') {
      at++;
    }
    if (at == start) {
      throw unexpected("no value");
    }
  }

  private String string() throws JsonException {
    require('"');
    int end = at;
    while (end < text.length() && text.charAt(end) != '"' && text.charAt(end) != '\\') {
      end++;
    }
    StringBuilder string = new StringBuilder(end - at);
    while (!skip('"')) {
      char next = peek();
      if (next < ' ') {
        throw unexpected(at < text.length() ? "a control character in a string" : "an open string");
      }
      at++;
      string.append(next == '\\' ? escaped() : next);
    }
    return string.toString();
  }

  private char escaped() throws JsonException {
    char escape = peek();
    at++;
    return switch (escape) {
      case '"', '\\', '/' -> escape;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> (char) (hex() << 12 | hex() << 8 | hex() << 4 | hex());
      default -> throw unexpected("an unknown escape");
    };
  }

  private int hex() throws JsonException {
    char digit = peek();
    at++;
    int value = digit < 128 ? Character.digit(digit, 16) : -1;
    if (value < 0) {
      throw unexpected("no hexadecimal digit");
    }
    return value;
  }

  private void skipBlanks() {
    while (skip(' ') || skip('\n') || skip('\r') || skip('\t')) {
      // next
    }
  }

  private boolean skip(char expected) {
    boolean there = peek() == expected;
    if (there) {
      at++;
    }
    return there;
  }

  private void require(char expected) throws JsonException {
    if (!skip(expected)) {
      throw unexpected("no '" + expected + "'");
    }
  }

  /** The next character; NUL, which JSON allows nowhere, at the end. */
  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private JsonException unexpected(String what) {
    return new JsonException("not JSON: " + what + " at character " + at, null);
  }
}
