package io.podtls.fabric8;

import io.podtls.fabric8.Csr.Condition;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.pem.Pem;
import io.podtls.signing.SigningOutcome;
import io.podtls.signing.SigningOutcome.Stage;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * Where the conditions of a CertificateSigningRequest become an outcome.
 *
 * <p>Denied and Failed come before anything else: a certificate beside them does not count. A
 * certificate counts only with Approved. There is no condition that says issued.
 */
final class CsrOutcome {

  private CsrOutcome() {}

  /** The final outcome, empty while the request waits. */
  static Optional<SigningOutcome> of(Csr csr) {
    Optional<Condition> denied = csr.condition("Denied");
    if (denied.isPresent()) {
      Condition why = denied.get();
      return Optional.of(new SigningOutcome.Denied(csr.object(), why.reason(), why.message()));
    }
    Optional<Condition> failed = csr.condition("Failed");
    if (failed.isPresent()) {
      Condition why = failed.get();
      return Optional.of(new SigningOutcome.Failed(csr.object(), why.reason(), why.message()));
    }
    if (stage(csr) == Stage.AWAITING_APPROVAL || csr.certificate().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(issued(csr));
  }

  /** What a request that waits is waiting for. */
  static Stage stage(Csr csr) {
    return csr.condition("Approved").isPresent()
        ? Stage.AWAITING_ISSUANCE
        : Stage.AWAITING_APPROVAL;
  }

  /** What would move a request that waits. */
  static String advice(Csr csr) {
    return switch (stage(csr)) {
      case AWAITING_APPROVAL ->
          "the decision of an approver for "
              + csr.signerName()
              + "; if there is none, of an administrator: kubectl describe csr "
              + csr.name()
              + ", then kubectl certificate approve "
              + csr.name();
      case AWAITING_ISSUANCE ->
          "a running signer for "
              + csr.signerName()
              + ": the request is approved and has no certificate; kubectl describe csr "
              + csr.name()
              + " shows the signer's events";
    };
  }

  private static SigningOutcome issued(Csr csr) {
    try {
      List<X509Certificate> chain =
          Pem.parse("status.certificate of " + csr.object(), csr.certificate()).certificates();
      return new SigningOutcome.Issued(csr.object(), chain);
    } catch (InvalidMaterialException e) {
      return new SigningOutcome.Failed(
          csr.object(), "InvalidCertificate", String.valueOf(e.getMessage()));
    }
  }
}
