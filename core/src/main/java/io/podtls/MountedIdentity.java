package io.podtls;

import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.PodTlsException;
import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Identities that somebody else writes to files: looked at with each tick, taken when they change.
 * Files that are gone, broken or turned down leave the identity in use where it is.
 *
 * <p><b>Thread safety:</b> not safe; called by the agenda's tasks only, so by one thread at a time.
 */
final class MountedIdentity implements IdentitySource {

  /** Files deleted and written anew are gone for a moment; longer than this, they are gone. */
  private static final Duration ABSENCE = Duration.ofMinutes(1);

  /** How often an identity that was turned down is offered again. */
  private static final Duration NEXT_OFFER = Duration.ofMinutes(1);

  /** Below this part of its whole life an identity is not one to rely on. */
  private static final int TENTH = 10;

  private final IdentityFiles files;
  private final InstantSource clock;
  private final IdentityKeeper keeper;
  private @Nullable List<X509Certificate> taken;
  private @Nullable List<X509Certificate> turnedDown;
  private Instant nextOffer = Instant.MIN;
  private @Nullable TlsIdentity seen;
  private @Nullable Instant unreadableSince;
  private @Nullable String told;

  MountedIdentity(IdentityFiles files, InstantSource clock, IdentityKeeper keeper) {
    this.files = files;
    this.clock = clock;
    this.keeper = keeper;
  }

  @Override
  public void start() {
    tick();
  }

  @Override
  public void tick() {
    Instant now = clock.instant();
    TlsIdentity found;
    try {
      found = files.load();
    } catch (InvalidMaterialException e) {
      unreadable(e, now);
      return;
    }
    seen = found;
    unreadableSince = null;
    List<X509Certificate> chain = found.chain();
    if (chain.equals(taken) || (chain.equals(turnedDown) && now.isBefore(nextOffer))) {
      return;
    }
    offer(found, now);
  }

  @Override
  public void trustChanged() {
    if (turnedDown != null) {
      nextOffer = Instant.MIN;
      tick();
    }
  }

  @Override
  public void close() {}

  /** Whether the files hold, or held a moment ago, an identity in use that still has time. */
  boolean reliable() {
    if (seen == null || !seen.chain().equals(taken)) {
      return false;
    }
    Instant now = clock.instant();
    Duration life = Duration.between(seen.notBefore(), seen.notAfter());
    return now.isBefore(seen.notAfter().minus(life.dividedBy(TENTH)))
        && (unreadableSince == null || now.isBefore(unreadableSince.plus(ABSENCE)));
  }

  private void offer(TlsIdentity found, Instant now) {
    try {
      keeper.accept(found, now, Instant.MAX);
      taken = found.chain();
      turnedDown = null;
      told = null;
    } catch (RuntimeException e) {
      turnedDown = found.chain();
      nextOffer = now.plus(NEXT_OFFER);
      tell(e, now);
    }
  }

  private void unreadable(PodTlsException failure, Instant now) {
    if (unreadableSince == null) {
      unreadableSince = now;
    }
    tell(failure, now);
  }

  private void tell(RuntimeException failure, Instant now) {
    String reason = String.valueOf(failure.getMessage());
    if (!reason.equals(told)) {
      told = reason;
      keeper.observed(Phase.READING_INPUTS, "reading " + files.description());
      keeper.delayed(failure, now.plus(Duration.ofSeconds(1)));
    }
  }
}
