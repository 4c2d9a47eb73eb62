package io.podtls.identity;

import java.security.GeneralSecurityException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Who issued whom, and how to call it in a message. */
final class Certificates {
  private Certificates() {}

  private static final int NAMES_SHOWN = 8;

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

  static boolean isSelfSigned(X509Certificate certificate) {
    return issued(certificate, certificate);
  }

  static boolean hasIssuersName(X509Certificate candidate, X509Certificate certificate) {
    return candidate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
  }

  static boolean issued(X509Certificate issuer, X509Certificate certificate) {
    if (!hasIssuersName(issuer, certificate)) {
      return false;
    }
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException otherKey) {
      return false;
    }
  }

  /**
   * Those of the candidates that issued the certificate. Where many have the issuer's name, those
   * that have its key identifier too are tried first, and the others only if none of them did.
   */
  static List<X509Certificate> issuers(
      X509Certificate certificate, Collection<X509Certificate> candidates) {
    List<X509Certificate> named =
        candidates.stream().filter(candidate -> hasIssuersName(candidate, certificate)).toList();
    if (named.size() > 1) {
      Optional<byte[]> key = KeyIdentifiers.ofIssuer(certificate);
      if (key.isPresent()) {
        List<X509Certificate> likely =
            named.stream().filter(candidate -> KeyIdentifiers.has(candidate, key.get())).toList();
        List<X509Certificate> issuers = verified(certificate, likely);
        if (!issuers.isEmpty()) {
          return issuers;
        }
        Set<X509Certificate> others = new LinkedHashSet<>(named);
        likely.forEach(others::remove);
        return verified(certificate, others);
      }
    }
    return verified(certificate, named);
  }

  private static List<X509Certificate> verified(
      X509Certificate certificate, Collection<X509Certificate> candidates) {
    List<X509Certificate> issuers = new ArrayList<>();
    for (X509Certificate candidate : candidates) {
      if (issued(candidate, certificate)) {
        issuers.add(candidate);
      }
    }
    return issuers;
  }
}
