package io.podtls.fabric8.approval;

import io.podtls.request.SubjectAlternativeName;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/** How names and addresses are compared. */
final class Names {

  /** Only what can be nothing but an address: InetAddress would ask the DNS about the rest. */
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*");

  private Names() {}

  /** Lowers ASCII letters alone: in Unicode, the Kelvin sign becomes a {@code k} as well. */
  static String lowerCase(String name) {
    StringBuilder lower = new StringBuilder(name);
    for (int i = 0; i < lower.length(); i++) {
      char character = lower.charAt(i);
      if (character >= 'A' && character <= 'Z') {
        lower.setCharAt(i, (char) (character + 'a' - 'A'));
      }
    }
    return lower.toString();
  }

  /** An address of the Kubernetes API in the one form in which names hold addresses. */
  static Optional<String> canonicalAddress(String text) {
    if (!ADDRESS.matcher(text).matches()) {
      return Optional.empty(); // "None" of a headless Service, or nothing
    }
    try {
      InetAddress address = InetAddress.getByName(text);
      return Optional.of(SubjectAlternativeName.ipAddress(address).value());
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }
}
