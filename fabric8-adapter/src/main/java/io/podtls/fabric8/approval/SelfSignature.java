package io.podtls.fabric8.approval;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** The proof in a PKCS#10 that its maker holds the private key (RFC 2986 4.2). */
final class SelfSignature {

  private static final Map<String, String> KEY_ALGORITHMS =
      Map.of(
          PKCSObjectIdentifiers.rsaEncryption.getId(), "RSA",
          X9ObjectIdentifiers.id_ecPublicKey.getId(), "EC",
          EdECObjectIdentifiers.id_Ed25519.getId(), "Ed25519");

  /** SHA-1 and MD5 are left out: a signature made with them proves nothing. */
  private static final Map<String, String> SIGNATURE_ALGORITHMS =
      Map.of(
          PKCSObjectIdentifiers.sha256WithRSAEncryption.getId(), "SHA256withRSA",
          PKCSObjectIdentifiers.sha384WithRSAEncryption.getId(), "SHA384withRSA",
          PKCSObjectIdentifiers.sha512WithRSAEncryption.getId(), "SHA512withRSA",
          PKCSObjectIdentifiers.id_RSASSA_PSS.getId(), "RSASSA-PSS",
          X9ObjectIdentifiers.ecdsa_with_SHA256.getId(), "SHA256withECDSA",
          X9ObjectIdentifiers.ecdsa_with_SHA384.getId(), "SHA384withECDSA",
          X9ObjectIdentifiers.ecdsa_with_SHA512.getId(), "SHA512withECDSA",
          EdECObjectIdentifiers.id_Ed25519.getId(), "Ed25519");

  private SelfSignature() {}

  /** The request's key, once the request's signature has been verified with it. */
  static PublicKey verifiedKey(CertificationRequest request)
      throws InvalidContentException, IOException {
    PublicKey key = publicKey(request.getCertificationRequestInfo().getSubjectPublicKeyInfo());
    if (!verifies(request, key)) {
      throw new InvalidContentException("the PKCS#10 is not signed by the key that it names");
    }
    return key;
  }

  private static PublicKey publicKey(SubjectPublicKeyInfo info)
      throws InvalidContentException, IOException {
    String type = info.getAlgorithm().getAlgorithm().getId();
    String algorithm = KEY_ALGORITHMS.get(type);
    if (algorithm == null) {
      throw new InvalidContentException("the PKCS#10 has a key of the unknown type " + type);
    }
    try {
      return KeyFactory.getInstance(algorithm)
          .generatePublic(new X509EncodedKeySpec(info.getEncoded(ASN1Encoding.DER)));
    } catch (GeneralSecurityException e) {
      throw new InvalidContentException("the " + algorithm + " key of the PKCS#10 is malformed");
    }
  }

  private static boolean verifies(CertificationRequest request, PublicKey key)
      throws InvalidContentException, IOException {
    AlgorithmIdentifier algorithm = request.getSignatureAlgorithm();
    String name = SIGNATURE_ALGORITHMS.get(algorithm.getAlgorithm().getId());
    if (name == null) {
      throw new InvalidContentException(
          "the PKCS#10 is signed with the unknown or outdated algorithm "
              + algorithm.getAlgorithm().getId());
    }
    boolean pss = name.equals("RSASSA-PSS");
    ASN1Encodable parameters = algorithm.getParameters();
    if (!pss && parameters != null && !DERNull.INSTANCE.equals(parameters)) {
      throw new InvalidContentException("the PKCS#10 is signed with parameters for " + name);
    }
    try {
      Signature signature = Signature.getInstance(name);
      signature.initVerify(key);
      if (pss) {
        signature.setParameter(pssParameters(algorithm));
      }
      signature.update(request.getCertificationRequestInfo().getEncoded(ASN1Encoding.DER));
      return signature.verify(request.getSignature().getOctets());
    } catch (GeneralSecurityException e) {
      // A key of another type than the signature, or bytes that are no signature at all.
      return false;
    }
  }

  private static PSSParameterSpec pssParameters(AlgorithmIdentifier algorithm)
      throws GeneralSecurityException, IOException {
    AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
    parameters.init(algorithm.getParameters().toASN1Primitive().getEncoded(ASN1Encoding.DER));
    PSSParameterSpec pss = parameters.getParameterSpec(PSSParameterSpec.class);
    if (pss.getDigestAlgorithm().equals("SHA-1")) {
      throw new InvalidAlgorithmParameterException("RSASSA-PSS with SHA-1");
    }
    return pss;
  }
}
