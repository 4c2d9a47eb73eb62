package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A CertificateSigningRequest as a {@link RequestWatch} read it, bounded in size.
 *
 * <p>It holds at most 64 KiB of {@code spec.request} and 128 KiB each of metadata, spec and status.
 * The metadata comes without {@code managedFields}, which an update may leave out. Of a request
 * that is larger, {@link #tooLarge()} says what was left out; such a request is to be refused.
 *
 * <p>To keep many requests for later, keep their {@link #id()} and {@linkplain
 * RequestWatch#read(RequestId) read} them again.
 *
 * <p><b>Thread safety:</b> safe as long as {@link #csr()} is not changed.
 */
public final class WatchedRequest {

  /** How far a request has come. */
  public enum State {
    /** Neither approved nor denied. */
    PENDING,
    /** Approved, without a certificate. */
    APPROVED,
    /** Approved, with a certificate. */
    ISSUED,
    /** Denied. */
    DENIED,
    /** Failed: the signer refused it. */
    FAILED
  }

  private final CertificateSigningRequest csr;
  private final boolean cut;

  /**
   * Wraps what was read.
   *
   * @param cut whether something was left out
   */
  WatchedRequest(CertificateSigningRequest csr, boolean cut) {
    this.csr = csr;
    this.cut = cut;
  }

  /** {@return the name and the uid} */
  public RequestId id() {
    return new RequestId(csr.getMetadata().getName(), csr.getMetadata().getUid());
  }

  /** {@return the user who created the request} */
  public Requester requester() {
    return new Requester(
        requireNonNullElse(csr.getSpec().getUsername(), ""),
        requireNonNullElse(csr.getSpec().getGroups(), List.<String>of()),
        requireNonNullElse(csr.getSpec().getExtra(), Map.<String, List<String>>of()));
  }

  /** {@return how far the request has come} Denied and Failed win over a certificate. */
  public State state() {
    CertificateSigningRequestStatus status = csr.getStatus();
    if (status == null) {
      return State.PENDING;
    }
    if (has(status, "Denied")) {
      return State.DENIED;
    }
    if (has(status, "Failed")) {
      return State.FAILED;
    }
    boolean certified = status.getCertificate() != null && !status.getCertificate().isEmpty();
    if (certified) {
      return State.ISSUED;
    }
    return has(status, "Approved") ? State.APPROVED : State.PENDING;
  }

  /**
   * {@return why the request is too large to be approved or signed, empty if it is not}
   *
   * <p>The sentence is fit for a condition's message.
   */
  public Optional<String> tooLarge() {
    if (BoundedJson.ELIDED.equals(csr.getSpec().getRequest())) {
      return Optional.of("spec.request is larger than 64 KiB");
    }
    return cut ? Optional.of("the object is larger than podtls reads") : Optional.empty();
  }

  /**
   * {@return the object} If the request is {@link #tooLarge()}, parts of it are missing, and it
   * must not be written back.
   */
  public CertificateSigningRequest csr() {
    return csr;
  }

  /** {@return the name, the signer and the requester, printable} */
  @Override
  public String toString() {
    return text(csr);
  }

  /** The name, the signer and the requester of a request, printable. */
  static String text(CertificateSigningRequest csr) {
    return "csr "
        + Printable.of(csr.getMetadata().getName(), 300)
        + " ("
        + Printable.of(requireNonNullElse(csr.getSpec().getSignerName(), ""), 600)
        + ") of "
        + Printable.of(requireNonNullElse(csr.getSpec().getUsername(), ""), 300);
  }

  private static boolean has(CertificateSigningRequestStatus status, String type) {
    for (CertificateSigningRequestCondition condition : status.getConditions()) {
      if (type.equals(condition.getType()) && !"False".equals(condition.getStatus())) {
        return true;
      }
    }
    return false;
  }
}
