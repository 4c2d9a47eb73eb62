package io.podtls.supply;

import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome;
import io.podtls.trust.TrustBundle;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Takes the identities that a source supplies and puts them to use.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public interface IdentitySink {

  /** Returns what an identity's chain is verified against. */
  TrustBundle trust();

  /** Returns the longest pause between two attempts: a share of what a bootstrap has left. */
  Duration longestPause();

  /** Returns the identity in use. */
  Optional<TlsIdentity> current();

  /**
   * Puts the identity to use.
   *
   * @param nextRenewal empty if files bring the next one
   * @throws RuntimeException if it is not usable; what was in use stays in use
   */
  void accept(TlsIdentity identity, Instant received, Optional<Instant> nextRenewal);

  /** Reports that a request is about to be submitted. */
  void requested(CertificateRequest request);

  /** Reports that a request waits. */
  void pending(SigningOutcome.Pending pending);

  /** Notes what is awaited, for the message of a bootstrap that times out. */
  void observed(Phase phase, String sentence);

  /** Reports a failure that may pass: it is tried again, also while bootstrapping. */
  void delayed(Throwable failure, Instant nextAttempt);

  /** Reports a failure that ends a bootstrap; a handle that is ready tries again all the same. */
  void refused(Throwable failure, Instant nextAttempt);
}
