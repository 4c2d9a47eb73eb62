package io.podtls.identity;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.pem.Der;
import io.podtls.pem.Pem;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.jspecify.annotations.Nullable;

/**
 * Private keys in the forms that tools write: PKCS#8 (RFC 5208, RFC 5958), the same encrypted by
 * PBES2, PKCS#1 (RFC 8017 A.1.2), SEC1 (RFC 5915). All become PKCS#8 and are parsed by the JDK.
 */
final class PrivateKeys {
  private PrivateKeys() {}

  /** Reads the one private key of a text. */
  static PrivateKey read(Pem pem, char @Nullable [] password) {
    Pem.Block block = pem.privateKey();
    byte[] der = block.der();
    Der.Kind kind = Der.kind(der);
    if (kind != null && !kind.label().equals(block.label())) {
      throw new InvalidMaterialException(
          pem.source(),
          "its block " + block.label() + " holds " + kind + ", whose label is " + kind.label(),
          null);
    }
    try {
      return parse(
          switch (block.label()) {
            case Pem.RSA_PRIVATE_KEY -> pkcs1(der);
            case Pem.EC_PRIVATE_KEY -> sec1(der, pem);
            case Pem.ENCRYPTED_PRIVATE_KEY -> decrypted(der, password);
            default -> PrivateKeyInfo.getInstance(der);
          });
    } catch (Unusable e) {
      throw new InvalidMaterialException(pem.source(), "its private key " + e.getMessage(), e);
    } catch (InvalidMaterialException e) {
      throw e;
    } catch (IOException | GeneralSecurityException | RuntimeException | StackOverflowError e) {
      throw new InvalidMaterialException(
          pem.source(), "its block " + block.label() + " is damaged", e);
    }
  }

  private static PrivateKeyInfo pkcs1(byte[] der) throws IOException {
    return new PrivateKeyInfo(
        new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
        RSAPrivateKey.getInstance(der));
  }

  private static PrivateKeyInfo sec1(byte[] der, Pem pem) throws IOException, Unusable {
    ECPrivateKey key = ECPrivateKey.getInstance(der);
    ASN1Encodable curve = key.getParametersObject();
    if (curve == null) {
      // openssl ecparam -genkey puts the curve into a block of its own, too.
      Optional<Pem.Block> parameters = pem.blocks("EC PARAMETERS").stream().findFirst();
      curve =
          ASN1Primitive.fromByteArray(
              parameters.orElseThrow(() -> new Unusable("does not name its curve")).der());
    }
    return new PrivateKeyInfo(
        new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, curve), key);
  }

  private static PrivateKeyInfo decrypted(byte[] der, char @Nullable [] password)
      throws GeneralSecurityException, Unusable {
    if (password == null) {
      throw new Unusable("is encrypted; give its password with withPassword");
    }
    return PrivateKeyInfo.getInstance(
        Pbes2.decrypt(EncryptedPrivateKeyInfo.getInstance(der), password));
  }

  private static PrivateKey parse(PrivateKeyInfo key)
      throws IOException, GeneralSecurityException, Unusable {
    AlgorithmIdentifier algorithm = key.getPrivateKeyAlgorithm();
    boolean ec = algorithm.getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey);
    if (ec && !(algorithm.getParameters() instanceof ASN1ObjectIdentifier)) {
      throw new Unusable("has explicit curve parameters, and only named curves can be used");
    }
    // Version 1, without the public key and attributes that RFC 5958 allows and older JDKs refuse.
    PrivateKeyInfo plain = new PrivateKeyInfo(algorithm, key.getPrivateKey().getOctets());
    return KeyFactory.getInstance(keyFactory(algorithm.getAlgorithm()))
        .generatePrivate(new PKCS8EncodedKeySpec(plain.getEncoded()));
  }

  private static String keyFactory(ASN1ObjectIdentifier algorithm) throws Unusable {
    if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
      return "EC";
    }
    if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
      return "RSA";
    }
    if (algorithm.equals(EdECObjectIdentifiers.id_Ed25519)) {
      return "Ed25519";
    }
    throw new Unusable(
        "is of the algorithm " + algorithm.getId() + ", and only EC, RSA and Ed25519 can be used");
  }

  /** A key that is sound and still cannot be used; the message continues "its private key". */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    Unusable(String why) {
      super(why);
    }

    Unusable(String why, Throwable cause) {
      super(why, cause);
    }
  }
}
