package io.podtls.examples.signing;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.NameConstraintValidatorException;
import org.bouncycastle.asn1.x509.PKIXNameConstraintValidator;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;

/**
 * The names that a certificate authority may sign, as the extension NameConstraints of its
 * certificate (RFC 5280 4.2.1.10).
 *
 * <p>OpenSSL and Go enforce the constraints of a root, the JDK only those of intermediates. The
 * authority of this package refuses what its certificates do not permit.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class NameConstraints {
  private static final NameConstraints NONE = new NameConstraints(Optional.empty());

  private final Optional<org.bouncycastle.asn1.x509.NameConstraints> extension;

  private NameConstraints(Optional<org.bouncycastle.asn1.x509.NameConstraints> extension) {
    this.extension = extension;
  }

  /** Returns no constraints. */
  public static NameConstraints none() {
    return NONE;
  }

  /**
   * Returns the constraints to the names of Services: DNS names below {@code svc} and below {@code
   * svc.} and the cluster domain, URIs of the cluster domain such as SPIFFE IDs, no IP addresses
   * and no other e-mail addresses than the cluster domain's.
   *
   * @param domain the domain of the cluster, for example {@code cluster.local}
   */
  public static NameConstraints cluster(String domain) {
    requireNonNull(domain, "domain");
    GeneralSubtree[] permitted = {
      subtree(new GeneralName(GeneralName.dNSName, "svc")),
      subtree(new GeneralName(GeneralName.dNSName, "svc." + domain)),
      subtree(new GeneralName(GeneralName.uniformResourceIdentifier, domain)),
      subtree(new GeneralName(GeneralName.rfc822Name, domain))
    };
    GeneralSubtree[] excluded = {
      subtree(new GeneralName(GeneralName.iPAddress, new DEROctetString(new byte[8]))),
      subtree(new GeneralName(GeneralName.iPAddress, new DEROctetString(new byte[32])))
    };
    return new NameConstraints(
        Optional.of(new org.bouncycastle.asn1.x509.NameConstraints(permitted, excluded)));
  }

  /** Reads the constraints of a certificate. */
  static NameConstraints of(X509Certificate certificate) {
    byte[] value = certificate.getExtensionValue(Extension.nameConstraints.getId());
    try {
      return value == null
          ? NONE
          : new NameConstraints(
              Optional.of(
                  org.bouncycastle.asn1.x509.NameConstraints.getInstance(
                      JcaX509ExtensionUtils.parseExtensionValue(value))));
    } catch (IOException e) {
      throw new IllegalStateException("the name constraints of the CA cannot be read", e);
    }
  }

  private static GeneralSubtree subtree(GeneralName base) {
    return new GeneralSubtree(base);
  }

  /** Adds the extension, if there are constraints. */
  void addTo(X509v3CertificateBuilder builder) throws IOException {
    if (extension.isPresent()) {
      builder.addExtension(Extension.nameConstraints, true, extension.orElseThrow());
    }
  }

  /** Refuses a request for a name that is not permitted. */
  void check(ApprovedRequest request) throws RequestRefusedException {
    if (extension.isEmpty() || request.names().isEmpty()) {
      return;
    }
    PKIXNameConstraintValidator validator = new PKIXNameConstraintValidator();
    if (extension.orElseThrow().getPermittedSubtrees() != null) {
      validator.intersectPermittedSubtree(extension.orElseThrow().getPermittedSubtrees());
    }
    if (extension.orElseThrow().getExcludedSubtrees() != null) {
      Arrays.stream(extension.orElseThrow().getExcludedSubtrees())
          .forEach(validator::addExcludedSubtree);
    }
    for (GeneralName name : request.names().orElseThrow().getNames()) {
      try {
        validator.checkPermitted(name);
        validator.checkExcluded(name);
      } catch (NameConstraintValidatorException | RuntimeException e) {
        throw new RequestRefusedException(
            "the name constraints of the CA do not permit the name " + name, e);
      }
    }
  }
}
