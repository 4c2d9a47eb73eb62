package io.podtls.identity;

import io.podtls.identity.PrivateKeys.Unusable;
import io.podtls.pem.Der;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.IllegalBlockSizeException;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.EncryptionScheme;
import org.bouncycastle.asn1.pkcs.PBES2Parameters;
import org.bouncycastle.asn1.pkcs.PBKDF2Params;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;

/**
 * Password-based encryption PBES2 with PBKDF2 (RFC 8018 6.2, A.4), which is what openssl and Java
 * write. The JDK's own reader takes ASCII passwords only and, before JDK 19, cannot name the
 * algorithm that it read.
 */
final class Pbes2 {
  private Pbes2() {}

  // Files have thousands, and OWASP recommends up to 1.4 million; two take less than a second.
  private static final BigInteger MAX_ITERATIONS = BigInteger.valueOf(2_000_000);

  private static final String CONVERT =
      "; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW";

  private static final Map<ASN1ObjectIdentifier, String> PSEUDO_RANDOM_FUNCTIONS =
      Map.of(
          PKCSObjectIdentifiers.id_hmacWithSHA1, "PBKDF2WithHmacSHA1",
          PKCSObjectIdentifiers.id_hmacWithSHA224, "PBKDF2WithHmacSHA224",
          PKCSObjectIdentifiers.id_hmacWithSHA256, "PBKDF2WithHmacSHA256",
          PKCSObjectIdentifiers.id_hmacWithSHA384, "PBKDF2WithHmacSHA384",
          PKCSObjectIdentifiers.id_hmacWithSHA512, "PBKDF2WithHmacSHA512");

  private record BlockCipher(String algorithm, int keyBits) {}

  private static final Map<ASN1ObjectIdentifier, BlockCipher> CIPHERS =
      Map.of(
          NISTObjectIdentifiers.id_aes128_CBC, new BlockCipher("AES", 128),
          NISTObjectIdentifiers.id_aes192_CBC, new BlockCipher("AES", 192),
          NISTObjectIdentifiers.id_aes256_CBC, new BlockCipher("AES", 256),
          PKCSObjectIdentifiers.des_EDE3_CBC, new BlockCipher("DESede", 192));

  static byte[] decrypt(EncryptedPrivateKeyInfo encrypted, char[] password)
      throws GeneralSecurityException, Unusable {
    AlgorithmIdentifier algorithm = encrypted.getEncryptionAlgorithm();
    if (!algorithm.getAlgorithm().equals(PKCSObjectIdentifiers.id_PBES2)) {
      throw unsupported(algorithm.getAlgorithm());
    }
    PBES2Parameters parameters = PBES2Parameters.getInstance(algorithm.getParameters());
    ASN1ObjectIdentifier derivation = parameters.getKeyDerivationFunc().getAlgorithm();
    if (!derivation.equals(PKCSObjectIdentifiers.id_PBKDF2)) {
      throw unsupported(derivation);
    }
    PBKDF2Params pbkdf2 =
        PBKDF2Params.getInstance(parameters.getKeyDerivationFunc().getParameters());
    EncryptionScheme scheme = parameters.getEncryptionScheme();
    BlockCipher blockCipher = supported(CIPHERS, scheme.getAlgorithm());
    String function = supported(PSEUDO_RANDOM_FUNCTIONS, pbkdf2.getPrf().getAlgorithm());
    BigInteger iterations = pbkdf2.getIterationCount();
    if (iterations.signum() < 1 || iterations.compareTo(MAX_ITERATIONS) > 0) {
      throw new Unusable(
          "is encrypted with "
              + iterations
              + " iterations; podtls accepts 1 to "
              + MAX_ITERATIONS
              + CONVERT);
    }
    byte[] key =
        SecretKeyFactory.getInstance(function)
            .generateSecret(
                new PBEKeySpec(
                    password, pbkdf2.getSalt(), iterations.intValueExact(), blockCipher.keyBits))
            .getEncoded();
    try {
      Cipher cipher = Cipher.getInstance(blockCipher.algorithm + "/CBC/PKCS5Padding");
      cipher.init(
          Cipher.DECRYPT_MODE,
          new SecretKeySpec(key, blockCipher.algorithm),
          new IvParameterSpec(ASN1OctetString.getInstance(scheme.getParameters()).getOctets()));
      return checked(cipher.doFinal(encrypted.getEncryptedData()));
    } catch (BadPaddingException | IllegalBlockSizeException e) {
      throw new Unusable("cannot be decrypted; is the password right?", e);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  /** One wrong password in 256 leaves a padding that looks right. */
  private static byte[] checked(byte[] decrypted) throws Unusable {
    if (Der.problem(decrypted) != null || Der.kind(decrypted) != Der.Kind.PRIVATE_KEY) {
      throw new Unusable("cannot be decrypted; is the password right?");
    }
    return decrypted;
  }

  private static <T> T supported(Map<ASN1ObjectIdentifier, T> known, ASN1ObjectIdentifier wanted)
      throws Unusable {
    return Optional.ofNullable(known.get(wanted)).orElseThrow(() -> unsupported(wanted));
  }

  private static Unusable unsupported(ASN1ObjectIdentifier algorithm) {
    return new Unusable(
        "is encrypted with the algorithm "
            + algorithm.getId()
            + ", which is not supported"
            + CONVERT);
  }
}
