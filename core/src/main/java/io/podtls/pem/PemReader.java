package io.podtls.pem;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.pem.Pem.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads one PEM text, line by line, once. Not safe for use by several threads. */
final class PemReader {

  private static final byte[] DASHES = ascii("-----");
  private static final byte[] BEGIN = ascii("-----BEGIN ");
  private static final byte[] END = ascii("-----END ");
  private static final byte[] BASE64_OF_BEGIN = ascii("LS0tLS1CRUdJTi");
  private static final int LONGEST_LABEL = 64;
  // RFC 1421 headers are a few short lines; nothing else is read of them than Proc-Type.
  private static final int MOST_HEADER_BYTES = 8 << 10;

  private final String source;
  private final byte[] text;
  private final List<Block> blocks = new ArrayList<>();

  /** The base64 characters of the open block, white space taken out. */
  private final byte[] body;

  private int bodyLength;
  private @Nullable String openLabel;
  private int headerBytes;
  private @Nullable String lastHeader;
  private final StringBuilder procType = new StringBuilder();

  PemReader(String source, byte[] text) {
    this.source = source;
    this.text = text;
    this.body = new byte[text.length];
  }

  Pem read() {
    try {
      int position = startOfText();
      while (position < text.length) {
        int end = endOfLine(position);
        line(position, end);
        position = end + 1;
      }
      if (openLabel != null) {
        throw truncated();
      }
      if (blocks.isEmpty()) {
        throw problem(withoutBlocks());
      }
      return new Pem(source, blocks);
    } finally {
      Arrays.fill(body, (byte) 0);
    }
  }

  private int startOfText() {
    if (startsWith(new byte[] {(byte) 0xef, (byte) 0xbb, (byte) 0xbf}, 0, text.length)) {
      return 3;
    }
    if (startsWith(new byte[] {(byte) 0xfe, (byte) 0xff}, 0, text.length)
        || startsWith(new byte[] {(byte) 0xff, (byte) 0xfe}, 0, text.length)) {
      throw problem("is UTF-16 text, PEM is ASCII");
    }
    return 0;
  }

  /** CR counts as a line end of its own; the empty line inside CRLF does no harm. */
  private int endOfLine(int from) {
    int end = from;
    while (end < text.length && text[end] != '\n' && text[end] != '\r') {
      end++;
    }
    return end;
  }

  private void line(int lineStart, int lineEnd) {
    int start = lineStart;
    int end = lineEnd;
    while (start < end && isBlank(text[start])) {
      start++;
    }
    while (end > start && isBlank(text[end - 1])) {
      end--;
    }
    if (startsWith(BEGIN, start, end)) {
      begin(start, end);
    } else if (startsWith(END, start, end)) {
      end(start, end);
    } else if (openLabel != null) {
      content(lineStart, start, end);
    } else if (lineEnd == text.length && isStartOfBegin(start, end)) {
      throw problem(
          "is truncated: its last line is the start of block " + (blocks.size() + 1) + "'s BEGIN");
    }
  }

  private void begin(int start, int end) {
    if (openLabel != null) {
      throw truncated();
    }
    int number = blocks.size() + 1;
    int labelEnd = indexOfDashes(start + BEGIN.length, end);
    if (labelEnd < 0) {
      throw problem("block " + number + " is truncated or damaged in its BEGIN line");
    }
    if (labelEnd + DASHES.length != end) {
      throw problem("block " + number + " has more on its BEGIN line: line breaks are missing");
    }
    openLabel = label(start + BEGIN.length, labelEnd);
    bodyLength = 0;
    headerBytes = 0;
    lastHeader = null;
    procType.setLength(0);
  }

  private void end(int start, int end) {
    int number = blocks.size() + 1;
    int labelEnd = indexOfDashes(start + END.length, end);
    if (openLabel == null) {
      throw problem("has an END line without a BEGIN line " + place());
    }
    if (labelEnd < 0) {
      throw problem("block " + number + " is truncated or damaged in its END line");
    }
    String label = label(start + END.length, labelEnd);
    if (!label.equals(openLabel)) {
      throw problem("block " + number + " begins as " + openLabel + " and ends as " + label);
    }
    boolean encrypted = procType.toString().toUpperCase(Locale.ROOT).endsWith("ENCRYPTED");
    blocks.add(new Block(source, number, label, encrypted, decoded()));
    openLabel = null;
    int rest = labelEnd + DASHES.length;
    if (rest == end) {
      return;
    }
    // Files without a final line end, glued together: -----END A----------BEGIN B-----
    if (!startsWith(BEGIN, rest, end)) {
      throw problem("block " + number + " has more on its END line: line breaks are missing");
    }
    begin(rest, end);
  }

