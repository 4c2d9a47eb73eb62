package io.podtls.identity;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What certificates say, and what to call them in a message. */
final class Certificates {
  private Certificates() {}

  private static final int NAMES_SHOWN = 8;

  /** A bit of KeyUsage, RFC 5280 4.2.1.3. */
  private static final int KEY_CERT_SIGN = 5;

  static String describe(X509Certificate certificate) {
    return "certificate "
        + name(certificate)
        + " (serial "
        + serial(certificate)
        + ", issued by "
        + issuer(certificate)
        + ")";
  }

  /** The subject; where it is empty, as it may be (RFC 5280 4.1.2.6), the first other name. */
  static String name(X509Certificate certificate) {
    String subject = certificate.getSubjectX500Principal().getName();
    if (!subject.isEmpty()) {
      return subject;
    }
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      if (names != null && !names.isEmpty()) {
        return String.valueOf(names.iterator().next().get(1));
      }
    } catch (CertificateParsingException unreadable) {
      // Falls through to what every certificate has.
    }
    return "serial " + serial(certificate);
  }

  static String issuer(X509Certificate certificate) {
    return certificate.getIssuerX500Principal().getName();
  }

  static String serial(X509Certificate certificate) {
    return certificate.getSerialNumber().toString(16);
  }

  static String names(Collection<X509Certificate> certificates) {
    return certificates.stream()
            .limit(NAMES_SHOWN)
            .map(Certificates::name)
            .collect(Collectors.joining(" | "))
        + (certificates.size() > NAMES_SHOWN
            ? " and " + (certificates.size() - NAMES_SHOWN) + " more"
            : "");
  }

  static boolean hasIssuersName(X509Certificate candidate, X509Certificate certificate) {
    return candidate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
  }

  /**
   * Why TLS peers refuse what the certificate signed although they have it as an anchor, or nothing
   * if they do not. These are the rules of the JDK's trust manager; its path validator, which takes
   * an anchor for a name and a key (RFC 5280 6.1.1), has none. A version 1 certificate says nothing
   * about this and counts as a CA.
   */
  static Optional<String> whyNoAnchor(X509Certificate anchor) {
    if (anchor.getVersion() < 3) {
      return Optional.empty();
    }
    if (anchor.getBasicConstraints() < 0) {
      return Optional.of("is not a CA certificate (RFC 5280 4.2.1.9)");
    }
    boolean[] usages = anchor.getKeyUsage();
    return usages != null && !usages[KEY_CERT_SIGN]
        ? Optional.of("has a key usage without keyCertSign (RFC 5280 4.2.1.3)")
        : Optional.empty();
  }
}
