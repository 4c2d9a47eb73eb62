/**
 * The Kubernetes API as a workload needs it: requests submitted to {@code certificates.k8s.io/v1}
 * and watched, and trust bundles read from ConfigMaps and ClusterTrustBundles. Decisions on
 * requests are in {@link io.podtls.fabric8.approval}.
 *
 * <p>On the module path this is the automatic module {@code io.podtls.fabric8}, which cannot say
 * what it needs itself: the application's module also {@code requires java.net.http}.
 */
@NullMarked
package io.podtls.fabric8;

import org.jspecify.annotations.NullMarked;
