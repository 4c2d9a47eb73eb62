package io.podtls.examples.signing;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/**
 * What an approver approved, read from the PKCS#10 (RFC 2986) and the object around it: a key,
 * names, usages and a lifetime. Nothing else of the request gets into a certificate.
 */
final class ApprovedRequest {
  private static final Pattern PKCS10 =
      Pattern.compile(
          "-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\\s]+)-----END CERTIFICATE REQUEST-----");

  private final PublicKey key;
  private final X500Name subject;
  private final @Nullable GeneralNames names;
  private final Usages usages;
  private final @Nullable Duration expiration;

  private ApprovedRequest(
      PublicKey key,
      X500Name subject,
      @Nullable GeneralNames names,
      Usages usages,
      @Nullable Duration expiration) {
    this.key = key;
    this.subject = subject;
    this.names = names;
    this.usages = usages;
    this.expiration = expiration;
  }

  /**
   * Reads a request and checks what an authority must not leave to an approver: that the requester
   * holds the key, that the key is strong enough, and that no CA comes of it.
   */
  static ApprovedRequest parse(String pem, List<String> usages, @Nullable Duration expiration)
      throws RequestRefusedException {
    JcaPKCS10CertificationRequest request = decode(pem);
    PublicKey key = provenKey(request);
    Extensions extensions = request.getRequestedExtensions();
    GeneralNames names =
        extensions == null
            ? null
            : GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
    if (extensions != null) {
      BasicConstraints constraints = BasicConstraints.fromExtensions(extensions);
      if (constraints != null && constraints.isCA()) {
        throw new RequestRefusedException("the request asks for a CA certificate (CA:TRUE)");
      }
    }
    if (names == null && request.getSubject().getRDNs().length == 0) {
      throw new RequestRefusedException("the request names nobody: no subject and no SAN");
    }
    if (names != null) {
      for (GeneralName name : names.getNames()) {
        switch (name.getTagNo()) {
          case GeneralName.dNSName,
              GeneralName.iPAddress,
              GeneralName.uniformResourceIdentifier,
              GeneralName.rfc822Name -> {}
          default ->
              throw new RequestRefusedException(
                  "a SAN is neither DNS name, IP address, URI nor e-mail address");
        }
      }
    }
    return new ApprovedRequest(key, request.getSubject(), names, Usages.of(usages), expiration);
  }

  private static JcaPKCS10CertificationRequest decode(String pem) throws RequestRefusedException {
    Matcher block = PKCS10.matcher(pem);
    if (!block.find()) {
      throw new RequestRefusedException("no CERTIFICATE REQUEST block");
    }
    try {
      return new JcaPKCS10CertificationRequest(Base64.getMimeDecoder().decode(block.group(1)));
    } catch (Exception e) {
      throw new RequestRefusedException("the CERTIFICATE REQUEST block is not a PKCS#10 request");
    }
  }

  private static PublicKey provenKey(JcaPKCS10CertificationRequest request)
      throws RequestRefusedException {
    try {
      PublicKey key = request.getPublicKey();
      if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw new RequestRefusedException("the request's own signature does not verify");
      }
      boolean strong =
          key instanceof RSAPublicKey rsa
              ? rsa.getModulus().bitLength() >= 2048
              : !(key instanceof ECPublicKey ec)
                  || ec.getParams().getCurve().getField().getFieldSize() >= 256;
      if (!strong) {
        throw new RequestRefusedException("the key is weaker than RSA 2048 or P-256");
      }
      return key;
    } catch (GeneralSecurityException | OperatorCreationException | PKCSException e) {
      throw new RequestRefusedException("the request's key or signature is of an unknown kind");
    }
  }

  PublicKey key() {
    return key;
  }

  /** May be empty if there are {@link #names()}. */
  X500Name subject() {
    return subject;
  }

  Optional<GeneralNames> names() {
    return Optional.ofNullable(names);
  }

  Usages usages() {
    return usages;
  }

  Optional<Duration> expiration() {
    return Optional.ofNullable(expiration);
  }
}
