package io.podtls.fabric8.approval;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The value of {@code spec.request} in a CertificateSigningRequest: base64 of one PEM block (RFC
 * 7468 7).
 *
 * <p>Readers of PEM differ in where they let a block begin, so exactly one block is accepted, on
 * lines of its own, with nothing but blanks around it. Within these bounds the rules are those of
 * Go's {@code encoding/pem}, by which the API server read the request before.
 */
final class SpecRequest {

  /** The longest text that is read. */
  static final int LARGEST_BYTES = 64 * 1024;

  private static final String BEGIN = "-----BEGIN CERTIFICATE REQUEST-----";
  private static final String END = "-----END CERTIFICATE REQUEST-----";
  private static final String BLANKS = "[ \t\r\n]*";

  private static final Pattern ONE_BLOCK =
      Pattern.compile(
          "(?:%1$s\n)?%2$s[ \t]*\r?\n([A-Za-z0-9+/= \t\r\n]*)\n%3$s%1$s"
              .formatted(BLANKS, BEGIN, END));

  private SpecRequest() {}

  /** Returns what the block encodes. */
  static byte[] content(String base64OfPem) throws InvalidContentException {
    if (base64OfPem.length() > (LARGEST_BYTES + 2) / 3 * 4) {
      throw new InvalidContentException("spec.request is larger than 64 KiB");
    }
    Matcher block = ONE_BLOCK.matcher(new String(decode(base64OfPem), ISO_8859_1));
    if (!block.matches()) {
      throw new InvalidContentException(
          "spec.request is not exactly one PEM block CERTIFICATE REQUEST on lines of its own, with"
              + " nothing but blanks around it");
    }
    return decode(block.group(1).replaceAll("[ \t\r\n]", ""));
  }

  /** Decodes RFC 4648 4 with the padding, which the JDK's decoder would do without. */
  private static byte[] decode(String base64) throws InvalidContentException {
    try {
      if (base64.length() % 4 == 0) {
        return Base64.getDecoder().decode(base64);
      }
    } catch (IllegalArgumentException e) {
      // Reported like a wrong length.
    }
    throw new InvalidContentException("spec.request is not base64 of PEM");
  }
}
