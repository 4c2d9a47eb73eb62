package io.podtls.failure;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A certificate is not what was asked for or cannot be used. Carries every violation, not the
 * first.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class InvalidCertificateException extends PodTlsException {

  private static final long serialVersionUID = 1L;

  /** What a certificate is checked for before it is used. */
  public enum Rule {
    /** The leaf's public key is the key that was requested for. */
    KEY_MATCH,
    /** Every requested subject alternative name is in the leaf. */
    SUBJECT_ALTERNATIVE_NAMES,
    /** Every requested key usage and extended key usage is in the leaf. */
    USAGES,
    /** The present lies between notBefore and notAfter. */
    VALIDITY,
    /** The leaf is not a CA certificate. */
    NOT_A_CA,
    /** The certificates form one chain that starts at the leaf. */
    CHAIN,
    /** The chain ends at a certificate of the peer trust bundle. */
    PEER_TRUST
  }

  /**
   * One rule that does not hold.
   *
   * @param rule the rule
   * @param detail what was expected and what was found, as a sentence
   */
  public record Violation(Rule rule, String detail) implements java.io.Serializable {
    /** Checks that both parts are there. */
    public Violation {
      requireNonNull(rule, "rule");
      requireNonNull(detail, "detail");
    }
  }

  @SuppressWarnings("serial") // List.copyOf makes serializable lists
  private final List<Violation> violations;

  /**
   * Reports what is wrong with a certificate.
   *
   * @param certificate the certificate in words: subject, serial number, issuer
   * @param violations every rule that does not hold, at least one
   */
  public InvalidCertificateException(String certificate, List<Violation> violations) {
    super(
        requireNonNull(certificate, "certificate")
            + " cannot be used: "
            + violations.stream().map(Violation::detail).collect(Collectors.joining("; ")),
        null);
    if (violations.isEmpty()) {
      throw new IllegalArgumentException("violations is empty");
    }
    this.violations = List.copyOf(violations);
  }

  /** Returns every rule that does not hold, at least one. */
  public List<Violation> violations() {
    return violations;
  }
}
