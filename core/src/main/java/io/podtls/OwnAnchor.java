package io.podtls;

import io.podtls.trust.TrustBundle;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds the certificate of a trust bundle that a chain ends at. */
final class OwnAnchor {
  private OwnAnchor() {}

  /**
   * Returns the anchor, or nothing if the chain does not verify against the bundle.
   *
   * @param at the time to verify for; whether the leaf is valid now is not the question here
   */
  static Optional<X509Certificate> of(List<X509Certificate> chain, TrustBundle bundle, Instant at) {
    X509Certificate leaf = chain.get(0);
    if (bundle.certificates().contains(leaf)) {
      return Optional.of(leaf);
    }
    try {
      Set<TrustAnchor> anchors =
          bundle.certificates().stream()
              .map(certificate -> new TrustAnchor(certificate, null))
              .collect(Collectors.toSet());
      X509CertSelector target = new X509CertSelector();
      target.setCertificate(leaf);
      PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(at));
      parameters.addCertStore(
          CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
      PKIXCertPathBuilderResult path =
          (PKIXCertPathBuilderResult) CertPathBuilder.getInstance("PKIX").build(parameters);
      return Optional.ofNullable(path.getTrustAnchor().getTrustedCert());
    } catch (GeneralSecurityException e) {
      return Optional.empty();
    }
  }
}
