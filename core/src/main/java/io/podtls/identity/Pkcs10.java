package io.podtls.identity;

import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.SubjectAlternativeName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Signature;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Set;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.pkcs.CertificationRequestInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.jspecify.annotations.Nullable;

/**
 * Certification requests (RFC 2986): subject, key and one attribute, extensionRequest (RFC 2985
 * 5.4.2), with one extension, the subject alternative names.
 *
 * <p>Usages are not repeated in it: the API has a field of its own for them, Kubernetes' signers
 * ignore every other extension, and an approver may rightly wonder about it.
 *
 * <p>Put together from Bouncy Castle's ASN.1 types alone, and signed with the JDK's {@link
 * Signature}. Its builders and operators are in signed jars of their own, and what they load is
 * verified class by class: a tenth of a second in a fresh JVM, a third with its provider.
 */
final class Pkcs10 {
  private Pkcs10() {}

  private static final ASN1ObjectIdentifier ED25519 = new ASN1ObjectIdentifier("1.3.101.112");

  static byte[] encode(CertificateRequest request, KeyPair keys, @Nullable Provider provider) {
    // As values: as strings they would be parsed, with "#" before hexadecimal and "\\" as an
    // escape.
    X500NameBuilder subject = new X500NameBuilder(BCStyle.INSTANCE);
    request
        .organizations()
        .forEach(organization -> subject.addRDN(BCStyle.O, new DERUTF8String(organization)));
    request.commonName().ifPresent(name -> subject.addRDN(BCStyle.CN, new DERUTF8String(name)));
    try {
      CertificationRequestInfo info =
          new CertificationRequestInfo(
              subject.build(),
              SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()),
              attributes(request));
      KeyAlgorithm algorithm = request.keyAlgorithm();
      byte[] signature =
          sign(info.getEncoded(ASN1Encoding.DER), algorithm, keys.getPrivate(), provider);
      return new CertificationRequest(info, identifier(algorithm), new DERBitString(signature))
          .getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot encode the PKCS#10 request", e);
    }
  }

  private static ASN1Set attributes(CertificateRequest request) throws IOException {
    List<SubjectAlternativeName> names = request.subjectAlternativeNames();
    if (names.isEmpty()) {
      return new DERSet();
    }
    boolean emptySubject = request.organizations().isEmpty() && request.commonName().isEmpty();
    // Critical where the certificate has to have it so (RFC 5280 4.2.1.6), for signers that copy
    // extensions as they are.
    Extension extension =
        new Extension(
            Extension.subjectAlternativeName, emptySubject, generalNames(names).getEncoded());
    return new DERSet(
        new Attribute(
            PKCSObjectIdentifiers.pkcs_9_at_extensionRequest,
            new DERSet(new Extensions(extension))));
  }

  private static GeneralNames generalNames(List<SubjectAlternativeName> names) {
    return new GeneralNames(
        names.stream()
            .map(name -> new GeneralName(tag(name.kind()), name.value()))
            .toArray(GeneralName[]::new));
  }

  private static int tag(SubjectAlternativeName.Kind kind) {
    return switch (kind) {
      case DNS -> GeneralName.dNSName;
      case IP_ADDRESS -> GeneralName.iPAddress;
      case URI -> GeneralName.uniformResourceIdentifier;
      case EMAIL -> GeneralName.rfc822Name;
    };
  }

  private static byte[] sign(
      byte[] content, KeyAlgorithm algorithm, PrivateKey key, @Nullable Provider provider) {
    String name = signatureName(algorithm);
    try {
      Signature signature =
          provider == null ? Signature.getInstance(name) : Signature.getInstance(name, provider);
      signature.initSign(key);
      signature.update(content);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot sign with an " + algorithm + " key: " + name, e);
    }
  }

  private static String signatureName(KeyAlgorithm algorithm) {
    return switch (algorithm) {
      case ECDSA_P256 -> "SHA256withECDSA";
      case ECDSA_P384 -> "SHA384withECDSA";
      case ECDSA_P521 -> "SHA512withECDSA";
      case RSA_2048, RSA_3072, RSA_4096 -> "SHA256withRSA";
      case ED25519 -> "Ed25519";
    };
  }

  /** RFC 5758 3.2 (no parameters), RFC 4055 5 (NULL), RFC 8410 3 (no parameters). */
  private static AlgorithmIdentifier identifier(KeyAlgorithm algorithm) {
    return switch (algorithm) {
      case ECDSA_P256 -> new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
      case ECDSA_P384 -> new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA384);
      case ECDSA_P521 -> new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA512);
      case RSA_2048, RSA_3072, RSA_4096 ->
          new AlgorithmIdentifier(PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE);
      case ED25519 -> new AlgorithmIdentifier(ED25519);
    };
  }
}
