package io.podtls.request;

import java.net.InetAddress;
import java.net.URI;

/** One subject alternative name (RFC 5280 4.2.1.6). */
public final class SubjectAlternativeName {
  /** The kinds that a request can carry. */
  public enum Kind {
    DNS,
    IP_ADDRESS,
    URI,
    EMAIL
  }

  private final Kind kind;
  private final String value;

  private SubjectAlternativeName(Kind kind, String value) {
    this.kind = kind;
    this.value = value;
  }

  public static SubjectAlternativeName dns(String name) {
    return new SubjectAlternativeName(Kind.DNS, name);
  }

  public static SubjectAlternativeName ipAddress(InetAddress address) {
    return new SubjectAlternativeName(Kind.IP_ADDRESS, address.getHostAddress());
  }

  public static SubjectAlternativeName uri(URI uri) {
    return new SubjectAlternativeName(Kind.URI, uri.toString());
  }

  public static SubjectAlternativeName email(String address) {
    return new SubjectAlternativeName(Kind.EMAIL, address);
  }

  public Kind kind() {
    return kind;
  }

  /** The name in its textual form: A-labels for DNS, the canonical form for an address. */
  public String value() {
    return value;
  }
}
