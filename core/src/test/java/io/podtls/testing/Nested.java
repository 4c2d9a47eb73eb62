package io.podtls.testing;

import java.util.Arrays;

/** ASN.1 values in values in values, for parsers that call themselves for each. */
public final class Nested {
  private Nested() {}

  /** So many levels with definite lengths, the innermost one empty. */
  public static byte[] definite(int tag, int levels) {
    byte[] bytes = new byte[levels * 6];
    int at = bytes.length;
    for (int level = 0; level < levels; level++) {
      int length = bytes.length - at;
      if (length < 0x80) {
        bytes[--at] = (byte) length;
      } else {
        int octets = 0;
        for (int left = length; left > 0; left >>>= 8) {
          bytes[--at] = (byte) left;
          octets++;
        }
        bytes[--at] = (byte) (0x80 | octets);
      }
      bytes[--at] = (byte) tag;
    }
    return Arrays.copyOfRange(bytes, at, bytes.length);
  }

  /** So many levels with indefinite lengths. */
  public static byte[] indefinite(int tag, int levels) {
    byte[] bytes = new byte[levels * 4];
    for (int level = 0; level < levels; level++) {
      bytes[2 * level] = (byte) tag;
      bytes[2 * level + 1] = (byte) 0x80;
    }
    return bytes;
  }
}
