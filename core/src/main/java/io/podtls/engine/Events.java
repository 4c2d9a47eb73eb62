package io.podtls.engine;

import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.PeerNames;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome.Pending;
import io.podtls.trust.TrustBundle;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Receives what happens to a handle. Implementations throw nothing.
 *
 * <p><b>Thread safety:</b> called by tasks of the queue only, so by one thread at a time.
 */
public interface Events {

  /** A request is about to be submitted: with a new key, or one that was kept. */
  void requested(CertificateRequest request);

  /** A request waits for its approver or its signer. */
  void pending(Pending pending);

  /** The first identity is in use; without a next renewal if files bring the next one. */
  void issued(TlsIdentity identity, Optional<Instant> nextRenewal);

  /** Another identity is in use. */
  void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal);

  /** Something failed and will be tried again. */
  void failed(PodTlsException failure, Instant nextAttempt);

  /** Something failed after which nothing will be tried again. */
  void stopped(PodTlsException failure, Instant now);

  /** Another trust bundle is in force. */
  void trustChanged(TrustBundle previous, TrustBundle current);

  /** A tenth of the identity's usable life is left, and it is not renewed. */
  void nearExpiry(TlsIdentity identity, Duration left);

  /** The identity in use has expired. */
  void expired(TlsIdentity identity);

  /** A peer was not let in, which has been logged. */
  void peerRefused(PeerNames names, String reason);

  /** Everything is closed; the last event. */
  void closed();
}
