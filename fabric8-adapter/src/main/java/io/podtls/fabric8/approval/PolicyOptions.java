package io.podtls.fabric8.approval;

import io.podtls.request.KeyUsage;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** What a {@link PodBoundPolicy} was told. */
record PolicyOptions(
    String clusterDomain,
    Set<ServiceNameForm> serviceNameForms,
    Set<KeyUsage> usages,
    Duration maxExpiration,
    boolean unsetExpiration,
    int maxNames,
    boolean headlessWildcards,
    Optional<String> spiffeTrustDomain,
    Set<String> extensions,
    NameRule nameRule) {}
