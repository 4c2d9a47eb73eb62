/**
 * The Kubernetes API as podtls needs it: requests submitted to {@code certificates.k8s.io/v1} and
 * watched, trust bundles read from ConfigMaps and ClusterTrustBundles, and an administrator's view
 * of requests.
 *
 * <p>On the module path this is the automatic module {@code io.podtls.fabric8}, which cannot say
 * what it needs itself: the application's module also {@code requires java.net.http}.
 */
@NullMarked
package io.podtls.fabric8;

import org.jspecify.annotations.NullMarked;
