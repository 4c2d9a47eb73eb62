/**
 * Decides on certificate signing requests: who may have a certificate for which names.
 *
 * <p>{@link io.podtls.fabric8.approval.ApprovalPolicy} judges one request, {@link
 * io.podtls.fabric8.approval.PodBoundPolicy} does so by the very pod that asks, and {@link
 * io.podtls.fabric8.approval.CertificateApprover} applies a policy to every request of a signer.
 */
@NullMarked
package io.podtls.fabric8.approval;

import org.jspecify.annotations.NullMarked;
