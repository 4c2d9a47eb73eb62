package io.podtls.identity;

import io.podtls.pem.Der;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;

/**
 * The key identifiers in certificates (RFC 5280 4.2.1.1 and 4.2.1.2).
 *
 * <p>A class of its own because they are looked at only where several CAs share a name: a program
 * that does not need them does not wait for Bouncy Castle's signed jar to be verified.
 */
final class KeyIdentifiers {
  private KeyIdentifiers() {}

  /** The identifier of the key that signed the certificate, as far as it says so. */
  static Optional<byte[]> ofIssuer(X509Certificate certificate) {
    return extension(certificate, "2.5.29.35")
        .map(AuthorityKeyIdentifier::getInstance)
        .map(AuthorityKeyIdentifier::getKeyIdentifierOctets);
  }

  /** Whether the certificate says that its own key has this identifier. */
  static boolean has(X509Certificate certificate, byte[] identifier) {
    return extension(certificate, "2.5.29.14")
        .map(SubjectKeyIdentifier::getInstance)
        .map(SubjectKeyIdentifier::getKeyIdentifier)
        .filter(own -> Arrays.equals(own, identifier))
        .isPresent();
  }

  /** Whether both certificates have identifiers and they say that one did not issue the other. */
  static boolean differ(X509Certificate certificate, X509Certificate issuer) {
    return ofIssuer(certificate)
        .filter(identifier -> extension(issuer, "2.5.29.14").isPresent())
        .filter(identifier -> !has(issuer, identifier))
        .isPresent();
  }

  private static Optional<byte[]> extension(X509Certificate certificate, String oid) {
    return Optional.ofNullable(certificate.getExtensionValue(oid))
        .map(value -> ASN1OctetString.getInstance(value).getOctets())
        .filter(value -> Der.problem(value) == null);
  }
}
