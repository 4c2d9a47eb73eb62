package io.podtls.identity;

import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.failure.InvalidCertificateException.Violation;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Path from a leaf to an anchor. The search is done here, so that a message can say where it ends;
 * whether it is valid, the JDK's PKIX validator decides (RFC 5280 6, without revocation).
 */
final class PathToTrust {

  // Cross-signed certificates multiply the ways; real chains need a few steps.
  private static final int MAX_STEPS = 64;

  private final X509Certificate leaf;
  private final List<X509Certificate> given;
  private final Set<X509Certificate> anchors;
  private final Instant now;
  private final Issuers issuers;
  private int steps;
  private @Nullable String invalid;
  private final List<Violation> violations = new ArrayList<>();
  private List<X509Certificate> chain = List.of();
  private @Nullable X509Certificate anchor;

  private PathToTrust(
      X509Certificate leaf,
      List<X509Certificate> given,
      Set<X509Certificate> anchors,
      Instant now,
      Issuers issuers) {
    this.leaf = leaf;
    this.given = given;
    this.anchors = anchors;
    this.now = now;
    this.issuers = issuers;
  }

  /**
   * @param given the leaf and whatever came with it, in any order
   */
  static PathToTrust search(
      X509Certificate leaf,
      List<X509Certificate> given,
      Set<X509Certificate> anchors,
      Instant now) {
    Issuers issuers = new Issuers();
    PathToTrust path = new PathToTrust(leaf, given, anchors, now, issuers);
    Optional<List<X509Certificate>> trusted = path.extend(List.of(leaf));
    List<X509Certificate> ordered = inOrder(trusted.orElse(List.of(leaf)), given, issuers);
    if (trusted.isEmpty()) {
      path.explain(ordered);
    }
    path.chain = withoutSelfSignedTop(ordered, issuers);
    return path;
  }

  /** The leaf and its issuers among those given; the first one where there are several. */
  static List<X509Certificate> inOrder(X509Certificate leaf, List<X509Certificate> given) {
    Issuers issuers = new Issuers();
    return withoutSelfSignedTop(inOrder(List.of(leaf), given, issuers), issuers);
  }

  private static List<X509Certificate> inOrder(
      List<X509Certificate> start, List<X509Certificate> given, Issuers issuers) {
    List<X509Certificate> ordered = new ArrayList<>(start);
    List<X509Certificate> left = new ArrayList<>(given);
    left.removeAll(start);
    while (!issuers.isSelfSigned(last(ordered))) {
      List<X509Certificate> found = issuers.of(last(ordered), left);
      if (found.isEmpty()) {
        break;
      }
      // Before the anchor itself, a bridge to another one: some peers may have that one only.
      X509Certificate next =
          found.stream()
              .filter(issuer -> !issuers.isSelfSigned(issuer))
              .findFirst()
              .orElse(found.get(0));
      ordered.add(next);
      left.remove(next);
    }
    return List.copyOf(ordered);
  }

  private static List<X509Certificate> withoutSelfSignedTop(
      List<X509Certificate> ordered, Issuers issuers) {
    return ordered.size() > 1 && issuers.isSelfSigned(last(ordered))
        ? ordered.subList(0, ordered.size() - 1)
        : ordered;
  }

  private static X509Certificate last(List<X509Certificate> certificates) {
    return certificates.get(certificates.size() - 1);
  }

  /** Depth first: the shortest valid way that starts like this. */
  private Optional<List<X509Certificate>> extend(List<X509Certificate> way) {
    if (++steps > MAX_STEPS) {
      return Optional.empty();
    }
    X509Certificate top = last(way);
    if (anchors.contains(top)) {
      return way.size() == 1 || isValid(way.subList(0, way.size() - 1), top)
          ? ending(way, top)
          : Optional.empty();
    }
    for (X509Certificate anchor : issuers.of(top, anchors)) {
      if (isValid(way, anchor)) {
        return ending(way, anchor);
      }
    }
    List<X509Certificate> left = new ArrayList<>(given);
    left.removeAll(way);
    for (X509Certificate issuer : issuers.of(top, left)) {
      if (issuers.isSelfSigned(issuer)) {
        continue; // An end, and were it trusted, it would have been among the anchors.
      }
      List<X509Certificate> longer = new ArrayList<>(way);
      longer.add(issuer);
      Optional<List<X509Certificate>> trusted = extend(longer);
      if (trusted.isPresent()) {
        return trusted;
      }
    }
    return Optional.empty();
  }

  private Optional<List<X509Certificate>> ending(
      List<X509Certificate> way, X509Certificate trusted) {
    anchor = trusted;
    return Optional.of(way);
  }

