package io.podtls;

import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome;
import io.podtls.trust.TrustBundle;
import java.time.Duration;
import java.time.Instant;

/** Hears what happens. Every method does nothing by default; exceptions are caught and logged. */
public interface PodTlsListener {
  default void requested(CertificateRequest request) {}

  /** Called when the stage changes and from time to time while it does not. */
  default void pending(SigningOutcome.Pending pending) {}

  default void issued(TlsIdentity identity, Instant nextRenewal) {}

  default void renewed(TlsIdentity previous, TlsIdentity current, Instant nextRenewal) {}

  default void failed(PodTlsException failure, Instant nextAttempt) {}

  default void trustChanged(TrustBundle previous, TrustBundle current) {}

  default void nearExpiry(TlsIdentity identity, Duration left) {}

  default void expired(TlsIdentity identity) {}
}
