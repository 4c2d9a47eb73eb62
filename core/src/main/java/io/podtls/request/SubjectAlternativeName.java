package io.podtls.request;

import static java.util.Objects.requireNonNull;

import java.net.IDN;
import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One subject alternative name (RFC 5280 4.2.1.6) in canonical form, so that two ways to write one
 * name are equal.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class SubjectAlternativeName {

  /** The kinds that a request can carry, which are those that Kubernetes' signers copy. */
  public enum Kind {
    /** A host name. */
    DNS("DNS"),
    /** An IPv4 or IPv6 address. */
    IP_ADDRESS("IP"),
    /** A URI, e.g. a SPIFFE ID. */
    URI("URI"),
    /** A mail address. */
    EMAIL("email");

    private final String prefix;

    Kind(String prefix) {
      this.prefix = prefix;
    }
  }

  private static final int MAX_DNS_NAME = 253;
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");
  private static final Pattern PORT = Pattern.compile("[0-9]*");
  // RFC 5321 4.1.2 without quoted strings, which many readers refuse.
  private static final Pattern LOCAL_PART =
      Pattern.compile("[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*");

  private final Kind kind;
  private final String value;

  private SubjectAlternativeName(Kind kind, String value) {
    this.kind = kind;
    this.value = value;
  }

  /**
   * A host name, in lower case; international labels become A-labels (RFC 3490, by {@link IDN}).
   *
   * @param name e.g. {@code orders.shop.svc}, {@code *.orders.shop.svc}; the wildcard is the whole
   *     leftmost label (RFC 9525 6.3) and has two or more labels after it; at most 253 characters,
   *     63 per label; no trailing dot
   * @return a name of kind DNS
   * @throws IllegalArgumentException if it is no such name, an address for example
   */
  public static SubjectAlternativeName dns(String name) {
    requireNonNull(name, "name");
    return new SubjectAlternativeName(Kind.DNS, hostName("DNS name", name, true));
  }

  /**
   * An address, written as RFC 5952 has it; a zone ({@code %eth0}) is left out.
   *
   * @param address any address but the unspecified one (0.0.0.0, ::)
   * @return a name of kind IP_ADDRESS
   * @throws IllegalArgumentException if the address is the unspecified one
   */
  public static SubjectAlternativeName ipAddress(InetAddress address) {
    requireNonNull(address, "address");
    if (address.isAnyLocalAddress()) {
      throw new IllegalArgumentException(
          "address is the unspecified address "
              + IpLiterals.format(address)
              + ", which is no peer's; is the pod's IP known yet?");
    }
    return new SubjectAlternativeName(Kind.IP_ADDRESS, IpLiterals.format(address));
  }

  /**
   * A URI, in its ASCII form ({@link URI#toASCIIString()}).
   *
   * <p>What the API server refuses is refused: it parses the names of a request with Go's {@code
   * net/url} and {@code crypto/x509}. Its older versions take some of what is refused here, because
   * newer ones do not or because readers differ on it: more than one {@code @}, more than one colon
   * or a percent sign in a host, a user or a port without a host.
   *
   * @param uri absolute, e.g. {@code spiffe://cluster.local/ns/shop/sa/orders}. If it has a host,
   *     that is in ASCII (A-labels for other scripts), without percent-encoding, zone, empty labels
   *     or a trailing dot; a port is digits
   * @return a name of kind URI
   * @throws IllegalArgumentException if the URI is relative or its host or port malformed
   */
  public static SubjectAlternativeName uri(URI uri) {
    requireNonNull(uri, "uri");
    if (!uri.isAbsolute()) {
      throw new IllegalArgumentException(
          "URI \"" + uri + "\" has no scheme; write for example spiffe://cluster.local/ns/shop");
    }
    String authority = uri.getRawAuthority();
    if (authority != null) {
      checkAuthority(uri, authority);
    }
    return new SubjectAlternativeName(Kind.URI, uri.toASCIIString());
  }

  /** {@code [userinfo@]host[:port]} (RFC 3986 3.2), as Go reads it. */
  private static void checkAuthority(URI uri, String authority) {
    int at = authority.indexOf('@');
    if (at != authority.lastIndexOf('@')) {
      throw refused("URI", uri.toString(), "has more than one '@' before its path");
    }
    String hostAndPort = authority.substring(at + 1);
    // An IPv6 address in brackets; that it is one, the JDK has checked.
    int hostEnd = hostAndPort.startsWith("[") ? hostAndPort.indexOf(']') : 0;
    int colon = hostAndPort.indexOf(':', hostEnd);
    String host = colon < 0 ? hostAndPort : hostAndPort.substring(0, colon);
    String port = colon < 0 ? "" : hostAndPort.substring(colon + 1);
    if (!PORT.matcher(port).matches()) {
      throw refused("URI", uri.toString(), "has the port \"" + port + "\", which is no number");
    }
    if (host.isEmpty()) {
      throw refused("URI", uri.toString(), "has a user or a port and no host");
    }
    if (!host.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      throw refused(
          "URI",
          uri.toString(),
          "has a host that is not ASCII; write it in A-labels, as in xn--bcher-kva.example");
    }
    if (host.indexOf('%') >= 0) {
      throw refused("URI", uri.toString(), "has a percent sign in its host");
    }
    if (host.startsWith(".") || host.endsWith(".") || host.contains("..")) {
      throw refused("URI", uri.toString(), "has an empty label in its host");
    }
  }

  /**
   * A mail address; the part after the at sign as in {@link #dns(String)}, without a wildcard.
   *
   * @param address e.g. {@code orders@example.com}; the part before the at sign in ASCII, without
   *     quotes, and its case counts
   * @return a name of kind EMAIL
   * @throws IllegalArgumentException if it is no such address
   */
  public static SubjectAlternativeName email(String address) {
    requireNonNull(address, "address");
    int at = address.lastIndexOf('@');
    if (at < 1 || at > 64 || !LOCAL_PART.matcher(address.substring(0, at)).matches()) {
      throw new IllegalArgumentException(
          "mail address \"" + address + "\" is not of the form orders@example.com, in ASCII");
    }
    String domain = hostName("mail address's domain", address.substring(at + 1), false);
    return new SubjectAlternativeName(Kind.EMAIL, address.substring(0, at + 1) + domain);
  }

  private static String hostName(String what, String name, boolean wildcardAllowed) {
    if (name.isBlank()) {
      throw new IllegalArgumentException(what + " is empty");
    }
    if (IpLiterals.isLiteral(name)) {
      throw refused(what, name, "is an address; give it as an IP address instead");
    }
    if (name.endsWith(".")) {
      throw refused(what, name, "ends with a dot, which names in certificates do not have");
    }
    boolean wildcard = name.startsWith("*.");
    if (wildcard && !wildcardAllowed) {
      throw refused(what, name, "has a wildcard, which belongs into DNS names only");
    }
    String ascii = toAscii(what, name, wildcard ? name.substring(2) : name);
    String[] labels = ascii.split("\\.", -1);
    for (String label : labels) {
      checkLabel(what, name, label);
    }
    if (wildcard && labels.length < 2) {
      throw refused(what, name, "needs two or more labels after the wildcard");
    }
    if (NUMBER.matcher(labels[labels.length - 1]).matches()) {
      throw refused(what, name, "ends with a number, so readers take it for an IPv4 address");
    }
    String result = wildcard ? "*." + ascii : ascii;
    if (result.length() > MAX_DNS_NAME) {
      throw refused(
          what,
          result.substring(0, 60) + "...",
          "has " + result.length() + " characters, at most " + MAX_DNS_NAME + " are allowed");
    }
    return result;
  }

  private static String toAscii(String what, String name, String withoutWildcard) {
    if (withoutWildcard.chars().allMatch(c -> c < 0x80)) {
      return withoutWildcard.toLowerCase(Locale.ROOT);
    }
    try {
      return IDN.toASCII(withoutWildcard, IDN.USE_STD3_ASCII_RULES).toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          what + " \"" + name + "\" cannot be written in A-labels: " + e.getMessage(), e);
    }
  }

  private static void checkLabel(String what, String name, String label) {
    if (label.isEmpty()) {
      throw refused(what, name, "has an empty label");
    }
    if (label.indexOf('*') >= 0) {
      throw refused(
          what,
          name,
          "has a wildcard that is not its whole leftmost label, as in *.orders.shop.svc");
    }
    if (label.length() > 63) {
      throw refused(
          what, name, "has a label of " + label.length() + " characters, at most 63 are allowed");
    }
    if (!Labels.isLabel(label)) {
      throw refused(
          what,
          name,
          "has the label \""
              + label
              + "\"; a label is letters, digits and '-', and starts and ends with a letter or"
              + " digit, as in orders.shop.svc");
    }
  }

  private static IllegalArgumentException refused(String what, String name, String why) {
    return new IllegalArgumentException(what + " \"" + name + "\" " + why);
  }

  /** {@return the kind of name} */
  public Kind kind() {
    return kind;
  }

  /**
   * {@return the name in its textual form: A-labels in lower case for DNS, the canonical form (RFC
   * 5952) for an address}
   */
  public String value() {
    return value;
  }

  /** Names are equal if their kinds and canonical forms are. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SubjectAlternativeName name
        && kind == name.kind
        && value.equals(name.value);
  }

  @Override
  public int hashCode() {
    return 31 * kind.hashCode() + value.hashCode();
  }

  /** {@return kind and name, e.g. {@code DNS:orders.shop.svc} or {@code IP:10.0.34.2}} */
  @Override
  public String toString() {
    return kind.prefix + ":" + value;
  }
}