  private boolean isValid(List<X509Certificate> way, X509Certificate anchor) {
    if (!issuers.mayVerify(way.size())) {
      return false;
    }
    Optional<String> whyNoAnchor = Certificates.whyNoAnchor(anchor);
    if (whyNoAnchor.isPresent()) {
      invalid(way, anchor, "", "peers refuse this anchor, which " + whyNoAnchor.get());
      return false;
    }
    try {
      CertPath path = CertificateFactory.getInstance("X.509").generateCertPath(way);
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(present(way)));
      CertPathValidator.getInstance("PKIX").validate(path, parameters);
      return true;
    } catch (CertPathValidatorException e) {
      int index = e.getIndex();
      String where = index >= 0 ? " at " + Certificates.name(way.get(index)) : "";
      invalid(way, anchor, where, reason(way, anchor, e));
      return false;
    } catch (UnsupportedOperationException e) {
      // What the JDK does with a name constraint of a kind that it does not know.
      invalid(way, anchor, "", "the JDK cannot check it: " + e.getMessage());
      return false;
    } catch (InvalidAlgorithmParameterException e) {
      throw new IllegalStateException("an anchor was given", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has X.509 and PKIX", e);
    }
  }

  private static String reason(
      List<X509Certificate> way, X509Certificate anchor, CertPathValidatorException refused) {
    X509Certificate top = way.get(way.size() - 1);
    // To the JDK such an anchor is none of those that the way could chain to.
    return KeyIdentifiers.differ(top, anchor)
        ? "the authority key identifier of "
            + Certificates.name(top)
            + " is not the subject key identifier of "
            + Certificates.name(anchor)
        : String.valueOf(refused.getMessage());
  }

  /** Keeps the first reason: it is about the shortest way. */
  private void invalid(
      List<X509Certificate> way, X509Certificate anchor, String where, String reason) {
    if (invalid == null) {
      invalid =
          "the way "
              + way.stream().map(Certificates::name).collect(Collectors.joining(" > "))
              + " > "
              + Certificates.name(anchor)
              + " is not valid"
              + where
              + ": "
              + reason;
    }
  }

  /**
   * The time to validate at: now, moved into the leaf's validity, which is reported by a rule of
   * its own, and past each notBefore that is only a skewed clock away.
   */
  private Instant present(List<X509Certificate> way) {
    Instant time = now;
    Instant latestStart = now.plus(Verification.CLOCK_SKEW);
    for (X509Certificate certificate : way) {
      Instant start = certificate.getNotBefore().toInstant();
      if (start.isAfter(time) && (certificate.equals(leaf) || !start.isAfter(latestStart))) {
        time = start;
      }
    }
    Instant end = leaf.getNotAfter().toInstant();
    return time.isAfter(end) ? end : time;
  }

  private void explain(List<X509Certificate> ordered) {
    if (issuers.exhausted()) {
      violations.add(
          new Violation(
              Rule.PEER_TRUST,
              "no way to the trust bundle was found within "
                  + Issuers.MOST_SIGNATURES
                  + " signatures; do many of the "
                  + given.size()
                  + " certificates that came with it, or of the "
                  + anchors.size()
                  + " in the trust bundle, have one name?"));
      return;
    }
    if (invalid != null) {
      violations.add(new Violation(Rule.PEER_TRUST, invalid));
      return;
    }
    List<X509Certificate> strangers = new ArrayList<>(given);
    strangers.removeAll(ordered);
    if (!strangers.isEmpty()) {
      violations.add(
          new Violation(
              Rule.CHAIN,
              "the chain breaks after "
                  + Certificates.name(last(ordered))
                  + ": none of the others in it, "
                  + Certificates.names(strangers)
                  + ", is its issuer "
                  + Certificates.issuer(last(ordered))));
    }
    violations.add(new Violation(Rule.PEER_TRUST, untrusted(last(ordered))));
  }

  private String untrusted(X509Certificate top) {
    String who =
        top.equals(leaf)
            ? "it was issued by " + Certificates.issuer(top)
            : "its chain ends at "
                + Certificates.name(top)
                + ", issued by "
                + (issuers.isSelfSigned(top) ? "itself" : Certificates.issuer(top));
    long sameName =
        anchors.stream().filter(anchor -> Certificates.hasIssuersName(anchor, top)).count();
    if (sameName > 0) {
      return who
          + "; the trust bundle has "
          + (sameName == 1 ? "a certificate" : sameName + " certificates")
          + " of that name, but with another key (was the CA replaced?)";
    }
    return who
        + ", which is "
        + (anchors.size() == 1
            ? "not the certificate in the trust bundle: "
            : "none of the " + anchors.size() + " certificates in the trust bundle: ")
        + Certificates.names(anchors)
        + (issuers.isSelfSigned(top)
            ? ""
            : "; if " + Certificates.issuer(top) + " is an intermediate, the chain lacks it");
  }

  /** What is wrong with the way; nothing if there is a valid one. */
  List<Violation> violations() {
    return violations;
  }

  /** The trusted certificate that the path ends at; empty if there is no valid path. */
  Optional<X509Certificate> anchor() {
    return Optional.ofNullable(anchor);
  }

  /** The leaf and its issuers, without a self-signed one at the end. */
  List<X509Certificate> chain() {
    return chain;
  }
}
