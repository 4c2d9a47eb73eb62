package io.podtls.supply;

import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.files.FileContents;
import io.podtls.files.StableFiles;
import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Source of identities that another process writes to files: read at each tick, parsed when their
 * bytes change. Files that are missing, broken or turned down leave the identity in use in place.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public final class MountedIdentity implements IdentitySource {

  private static final Logger LOG = System.getLogger("io.podtls");

  /** Files that are deleted and written again are missing for a moment, for less than this. */
  private static final Duration ABSENCE = Duration.ofMinutes(1);

  /** How often an identity that was turned down is offered again. */
  private static final Duration NEXT_OFFER = Duration.ofMinutes(1);

  private static final Duration NEXT_LOOK = Duration.ofSeconds(1);

  /** Below this part of its whole life an identity is not one to rely on. */
  private static final int TENTH = 10;

  private final IdentityFiles files;
  private final StableFiles bytes;
  private final InstantSource clock;
  private final IdentitySink sink;
  private @Nullable FileContents contents;
  private @Nullable TlsIdentity found;
  private Instant nextOffer = Instant.MIN;
  private @Nullable Instant unreadableSince;
  private @Nullable String reported;

  public MountedIdentity(IdentityFiles files, InstantSource clock, IdentitySink sink) {
    List<Path> paths = files.paths();
    this.files = files;
    this.bytes = StableFiles.of(paths.get(0), paths.subList(1, paths.size()).toArray(Path[]::new));
    this.clock = clock;
    this.sink = sink;
  }

  @Override
  public void start() {
    warn();
    tick();
  }

  /** Logs a warning for files whose changes never become visible. */
  void warn() {
    files.warnings().forEach(warning -> LOG.log(Level.WARNING, () -> warning));
  }

  @Override
  public void tick() {
    look();
    offer();
  }

  @Override
  public void trustChanged() {
    nextOffer = Instant.MIN;
  }

  @Override
  public void close() {}

  /** Reads the files if they changed; what was read before stays if they are not usable. */
  void look() {
    try {
      FileContents read = bytes.read();
      if (!read.equals(contents)) {
        found = files.load();
        contents = read;
        nextOffer = Instant.MIN;
        reported = null;
      }
      unreadableSince = null;
    } catch (RuntimeException | Error e) {
      contents = null;
      Instant now = clock.instant();
      if (unreadableSince == null) {
        unreadableSince = now;
      }
      report(e, now.plus(NEXT_LOOK));
    }
  }

  /** Offers the identity in the files to the sink, if it is not in use. */
  void offer() {
    Instant now = clock.instant();
    if (found == null || inUse() || now.isBefore(nextOffer)) {
      return;
    }
    try {
      sink.accept(found, now, Optional.empty());
      reported = null;
    } catch (RuntimeException | Error e) {
      nextOffer = now.plus(NEXT_OFFER);
      report(e, nextOffer);
    }
  }

  /** Whether the files hold, or held a moment ago, an identity that still has time. */
  boolean lasting() {
    if (found == null) {
      return false;
    }
    Instant now = clock.instant();
    Duration life = Duration.between(found.notBefore(), found.notAfter());
    return now.isBefore(found.notAfter().minus(life.dividedBy(TENTH)))
        && (unreadableSince == null || now.isBefore(unreadableSince.plus(ABSENCE)));
  }

  /** Whether the identity in the files is the one in use. */
  boolean inUse() {
    List<X509Certificate> chain = found == null ? List.of() : found.chain();
    return sink.current().filter(current -> current.chain().equals(chain)).isPresent();
  }

  /** Reports a failure once while it stays the same. */
  private void report(Throwable failure, Instant nextAttempt) {
    String reason = failure.toString();
    if (!reason.equals(reported)) {
      reported = reason;
      sink.observed(Phase.READING_INPUTS, "reading " + files.description());
      sink.delayed(failure, nextAttempt);
    }
  }
}
