package io.podtls;

import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.PeerNames;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome;
import io.podtls.trust.TrustBundle;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Receives the events of a handle. Every method does nothing by default.
 *
 * <p>Calls come one at a time, from the thread that does the handle's work: a listener that blocks
 * holds up renewal. What it throws is caught and logged.
 *
 * <p><b>Thread safety:</b> calls come one after the other, but not always from the same thread if
 * the handle runs on the caller's scheduler.
 */
public interface PodTlsListener {

  /**
   * Called when a request is about to be submitted: with a new key, or one that was kept.
   *
   * @param request the request
   */
  default void requested(CertificateRequest request) {}

  /**
   * Called when a request waits for its approver or its signer: when that changes, and about every
   * half minute while it does not.
   *
   * @param pending what is awaited, since when, and what would move it
   */
  default void pending(SigningOutcome.Pending pending) {}

  /**
   * Called when the first identity is in use.
   *
   * @param identity the identity
   * @param nextRenewal when the next one will be requested; empty if it comes from files
   */
  default void issued(TlsIdentity identity, Optional<Instant> nextRenewal) {}

  /**
   * Called when another identity is in use: the next handshake shows it.
   *
   * @param previous the identity until now
   * @param current the identity from now on
   * @param nextRenewal when the next one will be requested; empty if it comes from files
   */
  default void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {}

  /**
   * Called when something failed and will be tried again; what was in use stays in use.
   *
   * @param failure what failed
   * @param nextAttempt when it will be tried again; the present moment if it will not be, because
   *     the scheduler takes no more tasks
   */
  default void failed(PodTlsException failure, Instant nextAttempt) {}

  /**
   * Called when another trust bundle is in force.
   *
   * @param previous the bundle until now
   * @param current the bundle from now on
   */
  default void trustChanged(TrustBundle previous, TrustBundle current) {}

  /**
   * Called once per identity when a tenth of its usable life is left and it has not been renewed.
   *
   * @param identity the identity in use
   * @param left the time that is left
   */
  default void nearExpiry(TlsIdentity identity, Duration left) {}

  /**
   * Called once per identity when it has expired while in use: peers refuse it. Renewal is still
   * tried.
   *
   * @param identity the identity in use
   */
  default void expired(TlsIdentity identity) {}

  /**
   * Called when a peer is not let in: a client or a server whose chain is trusted and whose names
   * do not match. Called once per minute for one peer and one reason, and for at most 20 of them
   * per minute.
   *
   * @param names the names in the peer's certificate
   * @param reason why it is not let in
   */
  default void peerRefused(PeerNames names, String reason) {}

  /**
   * Called once, as the last event, when the handle is closed or its bootstrap has failed for good:
   * the place to close what was made for this handle alone, such as its signer.
   */
  default void closed() {}

  /**
   * A listener's registration at a handle.
   *
   * <p><b>Thread safety:</b> safe for use by several threads.
   */
  interface Registration extends AutoCloseable {

    /** Ends the registration; a call in progress completes. Idempotent, throws nothing. */
    @Override
    void close();
  }
}
