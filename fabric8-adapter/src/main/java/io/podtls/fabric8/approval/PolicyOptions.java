package io.podtls.fabric8.approval;

import io.podtls.request.KeyUsage;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * The options of a {@link PodBoundPolicy}.
 *
 * @param addressExpiration the longest lifetime of a certificate with IP addresses, empty if these
 *     are not allowed
 */
record PolicyOptions(
    String clusterDomain,
    Set<ServiceNameForm> serviceNameForms,
    Set<KeyUsage> usages,
    Duration maxExpiration,
    boolean unsetExpiration,
    Optional<Duration> addressExpiration,
    Optional<String> spiffeTrustDomain,
    Set<String> extensions,
    Set<String> annotations,
    NameRule nameRule) {}
