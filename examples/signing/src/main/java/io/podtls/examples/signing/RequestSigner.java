package io.podtls.examples.signing;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.fabric8.approval.RequestWatch;
import io.podtls.fabric8.approval.Requester;
import io.podtls.fabric8.approval.WatchedRequest;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Answers one approved request: with a certificate, or with the condition Failed and the reason.
 *
 * <p>A failure of the API or of the CA is thrown and can be retried. Everything that is wrong with
 * the request is answered with Failed.
 *
 * <p><b>Thread safety:</b> safe for use by many threads.
 */
final class RequestSigner {
  private static final Logger LOG = System.getLogger(SigningController.class.getName());
  private static final int UNPROCESSABLE = 422;
  private static final Set<String> FINISHED = Set.of("Succeeded", "Failed");
  private static final String POD_NAME = "authentication.kubernetes.io/pod-name";

  private final KubernetesClient client;
  private final SigningRules rules;
  private final Supplier<Optional<CertificateAuthority>> authority;
  private final InstantSource clock;
  private final AtomicLong signed = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  RequestSigner(
      KubernetesClient client,
      SigningRules rules,
      Supplier<Optional<CertificateAuthority>> authority,
      InstantSource clock) {
    this.client = client;
    this.rules = rules;
    this.authority = authority;
    this.clock = clock;
  }

  long signed() {
    return signed.get();
  }

  long refused() {
    return refused.get();
  }

  /**
   * Signs or refuses a request, and writes that into its status.
   *
   * @param watched the request as it is now
   * @param requests writes the condition Failed
   * @throws KubernetesClientException if the API server does not take the answer
   * @throws IllegalStateException if there is no CA that can sign now
   */
  void answer(WatchedRequest watched, RequestWatch requests) {
    CertificateSigningRequest csr = watched.csr();
    CertificateAuthority current =
        authority
            .get()
            .orElseThrow(() -> new IllegalStateException("there is no CA to sign with yet"));
    try {
      if (watched.tooLarge().isPresent()) {
        throw new RequestRefusedException(watched.tooLarge().get());
      }
      ApprovedRequest request = ApprovedRequest.read(csr);
      requireLivingPod(request.requester());
      List<X509Certificate> chain = current.sign(request, rules.longest(), clock.instant());
      write(csr, chain);
      signed.incrementAndGet();
      X509Certificate leaf = chain.get(0);
      LOG.log(
          Level.INFO,
          () ->
              "%s signed: serial %s, valid until %s"
                  .formatted(
                      watched,
                      leaf.getSerialNumber().toString(16),
                      leaf.getNotAfter().toInstant()));
    } catch (RequestRefusedException e) {
      if (requests.fail(watched, "SignerValidationFailure", e.reason())) {
        refused.incrementAndGet();
        LOG.log(Level.INFO, () -> "%s refused: %s".formatted(watched, e.reason()));
      }
    }
  }

  /** Checks that the pod that was approved is still there, if the request was made by one. */
  private void requireLivingPod(Requester requester) throws RequestRefusedException {
    if (!requester.extra().containsKey(POD_NAME)) {
      return;
    }
    Requester.BoundPod bound =
        requester
            .pod()
            .orElseThrow(() -> new RequestRefusedException("the requester is no single pod"));
    String namespace =
        requester
            .serviceAccount()
            .orElseThrow(() -> new RequestRefusedException("the requester is no service account"))
            .namespace();
    Pod pod = client.pods().inNamespace(namespace).withName(bound.name()).get();
    String label = "pod " + namespace + "/" + bound.name();
    if (pod == null) {
      throw new RequestRefusedException(label + " made the request and is gone");
    }
    String uid = pod.getMetadata().getUid();
    if (!bound.uid().equals(uid)) {
      throw new RequestRefusedException(
          "%s with uid %s made the request; the pod of that name now has uid %s"
              .formatted(label, bound.uid(), uid));
    }
    if (pod.getMetadata().getDeletionTimestamp() != null) {
      throw new RequestRefusedException(label + " made the request and is being deleted");
    }
    if (pod.getStatus() != null && FINISHED.contains(pod.getStatus().getPhase())) {
      throw new RequestRefusedException(
          label + " made the request and has ended: " + pod.getStatus().getPhase());
    }
  }

  private void write(CertificateSigningRequest csr, List<X509Certificate> chain)
      throws RequestRefusedException {
    byte[] pem = CertificateAuthority.pem(chain).getBytes(StandardCharsets.US_ASCII);
    try {
      // With the version that was read: a conflict (409) if it has changed since.
      client
          .certificates()
          .v1()
          .certificateSigningRequests()
          .resource(
              new CertificateSigningRequestBuilder(csr)
                  .editStatus()
                  .withCertificate(Base64.getEncoder().encodeToString(pem))
                  .endStatus()
                  .build())
          .updateStatus();
    } catch (KubernetesClientException e) {
      if (e.getCode() == UNPROCESSABLE) {
        throw new RequestRefusedException(
            "the API server does not accept the certificate: " + e.getMessage(), e);
      }
      throw e;
    }
  }
}
