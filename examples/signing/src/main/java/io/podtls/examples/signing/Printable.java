package io.podtls.examples.signing;

/** Text from a requester, made fit for a log line, a condition or a terminal. */
final class Printable {
  private static final int LONGEST = 1_000;

  private Printable() {}

  /** Returns the text with everything but printable ASCII as {@code ?}, cut at 1,000 characters. */
  static String of(String text) {
    String safe = text.replaceAll("[^\\x20-\\x7e]", "?");
    return safe.length() <= LONGEST ? safe : safe.substring(0, LONGEST) + "...";
  }
}
