package io.podtls.request;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/** Addresses as text, read without ever asking a name service. */
final class IpLiterals {
  private IpLiterals() {}

  private static final Pattern IPV4 =
      Pattern.compile("((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\\.(?!$)|$)){4}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

  /** The address, if the text is one; a zone ({@code %eth0}) means nothing elsewhere and is cut. */
  static Optional<InetAddress> parse(String text) {
    int zone = text.indexOf('%');
    String address = zone < 0 ? text : text.substring(0, zone);
    if (!IPV4.matcher(address).matches() && !IPV6.matcher(address).matches()) {
      return Optional.empty();
    }
    try {
      // With a colon or as a dotted quad it is a literal to the JDK, never a name to resolve.
      return Optional.of(InetAddress.getByName(address));
    } catch (UnknownHostException malformed) {
      return Optional.empty();
    }
  }

  static boolean isLiteral(String text) {
    return parse(text).isPresent();
  }

  /** The address in canonical text: dotted quad, or RFC 5952 4; without a zone. */
  static String format(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == 4 ? address.getHostAddress() : formatIpv6(bytes);
  }

  private static String formatIpv6(byte[] bytes) {
    int[] groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = ((bytes[2 * i] & 0xff) << 8) | (bytes[2 * i + 1] & 0xff);
    }
    int[] run = longestRunOfZeros(groups);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == run[0]) {
        text.append("::");
        i += run[1] - 1;
      } else {
        if (text.length() > 0 && text.charAt(text.length() - 1) != ':') {
          text.append(':');
        }
        text.append(Integer.toHexString(groups[i]));
      }
    }
    return text.toString();
  }

  /** Start and length of the first longest run of two or more zeros (RFC 5952 4.2); -1 if none. */
  private static int[] longestRunOfZeros(int[] groups) {
    int[] best = {-1, 1};
    int length = 0;
    for (int i = 0; i < groups.length; i++) {
      length = groups[i] == 0 ? length + 1 : 0;
      if (length > best[1]) {
        best[0] = i - length + 1;
        best[1] = length;
      }
    }
    return best;
  }
}
