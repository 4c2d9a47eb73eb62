package io.podtls.examples.clustersigner;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.examples.signing.CertificateAuthority;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The CA that signs at the moment. It is published before it signs.
 *
 * <p>When the source has a new CA, it is published beside the old one at once and signs after
 * {@link RotationTimes#publishAhead()}; until then the old one signs. After a restart in between
 * the old key is gone, and requests wait. The old certificate stays published until what it signed
 * has expired.
 */
final class AuthorityKeeper {
  private static final Logger LOG = System.getLogger(AuthorityKeeper.class.getName());
  private static final Duration EXPIRY_WARNING = Duration.ofDays(30);

  /** Each replica that writes at the same time can cause as many conflicts as it writes objects. */
  private static final int CONFLICTS = 10;

  private final CaSource source;
  private final Publication publication;
  private final RotationTimes times;
  private final InstantSource clock;
  private volatile Optional<CertificateAuthority> signing = Optional.empty();
  private volatile Instant lastSuccess = Instant.MIN;
  private volatile List<String> problems = List.of();
  private Optional<String> expiry = Optional.empty();
  private List<String> warned = List.of();

  AuthorityKeeper(
      CaSource source, Publication publication, RotationTimes times, InstantSource clock) {
    this.source = source;
    this.publication = publication;
    this.times = times;
    this.clock = clock;
  }

  /**
   * Reads the source and publishes what follows from it. A failure is logged and shown by {@link
   * #problems()}; the CA that signs stays. If another replica has written meanwhile, everything is
   * read again at once.
   */
  synchronized void look() {
    try {
      problems = List.copyOf(attempt(CONFLICTS));
    } catch (RuntimeException e) {
      problems =
          List.of(
              "cannot keep the CA of " + source.description() + " published: " + e.getMessage());
    }
    warn(Stream.concat(problems.stream(), expiry.stream()).toList());
  }

  private List<String> attempt(int conflicts) {
    try {
      return read();
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT || conflicts == 0) {
        throw e;
      }
      LOG.log(Level.INFO, () -> "another replica was faster; reading again");
      return attempt(conflicts - 1);
    }
  }

  private List<String> read() {
    CertificateAuthority current = source.read();
    Instant now = clock.instant();
    AnchorHistory history = publication.read().signingWith(current.anchor(), now, times);
    List<String> unpublished = publication.publish(history);
    if (history.established(current.anchor(), now, times) && !isSigning(current)) {
      signing = Optional.of(current);
      LOG.log(Level.INFO, () -> "signing with " + current);
    }
    lastSuccess = now;
    Instant end = current.certificate().getNotAfter().toInstant();
    expiry =
        now.plus(EXPIRY_WARNING).isAfter(end)
            ? Optional.of(current + " expires at " + end + ": replace it")
            : Optional.empty();
    return unpublished;
  }

  /** Logs each problem once for as long as it lasts. */
  private void warn(List<String> seen) {
    seen.stream()
        .filter(problem -> !warned.contains(problem))
        .forEach(problem -> LOG.log(Level.WARNING, () -> problem));
    warned = seen;
  }

  private boolean isSigning(CertificateAuthority candidate) {
    return signing
        .filter(present -> present.certificate().equals(candidate.certificate()))
        .isPresent();
  }

  /** Returns the CA to sign with; empty while there is none that is published for long enough. */
  Optional<CertificateAuthority> signing() {
    return signing;
  }

  /** Returns what was wrong at the last look; empty if the CA is published everywhere. */
  List<String> problems() {
    return problems;
  }

  /** Returns when the source was last read and published; {@link Instant#MIN} for never. */
  Instant lastSuccess() {
    return lastSuccess;
  }
}
