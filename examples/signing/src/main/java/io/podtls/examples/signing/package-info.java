/**
 * A small certificate authority and the controller that signs approved requests with it.
 *
 * <p>It is for clusters that have no signer. It keeps its key in memory and in a Secret or file,
 * has no revocation and no record of what it issued: where cert-manager, a cloud's signer or a
 * company's CA is available, use that.
 */
@NullMarked
package io.podtls.examples.signing;

import org.jspecify.annotations.NullMarked;
