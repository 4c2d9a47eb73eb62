package io.podtls.peer;

import java.util.regex.Pattern;

/**
 * A SPIFFE ID in which path segments may stand for any. The trust domain is always exact.
 *
 * <p><b>Thread safety:</b> immutable.
 */
final class SpiffePattern {

  private static final String SCHEME = "spiffe://";
  private static final int LONGEST = 2048; // SPIFFE ID 2.3

  /**
   * SPIFFE ID 2: lower-case trust domain, and a path, which leaves must have. The path is no
   * repeated group: for each of its segments, Java would take some of the stack.
   */
  private static final Pattern ID = Pattern.compile("spiffe://[a-z0-9._-]{1,255}/[a-zA-Z0-9._/-]+");

  private static final Pattern NO_SEGMENT = Pattern.compile("/\\.{0,2}(/|$)");

  private static final Pattern PATTERN =
      Pattern.compile(
          "spiffe://[a-z0-9._-]{1,255}(/((?!\\.{1,2}(/|$))[a-zA-Z0-9._-]+|\\*))*"
              + "/((?!\\.{1,2}$)[a-zA-Z0-9._-]+|\\*{1,2})");

  private final String text;
  private final Pattern pattern;

  private SpiffePattern(String text, Pattern pattern) {
    this.text = text;
    this.pattern = pattern;
  }

  static SpiffePattern of(String text) {
    if (text.length() > LONGEST || !PATTERN.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is no pattern of SPIFFE IDs: write spiffe://<trust domain>/<path>, where a"
              + " segment of the path may be * and the last one **, as in"
              + " spiffe://cluster.local/ns/shop/sa/*");
    }
    String[] segments = text.substring(SCHEME.length()).split("/", -1);
    StringBuilder regex = new StringBuilder(Pattern.quote(SCHEME + segments[0]));
    for (int i = 1; i < segments.length; i++) {
      regex.append('/');
      switch (segments[i]) {
        case "*" -> regex.append("[^/]+");
        case "**" -> regex.append(".+");
        default -> regex.append(Pattern.quote(segments[i]));
      }
    }
    return new SpiffePattern(text, Pattern.compile(regex.toString()));
  }

  static boolean isId(String uri) {
    return uri.length() <= LONGEST
        && ID.matcher(uri).matches()
        && !NO_SEGMENT.matcher(uri).find(SCHEME.length());
  }

  boolean matches(String id) {
    return pattern.matcher(id).matches();
  }

  @Override
  public String toString() {
    return text;
  }
}
