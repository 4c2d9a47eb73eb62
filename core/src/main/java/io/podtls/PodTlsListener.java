package io.podtls;

import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome;
import io.podtls.trust.TrustBundle;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Hears what happens to a running handle. Every method does nothing by default.
 *
 * <p>Calls come one at a time, from the thread that does the handle's work: a listener that blocks
 * holds up renewal. What it throws is caught and logged.
 *
 * <p><b>Thread safety:</b> calls come one after the other, but not always from the same thread if
 * the handle runs on the caller's scheduler.
 */
public interface PodTlsListener {

  /**
   * A new request with a new key is about to go out.
   *
   * @param request what is asked for
   */
  default void requested(CertificateRequest request) {}

  /**
   * A request waits for its approver or its signer. Called when that changes, and each half minute
   * or so while it does not.
   *
   * @param pending what is awaited, since when, and what would move it
   */
  default void pending(SigningOutcome.Pending pending) {}

  /**
   * The first identity is in use.
   *
   * @param identity the identity
   * @param nextRenewal when the next one will be asked for; empty if somebody else renews it
   */
  default void issued(TlsIdentity identity, Optional<Instant> nextRenewal) {}

  /**
   * Another identity is in use: the next handshake shows it.
   *
   * @param previous the identity until now
   * @param current the identity from now on
   * @param nextRenewal when the next one will be asked for; empty if somebody else renews it
   */
  default void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {}

  /**
   * Something failed; what was in use stays in use, and it will be tried again.
   *
   * @param failure what failed
   * @param nextAttempt when it will be tried again; the present moment if it will not be, as the
   *     scheduler takes no more tasks
   */
  default void failed(PodTlsException failure, Instant nextAttempt) {}

  /**
   * Another trust bundle is in force.
   *
   * @param previous the bundle until now
   * @param current the bundle from now on
   */
  default void trustChanged(TrustBundle previous, TrustBundle current) {}

  /**
   * The identity is about to expire and has not been renewed. Called once an identity, with a tenth
   * of its usable life left.
   *
   * @param identity the identity in use
   * @param left the time that is left
   */
  default void nearExpiry(TlsIdentity identity, Duration left) {}

  /**
   * The identity in use has expired: peers refuse it. Called once an identity; renewal goes on
   * being tried.
   *
   * @param identity the identity in use
   */
  default void expired(TlsIdentity identity) {}
}
