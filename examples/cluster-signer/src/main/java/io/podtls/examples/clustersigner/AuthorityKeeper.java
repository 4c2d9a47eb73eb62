package io.podtls.examples.clustersigner;

import io.podtls.examples.signing.CertificateAuthority;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Keeps the CA that signs at the moment, and sees to it that what signs is published first.
 *
 * <p>When the source has a new CA, it is published beside the old one at once and signs after
 * {@link RotationTimes#publishAhead()}; until then the old one does. After a restart in between the
 * old key is gone, and requests wait. The old certificate stays published until what it signed has
 * expired.
 */
final class AuthorityKeeper {
  private static final Logger LOG = System.getLogger(AuthorityKeeper.class.getName());
  private static final Duration EXPIRY_WARNING = Duration.ofDays(30);

  private final CaSource source;
  private final Publication publication;
  private final RotationTimes times;
  private final InstantSource clock;
  private volatile Optional<CertificateAuthority> signing = Optional.empty();
  private volatile Instant lastSuccess = Instant.MIN;
  private String lastWarning = "";

  AuthorityKeeper(
      CaSource source, Publication publication, RotationTimes times, InstantSource clock) {
    this.source = source;
    this.publication = publication;
    this.times = times;
    this.clock = clock;
  }

  /**
   * Reads the source and publishes what follows from it. What fails is logged and left as it is.
   */
  synchronized void look() {
    try {
      CertificateAuthority current = source.read();
      Instant now = clock.instant();
      AnchorHistory history = publication.read().signingWith(current.anchor(), now, times);
      publication.publish(history);
      if (history.established(current.anchor(), now, times) && !isSigning(current)) {
        signing = Optional.of(current);
        LOG.log(Level.INFO, () -> "signing with " + current);
      }
      Instant end = current.certificate().getNotAfter().toInstant();
      lastSuccess = now;
      warn(
          now.plus(EXPIRY_WARNING).isAfter(end)
              ? current + " expires at " + end + ": replace it"
              : "");
    } catch (RuntimeException e) {
      warn("cannot keep the CA of " + source.description() + " published: " + e.getMessage());
    }
  }

  /** Says it once, however often it is seen. */
  private void warn(String problem) {
    if (!problem.isEmpty() && !problem.equals(lastWarning)) {
      LOG.log(Level.WARNING, () -> problem);
    }
    lastWarning = problem;
  }

  private boolean isSigning(CertificateAuthority candidate) {
    return signing
        .filter(present -> present.certificate().equals(candidate.certificate()))
        .isPresent();
  }

  /** The CA to sign with now; empty while there is none, or none that is published long enough. */
  Optional<CertificateAuthority> signing() {
    return signing;
  }

  /** When the source was last read and everything published; {@link Instant#MIN} for never. */
  Instant lastSuccess() {
    return lastSuccess;
  }
}
