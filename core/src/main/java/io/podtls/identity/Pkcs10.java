package io.podtls.identity;

import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.SubjectAlternativeName;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Provider;
import java.security.Signature;
import java.security.SignatureException;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
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
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Certification requests (RFC 2986): subject, key and one attribute, extensionRequest (RFC 2985
 * 5.4.2), with one extension, the subject alternative names.
 *
 * <p>Usages are not repeated in it: the API has a field of its own for them, Kubernetes' signers
 * ignore every other extension, and an approver may rightly wonder about it.
 */
final class Pkcs10 {
  private Pkcs10() {}

  static byte[] encode(CertificateRequest request, KeyPair keys, @Nullable Provider provider) {
    X500NameBuilder subject = new X500NameBuilder(BCStyle.INSTANCE);
    request.organizations().forEach(organization -> subject.addRDN(BCStyle.O, organization));
    request.commonName().ifPresent(name -> subject.addRDN(BCStyle.CN, name));
    PKCS10CertificationRequestBuilder builder =
        new PKCS10CertificationRequestBuilder(
            subject.build(), SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
    List<SubjectAlternativeName> names = request.subjectAlternativeNames();
    boolean emptySubject = request.organizations().isEmpty() && request.commonName().isEmpty();
    try {
      if (!names.isEmpty()) {
        builder.addAttribute(
            PKCSObjectIdentifiers.pkcs_9_at_extensionRequest,
            // Critical where the certificate has to have it so (RFC 5280 4.2.1.6), for signers that
            // copy extensions as they are.
            new Extensions(
                new Extension(
                    Extension.subjectAlternativeName,
                    emptySubject,
                    generalNames(names).getEncoded())));
      }
      return builder.build(new JcaSigner(request.keyAlgorithm(), keys, provider)).getEncoded();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot encode the PKCS#10 request", e);
    }
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

  /**
   * Signs with the JDK's {@link Signature}. Bouncy Castle's own builder of such a signer loads its
   * provider, which costs a third of a second in a fresh JVM.
   */
  private static final class JcaSigner extends OutputStream implements ContentSigner {

    private final AlgorithmIdentifier identifier;
    private final Signature signature;

    JcaSigner(KeyAlgorithm algorithm, KeyPair keys, @Nullable Provider provider) {
      String name = signatureName(algorithm);
      identifier = identifier(algorithm);
      try {
        signature =
            provider == null ? Signature.getInstance(name) : Signature.getInstance(name, provider);
        signature.initSign(keys.getPrivate());
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
            withNull(PKCSObjectIdentifiers.sha256WithRSAEncryption);
        case ED25519 -> new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519);
      };
    }

    private static AlgorithmIdentifier withNull(ASN1ObjectIdentifier algorithm) {
      return new AlgorithmIdentifier(algorithm, DERNull.INSTANCE);
    }

    @Override
    public AlgorithmIdentifier getAlgorithmIdentifier() {
      return identifier;
    }

    @Override
    public OutputStream getOutputStream() {
      return this;
    }

    @Override
    public void write(int octet) throws IOException {
      write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] octets, int offset, int length) throws IOException {
      try {
        signature.update(octets, offset, length);
      } catch (SignatureException e) {
        throw new IOException(e);
      }
    }

    @Override
    public byte[] getSignature() {
      try {
        return signature.sign();
      } catch (SignatureException e) {
        throw new IllegalStateException("cannot sign the PKCS#10 request", e);
      }
    }
  }
}
