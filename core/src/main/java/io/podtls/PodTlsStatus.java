package io.podtls;

import io.podtls.failure.PodTlsException;
import io.podtls.signing.SigningOutcome;
import java.time.Instant;
import java.util.Optional;

/**
 * How a running handle stands, for health endpoints.
 *
 * <p><b>Thread safety:</b> immutable.
 *
 * @param ready whether handshakes can succeed: bootstrapped, not closed, and the certificate (if
 *     there is one) valid at this moment
 * @param generation the number of the generation in use, 0 before the first
 * @param validUntil the notAfter of the certificate in use, its last valid instant; empty without
 *     one
 * @param nextRenewal when the next request goes out, or the next try after a failure; empty while a
 *     request is on its way and for identities that somebody else renews
 * @param pending the request on its way as it was last seen waiting, empty if there is none
 * @param lastFailure the last failure since the last success of the same kind, empty if there is
 *     none
 */
public record PodTlsStatus(
    boolean ready,
    long generation,
    Optional<Instant> validUntil,
    Optional<Instant> nextRenewal,
    Optional<SigningOutcome.Pending> pending,
    Optional<PodTlsException> lastFailure) {}
