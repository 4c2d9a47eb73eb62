/**
 * Decisions on certificate signing requests: who may have a certificate for which names.
 *
 * <p>An administrator looks at requests and decides on them with {@link
 * io.podtls.fabric8.approval.CertificateSigningRequests}. A program does so with a policy: {@link
 * io.podtls.fabric8.approval.ApprovalPolicy} judges one request, {@link
 * io.podtls.fabric8.approval.PodBoundPolicy} does so by the pod that asks, and {@link
 * io.podtls.fabric8.approval.CertificateApprover} applies a policy to every request of a signer.
 * Signers read approved requests with {@link io.podtls.fabric8.approval.ReviewedRequest}.
 */
@NullMarked
package io.podtls.fabric8.approval;

import org.jspecify.annotations.NullMarked;
