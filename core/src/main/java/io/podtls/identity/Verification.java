package io.podtls.identity;

import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.failure.InvalidCertificateException.Violation;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SubjectAlternativeName;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.PublicKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Checks of a chain before it is used, which collect what they find. One verification is for one
 * chain and one thread.
 */
final class Verification {

  /** How far ahead a signer's clock may be. */
  static final Duration CLOCK_SKEW = Duration.ofSeconds(60);

  private final List<X509Certificate> given;
  private final X509Certificate leaf;
  private final List<Violation> violations = new ArrayList<>();
  private List<X509Certificate> chain;

  private Verification(List<X509Certificate> given, X509Certificate leaf) {
    this.given = given;
    this.leaf = leaf;
    this.chain = given;
  }

  /** Starts with the leaf that is for the key, wherever it stands; with some leaf if none is. */
  static Verification of(List<X509Certificate> certificates, PublicKey key) {
    List<X509Certificate> given =
        List.copyOf(new LinkedHashSet<>(requireNonNull(certificates, "chain")));
    if (given.isEmpty()) {
      throw new InvalidCertificateException(
          "the issued chain", List.of(new Violation(Rule.CHAIN, "it has no certificate")));
    }
    Optional<X509Certificate> leaf =
        given.stream().filter(certificate -> isFor(certificate, key)).findFirst();
    Verification verification = new Verification(given, leaf.orElseGet(() -> lowest(given)));
    if (leaf.isEmpty()) {
      verification.violation(
          Rule.KEY_MATCH,
          "it is for another key ("
              + Keys.describe(verification.leaf.getPublicKey())
              + ") than the requested one ("
              + Keys.describe(key)
              + ")");
    }
    return verification;
  }

  /** Starts with a chain whose first certificate is known to be for the key. */
  static Verification ofMatching(List<X509Certificate> chain) {
    return new Verification(chain, chain.get(0));
  }

  /** A certificate that issued none of the others. */
  private static X509Certificate lowest(List<X509Certificate> given) {
    return given.stream()
        .filter(one -> given.stream().noneMatch(other -> Certificates.hasIssuersName(one, other)))
        .findFirst()
        .orElse(given.get(0));
  }

  private static boolean isFor(X509Certificate certificate, PublicKey key) {
    return Arrays.equals(certificate.getPublicKey().getEncoded(), key.getEncoded());
  }

  private void violation(Rule rule, String detail) {
    violations.add(new Violation(rule, detail));
  }

  /** Checks names and usages. */
  Verification asRequested(CertificateRequest request) {
    checkNames(request.subjectAlternativeNames());
    checkUsages(request.usages());
    return this;
  }

  /** Checks that the leaf is for a key of the algorithm asked for. */
  Verification withKeyAsRequested(CertificateRequest request) {
    if (!request.keyAlgorithm().matches(leaf.getPublicKey())) {
      violation(
          Rule.KEY_MATCH,
          "its key is "
              + Keys.describe(leaf.getPublicKey())
              + ", "
              + request.keyAlgorithm()
              + " was asked for");
    }
    return this;
  }

  private void checkNames(List<SubjectAlternativeName> requested) {
    Set<SubjectAlternativeName> present = new LinkedHashSet<>();
    try {
      Collection<List<?>> names = leaf.getSubjectAlternativeNames();
      if (names != null) {
        names.forEach(name -> name(name).ifPresent(present::add));
      }
    } catch (CertificateParsingException e) {
      violation(Rule.SUBJECT_ALTERNATIVE_NAMES, "its names cannot be read: " + e.getMessage());
      return;
    }
    List<SubjectAlternativeName> missing =
        requested.stream().filter(name -> !present.contains(name)).toList();
    if (!missing.isEmpty()) {
      violation(
          Rule.SUBJECT_ALTERNATIVE_NAMES,
          "it lacks the requested names "
              + missing
              + (present.isEmpty() ? " and has none" : ", it has " + present));
    }
  }

