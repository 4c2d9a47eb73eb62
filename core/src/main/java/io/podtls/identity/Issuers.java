package io.podtls.identity;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which certificate issued which, by name and by signature. One object is for one search: it
 * remembers answers, and stops verifying when the search has cost too many signatures.
 */
final class Issuers {

  /**
   * 200 anchors of one name without key identifiers, and a chain below them. A P-256 signature
   * takes about a millisecond to verify, and the certificates may be made to cost as much as
   * possible.
   */
  static final int MOST_SIGNATURES = 300;

  private record Pair(X509Certificate issuer, X509Certificate certificate) {}

  private final Map<Pair, Boolean> known = new HashMap<>();
  private int signatures;

  /** Whether the search may verify so many more signatures; counts them. */
  boolean mayVerify(int count) {
    if (signatures + count > MOST_SIGNATURES) {
      signatures = MOST_SIGNATURES;
      return false;
    }
    signatures += count;
    return true;
  }

  /** Whether answers may be wrong because the search was too expensive. */
  boolean exhausted() {
    return signatures == MOST_SIGNATURES;
  }

  boolean isSelfSigned(X509Certificate certificate) {
    return issued(certificate, certificate);
  }

  boolean issued(X509Certificate issuer, X509Certificate certificate) {
    return Certificates.hasIssuersName(issuer, certificate)
        && known.computeIfAbsent(
            new Pair(issuer, certificate), pair -> mayVerify(1) && verifies(pair));
  }

  private static boolean verifies(Pair pair) {
    try {
      pair.certificate.verify(pair.issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException otherKey) {
      return false;
    }
  }

  /**
   * Returns those of the candidates that issued the certificate. Where several have the issuer's
   * name, those that have its key identifier too are tried first, and the others only if none of
   * them did.
   */
  List<X509Certificate> of(X509Certificate certificate, Collection<X509Certificate> candidates) {
    List<X509Certificate> named =
        candidates.stream()
            .filter(candidate -> Certificates.hasIssuersName(candidate, certificate))
            .toList();
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

  private List<X509Certificate> verified(
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