  private void content(int lineStart, int start, int end) {
    if (start == end) {
      lastHeader = null;
      return;
    }
    if (bodyLength == 0) {
      if (lastHeader != null && start > lineStart) {
        header(lastHeader, start, end);
        return;
      }
      int colon = start;
      while (colon < end && text[colon] != ':') {
        colon++;
      }
      if (colon < end) {
        lastHeader = ascii(start, Math.min(colon, start + LONGEST_LABEL)).strip();
        header(lastHeader, colon + 1, end);
        return;
      }
    }
    for (int i = start; i < end; i++) {
      if (!isBlank(text[i])) {
        body[bodyLength++] = text[i];
      }
    }
  }

  /** A header, or a line that continues it. */
  private void header(String name, int start, int end) {
    headerBytes += end - start + 1;
    if (headerBytes > MOST_HEADER_BYTES) {
      throw problem(
          "block "
              + (blocks.size() + 1)
              + " has more than "
              + (MOST_HEADER_BYTES >> 10)
              + " KiB of headers");
    }
    if (name.equalsIgnoreCase("Proc-Type")) {
      procType.append(ascii(start, end).strip());
    }
  }

  private byte[] decoded() {
    int number = blocks.size() + 1;
    if (bodyLength == 0) {
      throw problem("block " + number + " is empty");
    }
    byte[] characters = Arrays.copyOf(body, bodyLength);
    try {
      return Base64.getDecoder().decode(characters);
    } catch (IllegalArgumentException e) {
      // Its message shows some of the content, so it is no cause.
      throw problem("block " + number + " is not base64");
    } finally {
      Arrays.fill(characters, (byte) 0);
    }
  }

  private String label(int start, int end) {
    if (end - start > LONGEST_LABEL) {
      throw problem("block " + (blocks.size() + 1) + " has a label of " + (end - start) + " bytes");
    }
    for (int i = start; i < end; i++) {
      if (text[i] < 0x20 || text[i] > 0x7e) {
        throw problem("block " + (blocks.size() + 1) + " has a label that is not ASCII");
      }
    }
    return ascii(start, end).strip();
  }

  private String withoutBlocks() {
    if (text.length == 0) {
      return "is empty";
    }
    int first = 0;
    while (first < text.length
        && (isBlank(text[first]) || text[first] == '\n' || text[first] == '\r')) {
      first++;
    }
    if (first == text.length) {
      return "is empty (" + text.length + " bytes of white space)";
    }
    // A SEQUENCE (0x30 is also the digit 0) of 128 bytes or more, which no ASCII text starts with.
    if (text[0] == 0x30 && text.length > 1 && text[1] < 0) {
      return "is DER, not PEM";
    }
    if (startsWith(BASE64_OF_BEGIN, first, text.length)) {
      return "is base64 of PEM text: decode it once (a Secret's value as kubectl prints it?)";
    }
    return "has no PEM block (" + text.length + " bytes without a BEGIN line)";
  }

  private InvalidMaterialException truncated() {
    return problem(
        "block " + (blocks.size() + 1) + " is truncated: BEGIN " + openLabel + " without END");
  }

  private String place() {
    return blocks.isEmpty() ? "before block 1" : "after block " + blocks.size();
  }

  private InvalidMaterialException problem(String what) {
    return new InvalidMaterialException(source, what, null);
  }

  private boolean startsWith(byte[] prefix, int start, int end) {
    return end - start >= prefix.length
        && Arrays.equals(prefix, 0, prefix.length, text, start, start + prefix.length);
  }

  /** Whether the line is a BEGIN cut short, and not just a ruler made of dashes. */
  private boolean isStartOfBegin(int start, int end) {
    int length = end - start;
    return length > DASHES.length
        && length < BEGIN.length
        && Arrays.equals(BEGIN, 0, length, text, start, end);
  }

  private int indexOfDashes(int start, int end) {
    for (int i = start; i + DASHES.length <= end; i++) {
      if (text[i] == '-' && startsWith(DASHES, i, end)) {
        return i;
      }
    }
    return -1;
  }

  private String ascii(int start, int end) {
    return new String(text, start, end - start, US_ASCII);
  }

  private static byte[] ascii(String literal) {
    return literal.getBytes(US_ASCII);
  }

  private static boolean isBlank(byte character) {
    return character == ' ' || character == '\t' || character == '\f' || character == 0x0b;
  }
}
