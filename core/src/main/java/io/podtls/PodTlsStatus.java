package io.podtls;

import io.podtls.failure.PodTlsException;
import java.time.Instant;
import java.util.Optional;

/** A snapshot for health endpoints. */
public record PodTlsStatus(
    boolean ready,
    long generation,
    Optional<Instant> validUntil,
    Optional<Instant> nextRenewal,
    Optional<PodTlsException> lastFailure) {}
