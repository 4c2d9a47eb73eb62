package io.podtls.fabric8.approval;

/** Makes text that a requester chose fit for a condition, a log or a terminal. */
final class Printable {

  private static final int LONGEST_NAME = 100;
  private static final int LONGEST_MESSAGE = 2000;

  private Printable() {}

  /** The text with all but printable ASCII as {@code ?}, cut to 100 characters. */
  static String of(String text) {
    return of(text, LONGEST_NAME);
  }

  /** A condition's message with all but printable ASCII as {@code ?}, cut to 2,000 characters. */
  static String message(String text) {
    return of(text, LONGEST_MESSAGE);
  }

  /** The text with all but printable ASCII as {@code ?}, cut to the given length. */
  static String of(String text, int longest) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .limit(longest)
        .map(character -> character >= 0x20 && character < 0x7f ? character : '?')
        .forEach(safe::appendCodePoint);
    return text.length() > longest ? safe + "..." : safe.toString();
  }
}
