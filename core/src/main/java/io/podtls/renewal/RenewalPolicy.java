package io.podtls.renewal;

import static java.util.Objects.requireNonNull;

import io.podtls.identity.TlsIdentity;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.time.Duration;
import java.time.Instant;

/**
 * When an identity is renewed: within a window of its usable life, which runs from the moment the
 * certificate was received to its notAfter. The notBefore plays no part, because signers backdate
 * it. {@code io.podtls.supply.RenewalTimer} plans a renewal at that time and starts it.
 *
 * <p>Where in the window is drawn from the certificate itself: uniform over a fleet, and the same
 * each time, after a restart too.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class RenewalPolicy {

  /** The least wait: the lives of certificates under an expiring CA shrink towards zero. */
  private static final Duration LEAST = Duration.ofSeconds(5);

  private static final double UNIT = 0x1.0p-53;

  private final double from;
  private final double to;

  private RenewalPolicy(double from, double to) {
    this.from = from;
    this.to = to;
  }

  /**
   * Returns the default: between 40 and 50 % of usable life. The pod that draws the latest time
   * survives a control plane that is away for half of a certificate's life.
   *
   * @return the policy
   */
  public static RenewalPolicy standard() {
    return new RenewalPolicy(0.40, 0.50);
  }

  /**
   * Returns fewer renewals for less reserve: between 60 and 80 % of usable life.
   *
   * @return the policy
   */
  public static RenewalPolicy frugal() {
    return new RenewalPolicy(0.60, 0.80);
  }

  /**
   * Returns another window.
   *
   * @param from the fraction of usable life at which the window opens, above 0
   * @param to the fraction at which it closes, not below {@code from}, at most 0.9; the same as
   *     {@code from} for no spread at all
   * @return the policy
   * @throws IllegalArgumentException if the fractions are anything else
   */
  public static RenewalPolicy between(double from, double to) {
    if (!(from > 0 && from <= to && to <= 0.9)) {
      throw new IllegalArgumentException(
          "the window is not within 0 < from <= to <= 0.9: from " + from + " to " + to);
    }
    return new RenewalPolicy(from, to);
  }

  /**
   * Returns when the identity is to be renewed.
   *
   * @param identity the identity
   * @param received when its certificate was received
   * @return a point within the window, at least 5 s after {@code received}
   */
  public Instant renewalTime(TlsIdentity identity, Instant received) {
    requireNonNull(identity, "identity");
    requireNonNull(received, "received");
    Duration usable = Duration.between(received, identity.notAfter());
    double fraction = from + (to - from) * draw(identity);
    Duration wait = Duration.ofMillis((long) (Math.max(0, usable.toMillis()) * fraction));
    return received.plus(wait.compareTo(LEAST) < 0 ? LEAST : wait);
  }

  /** A number from 0 to 1 that is as random as the certificate's key, serial and signature are. */
  private static double draw(TlsIdentity identity) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(identity.leaf().getEncoded());
      return (ByteBuffer.wrap(digest).getLong() >>> 11) * UNIT;
    } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate and SHA-256 are always there", e);
    }
  }

  @Override
  public String toString() {
    return "RenewalPolicy[" + from + " to " + to + " of usable life]";
  }
}
