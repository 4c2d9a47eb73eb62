/**
 * A controller that approves certificate signing requests by the pod that makes them, signs them
 * with a CA from a Secret or from files, and publishes that CA.
 *
 * <p>It is for clusters that have no signer of their own, and for trials. It keeps its key in a
 * Secret, has no revocation, and no record of what it issued but its log: where cert-manager, a
 * cloud's signer or a company's CA is available, use that.
 */
@NullMarked
package io.podtls.examples.clustersigner;

import org.jspecify.annotations.NullMarked;
