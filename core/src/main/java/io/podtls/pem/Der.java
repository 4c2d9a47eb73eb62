package io.podtls.pem;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The check of encoded ASN.1 (X.690) before another parser reads it. The parsers of the JDK and of
 * Bouncy Castle call themselves for each level of nesting, so a file of a megabyte could overflow
 * their stack. The check is one loop over the bytes.
 *
 * <p><b>Thread safety:</b> static functions without state.
 */
public final class Der {
  private Der() {}

  /** Deeper than any key, certificate or PKCS#12 file that a tool writes. */
  private static final int DEEPEST = 64;

  private static final String CUT_OFF = "a value in it is longer than what holds it";

  /**
   * Checks the first value: definite lengths only (X.690 10.1), at most 64 levels, and each value
   * within the one that holds it.
   *
   * @param bytes the encoded value; what follows it is not looked at
   * @return what is wrong, to continue a sentence such as "is not DER: ", or null
   */
  public static @Nullable String problem(byte[] bytes) {
    return problem(bytes, false);
  }

  /**
   * Checks the first value as {@link #problem(byte[])} does, with indefinite lengths allowed, as in
   * the PKCS#12 files of some tools (RFC 7292 4).
   *
   * @param bytes the encoded value; what follows it is not looked at
   * @return what is wrong, to continue a sentence, or null
   */
  public static @Nullable String problemInBer(byte[] bytes) {
    return problem(bytes, true);
  }

  private static @Nullable String problem(byte[] bytes, boolean indefiniteAllowed) {
    int[] ends = new int[DEEPEST + 1];
    boolean[] open = new boolean[DEEPEST + 1];
    ends[0] = bytes.length;
    int level = 0;
    int at = 0;
    do {
      if (open[level] && at + 2 <= ends[level] && bytes[at] == 0 && bytes[at + 1] == 0) {
        at += 2;
        level--;
      } else {
        Header header = Header.at(bytes, at, ends[level]);
        if (header == null) {
          return CUT_OFF;
        }
        at = header.content;
        if (header.indefinite && !indefiniteAllowed) {
          return "it has an indefinite length, which DER does not allow";
        }
        if (!header.constructed) {
          at = header.end;
        } else if (++level > DEEPEST) {
          return "it is nested more than " + DEEPEST + " levels deep";
        } else {
          ends[level] = header.end;
          open[level] = header.indefinite;
        }
      }
      while (level > 0 && !open[level] && at == ends[level]) {
        level--;
      }
    } while (level > 0);
    return null;
  }

  /** Where a value begins and ends; one of indefinite length ends with what holds it at most. */
  private record Header(int tag, boolean constructed, boolean indefinite, int content, int end) {

    static @Nullable Header at(byte[] bytes, int start, int limit) {
      int at = start;
      if (at + 2 > limit) {
        return null;
      }
      int tag = bytes[at++] & 0xff;
      if ((tag & 0x1f) == 0x1f) {
        while (at < limit && bytes[at] < 0) {
          at++;
        }
        at++;
      }
      if (at >= limit) {
        return null;
      }
      int first = bytes[at++] & 0xff;
      boolean constructed = (tag & 0x20) != 0;
      if (first == 0x80) {
        return constructed ? new Header(tag, true, true, at, limit) : null;
      }
      long length = first;
      if (first > 0x80) {
        length = 0;
        for (int left = first & 0x7f; left > 0; left--) {
          if (at >= limit || length > Integer.MAX_VALUE) {
            return null;
          }
          length = length << 8 | (bytes[at++] & 0xff);
        }
      }
      return length > limit - at
          ? null
          : new Header(tag, constructed, false, at, at + (int) length);
    }
  }

  /** What a block can hold, recognised by its outermost tags. */
  public enum Kind {
    /** RFC 5280 4.1. */
    CERTIFICATE("an X.509 certificate", Pem.CERTIFICATE),
    /** RFC 2986 4.2. */
    CERTIFICATE_REQUEST("a PKCS#10 request", Pem.CERTIFICATE_REQUEST),
    /** RFC 5208 5, RFC 5958 2. */
    PRIVATE_KEY("a PKCS#8 private key", Pem.PRIVATE_KEY),
    /** RFC 5958 3. */
    ENCRYPTED_PRIVATE_KEY("an encrypted PKCS#8 private key", Pem.ENCRYPTED_PRIVATE_KEY),
    /** RFC 8017 A.1.2. */
    RSA_PRIVATE_KEY("a PKCS#1 private key", Pem.RSA_PRIVATE_KEY),
    /** RFC 5915 3. */
    EC_PRIVATE_KEY("a SEC1 private key", Pem.EC_PRIVATE_KEY),
    /** RFC 5280 4.1.2.7. */
    PUBLIC_KEY("a public key", "PUBLIC KEY"),
    /** RFC 5652 3. */
    PKCS7("a PKCS#7 message", "PKCS7"),
    /** RFC 7292 4. */
    PKCS12("a PKCS#12 file", "PKCS12");

    private final String text;
    private final String label;

    Kind(String text, String label) {
      this.text = text;
      this.label = label;
    }

    /**
     * Returns the label that belongs to it.
     *
     * @return e.g. {@code RSA PRIVATE KEY}
     */
    public String label() {
      return label;
    }

    /** Returns the kind in words, e.g. {@code a PKCS#8 private key}. */
    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * Returns what the bytes look like.
   *
   * @param bytes the encoded value
   * @return the kind, or null if it is none of those known
   */
  public static @Nullable Kind kind(byte[] bytes) {
    return switch (tags(bytes, 0)) {
      case "30 30 03" -> signed(tags(bytes, contentStart(bytes)));
      case "30 04" -> Kind.ENCRYPTED_PRIVATE_KEY;
      case "30 03" -> Kind.PUBLIC_KEY;
      case "02 30 04", "02 30 04 A0", "02 30 04 81", "02 30 04 A0 81" -> Kind.PRIVATE_KEY;
      case "02 04", "02 04 A0", "02 04 A1", "02 04 A0 A1" -> Kind.EC_PRIVATE_KEY;
      case "02 02 02 02 02 02 02 02 02" -> Kind.RSA_PRIVATE_KEY;
      case "02 30", "02 30 30" -> Kind.PKCS12;
      case "06 A0" -> Kind.PKCS7;
      default -> null;
    };
  }

  private static int contentStart(byte[] bytes) {
    Header outermost = Header.at(bytes, 0, bytes.length);
    return outermost == null ? 0 : outermost.content;
  }

  private static @Nullable Kind signed(String tags) {
    if (tags.equals("02 30 30 A0") || tags.equals("02 30 30")) {
      return Kind.CERTIFICATE_REQUEST;
    }
    return tags.startsWith("A0 02 30 30 30 30") || tags.startsWith("02 30 30 30 30")
        ? Kind.CERTIFICATE
        : null;
  }

  /** The tags of what the SEQUENCE at this place holds, at most ten, in hexadecimal. */
  private static String tags(byte[] bytes, int start) {
    Header sequence = Header.at(bytes, start, bytes.length);
    if (sequence == null || sequence.tag != 0x30) {
      return "";
    }
    List<String> tags = new ArrayList<>();
    int at = sequence.content;
    while (at < sequence.end && tags.size() < 10) {
      Header part = Header.at(bytes, at, sequence.end);
      if (part == null) {
        return "";
      }
      tags.add(String.format("%02X", part.tag));
      at = part.end;
    }
    return String.join(" ", tags);
  }
}
