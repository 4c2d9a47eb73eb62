/**
 * The Kubernetes API as podtls needs it: requests submitted to {@code certificates.k8s.io/v1} and
 * watched, trust bundles read from ConfigMaps and ClusterTrustBundles, and an administrator's view
 * of requests.
 */
@NullMarked
package io.podtls.fabric8;

import org.jspecify.annotations.NullMarked;
