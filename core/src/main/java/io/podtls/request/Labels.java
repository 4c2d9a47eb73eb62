package io.podtls.request;

import java.util.regex.Pattern;

/** DNS labels (RFC 1123 2.1) as Kubernetes writes them: lower case, letters, digits, hyphens. */
final class Labels {
  private Labels() {}

  /** One label, without its limit of length. */
  static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");

  static boolean isLabel(String text) {
    return text.length() <= 63 && LABEL.matcher(text).matches();
  }

  /** Labels separated by dots, at most 253 characters. */
  static boolean isSubdomain(String text) {
    if (text.length() > 253) {
      return false;
    }
    for (String label : text.split("\\.", -1)) {
      if (!isLabel(label)) {
        return false;
      }
    }
    return true;
  }
}