  /** A name of {@link X509Certificate#getSubjectAlternativeNames()}, if a request can have it. */
  private static Optional<SubjectAlternativeName> name(List<?> typeAndName) {
    if (!(typeAndName.get(0) instanceof Integer type)
        || !(typeAndName.get(1) instanceof String name)) {
      return Optional.empty();
    }
    try {
      return switch (type) {
        case 1 -> Optional.of(SubjectAlternativeName.email(name));
        case 2 -> Optional.of(SubjectAlternativeName.dns(name));
        case 6 -> Optional.of(SubjectAlternativeName.uri(URI.create(name)));
        // The JDK writes literals here, and a network with its mask, which must not be resolved.
        case 7 ->
            name.indexOf('/') >= 0
                ? Optional.empty()
                : Optional.of(SubjectAlternativeName.ipAddress(InetAddress.getByName(name)));
        default -> Optional.empty();
      };
    } catch (IllegalArgumentException | UnknownHostException noRequestHasIt) {
      return Optional.empty();
    }
  }

  private void checkUsages(Set<KeyUsage> requested) {
    boolean[] bits = leaf.getKeyUsage();
    Set<String> purposes = new LinkedHashSet<>();
    try {
      List<String> extended = leaf.getExtendedKeyUsage();
      if (extended != null) {
        purposes.addAll(extended);
      }
    } catch (CertificateParsingException e) {
      violation(Rule.USAGES, "its extended key usages cannot be read: " + e.getMessage());
      return;
    }
    List<KeyUsage> missing =
        requested.stream()
            .filter(
                usage ->
                    usage.keyUsageBit().isPresent()
                        ? bits == null || !bits[usage.keyUsageBit().getAsInt()]
                        : !purposes.contains(usage.extendedKeyUsage().orElseThrow()))
            .toList();
    if (!missing.isEmpty()) {
      violation(
          Rule.USAGES,
          "it lacks the requested usages " + missing + ", it has " + usages(bits, purposes));
    }
  }

  private static List<String> usages(boolean[] bits, Set<String> purposes) {
    Set<String> unnamed = new LinkedHashSet<>(purposes);
    List<String> names = new ArrayList<>();
    for (KeyUsage usage : KeyUsage.values()) {
      boolean bitSet =
          usage != KeyUsage.SIGNING
              && bits != null
              && usage.keyUsageBit().isPresent()
              && bits[usage.keyUsageBit().getAsInt()];
      boolean named = usage.extendedKeyUsage().filter(unnamed::remove).isPresent();
      if (bitSet || named) {
        names.add(usage.apiName());
      }
    }
    names.addAll(unnamed);
    return names;
  }

  /** Checks validity, and that the leaf is not a CA. */
  Verification usableAt(Instant now) {
    Instant notBefore = leaf.getNotBefore().toInstant();
    Instant notAfter = leaf.getNotAfter().toInstant();
    if (now.plus(CLOCK_SKEW).isBefore(notBefore)) {
      violation(
          Rule.VALIDITY,
          "it is valid from " + notBefore + " only and now is " + now + "; is a clock wrong?");
    }
    if (now.isAfter(notAfter)) {
      violation(Rule.VALIDITY, "it expired at " + notAfter + " and now is " + now);
    }
    if (leaf.getBasicConstraints() >= 0) {
      violation(Rule.NOT_A_CA, "it is a CA certificate, which no workload should hold");
    }
    return this;
  }

  /** Puts the chain in order and checks that it leads to an anchor. */
  Verification trustedBy(Set<X509Certificate> anchors, Instant now) {
    PathToTrust path = PathToTrust.search(leaf, given, anchors, now);
    violations.addAll(path.violations());
    chain = path.chain();
    return this;
  }

  /**
   * Returns the chain as peers want it: the leaf, then each one's issuer.
   *
   * @throws InvalidCertificateException if a check failed
   */
  List<X509Certificate> chain() {
    if (!violations.isEmpty()) {
      throw new InvalidCertificateException(Certificates.describe(leaf), violations);
    }
    return chain;
  }
}
