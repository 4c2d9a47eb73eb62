package io.podtls.supply;

import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome;
import io.podtls.trust.TrustBundle;
import java.time.Instant;
import java.util.Optional;

/**
 * Whoever puts identities to use: what a source of identities needs to know and has to tell.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public interface IdentitySink {

  /** What an identity's chain is to be verified against. */
  TrustBundle trust();

  /** The identity in use. */
  Optional<TlsIdentity> current();

  /**
   * Puts the identity to use.
   *
   * @param nextRenewal empty if somebody else renews it
   * @throws RuntimeException if it cannot be; what was in use stays in use
   */
  void accept(TlsIdentity identity, Instant received, Optional<Instant> nextRenewal);

  /** A request goes out. */
  void requested(CertificateRequest request);

  /** A request waits. */
  void pending(SigningOutcome.Pending pending);

  /** Says where things stand, for a bootstrap that runs out of time. */
  void observed(Phase phase, String sentence);

  /** Something failed that may pass: it is tried again, also while bootstrapping. */
  void delayed(RuntimeException failure, Instant nextAttempt);

  /** Something failed for good: the end of a bootstrap; later, it is tried again all the same. */
  void refused(RuntimeException failure, Instant nextAttempt);
}
