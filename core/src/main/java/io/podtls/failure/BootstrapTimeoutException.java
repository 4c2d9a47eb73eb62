package io.podtls.failure;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The deadline of a bootstrap passed. The message says what it waited for, and for how long.
 *
 * <p>The cause, if there is one, is the last failure met on the way, such as a {@link
 * SignerUnavailableException} or an {@link InvalidMaterialException}.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class BootstrapTimeoutException extends PodTlsException {

  private static final long serialVersionUID = 1L;

  /** What a bootstrap was doing when its time ran out. */
  public enum Phase {
    /** Reading the trust bundle or another local input. */
    READING_INPUTS,
    /** Sending the request, for example creating the CertificateSigningRequest. */
    SUBMITTING,
    /** The request is there and no approver has decided on it. */
    AWAITING_APPROVAL,
    /** The request is approved and carries no certificate yet. */
    AWAITING_ISSUANCE
  }

  private final Phase phase;
  private final Duration waited;
  private final String lastObserved;

  /**
   * Creates the exception.
   *
   * @param phase what was being done
   * @param waited the time spent, from the start of the bootstrap, not negative
   * @param lastObserved what the bootstrap was waiting for, as a sentence: the object and its state
   *     if there is one, and the last failure
   * @param cause the last failure met on the way, or null
   */
  public BootstrapTimeoutException(
      Phase phase, Duration waited, String lastObserved, @Nullable Throwable cause) {
    super("not ready after " + waited.toMillis() / 1000.0 + " s: " + lastObserved, cause);
    this.phase = requireNonNull(phase, "phase");
    this.waited = waited;
    this.lastObserved = requireNonNull(lastObserved, "lastObserved");
  }

  /** Returns what was being done when the time ran out. */
  public Phase phase() {
    return phase;
  }

  /** Returns the time spent, from the start of the bootstrap. */
  public Duration waited() {
    return waited;
  }

  /**
   * Returns what the bootstrap was waiting for, as a sentence: the object and its state if there is
   * one, and the last failure.
   */
  public String lastObserved() {
    return lastObserved;
  }
}
