package io.podtls;

import io.podtls.failure.PodTlsException;
import io.podtls.signing.SigningOutcome;
import java.time.Instant;
import java.util.Optional;

/**
 * A snapshot of a handle's state, for health endpoints.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class PodTlsStatus {

  private final boolean ready;
  private final long generation;
  private final Optional<Instant> validUntil;
  private final Optional<Instant> nextRenewal;
  private final Optional<SigningOutcome.Pending> pending;
  private final Optional<PodTlsException> lastFailure;

  PodTlsStatus(
      boolean ready,
      long generation,
      Optional<Instant> validUntil,
      Optional<Instant> nextRenewal,
      Optional<SigningOutcome.Pending> pending,
      Optional<PodTlsException> lastFailure) {
    this.ready = ready;
    this.generation = generation;
    this.validUntil = validUntil;
    this.nextRenewal = nextRenewal;
    this.pending = pending;
    this.lastFailure = lastFailure;
  }

  /**
   * Returns whether handshakes can succeed: there is a generation, the handle is not closed, and
   * the certificate, if there is one, is valid now.
   */
  public boolean ready() {
    return ready;
  }

  /** Returns the number of the generation in use, 0 before the first. */
  public long generation() {
    return generation;
  }

  /** Returns the notAfter of the certificate in use, its last valid instant; empty without one. */
  public Optional<Instant> validUntil() {
    return validUntil;
  }

  /**
   * Returns when the next request is submitted, or the next try after a failure; empty while a
   * request is in flight, for identities from files, and after close.
   */
  public Optional<Instant> nextRenewal() {
    return nextRenewal;
  }

  /** Returns the request in flight as it was last seen waiting; empty if there is none. */
  public Optional<SigningOutcome.Pending> pending() {
    return pending;
  }

  /** Returns the last failure since the last success of the same kind; empty if there is none. */
  public Optional<PodTlsException> lastFailure() {
    return lastFailure;
  }

  @Override
  public String toString() {
    return (ready ? "ready" : "not ready")
        + ", generation "
        + generation
        + validUntil.map(at -> ", valid until " + at).orElse("")
        + nextRenewal.map(at -> ", next renewal " + at).orElse("")
        + pending.map(request -> ", pending: " + request.object()).orElse("")
        + lastFailure.map(failure -> ", last failure: " + failure.getMessage()).orElse("");
  }
}
