package io.podtls.identity;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.pem.Pem;
import io.podtls.pem.Reasons;
import io.podtls.request.KeyAlgorithm;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/** Generates key pairs and checks whether a private and a public key match. */
final class Keys {
  private Keys() {}

  private static final byte[] MESSAGE = {'p', 'o', 'd', 't', 'l', 's'};

  static KeyPair generate(KeyAlgorithm algorithm, @Nullable Provider provider) {
    String name = generatorName(algorithm);
    try {
      KeyPairGenerator generator =
          provider == null
              ? KeyPairGenerator.getInstance(name)
              : KeyPairGenerator.getInstance(name, provider);
      Optional<AlgorithmParameterSpec> parameters = parameters(algorithm);
      if (parameters.isPresent()) {
        generator.initialize(parameters.get());
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      if (provider == null) {
        String advice = name.equals("RSA") ? "" : "; does its image lack the module jdk.crypto.ec?";
        throw new IllegalStateException("this JDK makes no " + algorithm + " keys" + advice, e);
      }
      throw new IllegalArgumentException(
          "provider " + provider.getName() + " makes no " + algorithm + " keys", e);
    }
  }

  /** Reads the private key of a text, and its public half from the PKCS#10 request there. */
  static KeyPair restore(KeyAlgorithm algorithm, Pem pem) {
    PrivateKey privateKey = PrivateKeys.read(pem, null);
    List<Pem.Block> requests = pem.blocks(Pem.CERTIFICATE_REQUEST);
    if (requests.size() != 1) {
      throw new InvalidMaterialException(
          pem.source(), "has " + requests.size() + " PKCS#10 requests, expected one", null);
    }
    PublicKey publicKey;
    try {
      publicKey =
          KeyFactory.getInstance(generatorName(algorithm))
              .generatePublic(
                  new X509EncodedKeySpec(
                      new PKCS10CertificationRequest(requests.get(0).der())
                          .getSubjectPublicKeyInfo()
                          .getEncoded()));
    } catch (InvalidMaterialException e) {
      throw e;
    } catch (IOException | GeneralSecurityException | RuntimeException | StackOverflowError e) {
      throw new InvalidMaterialException(
          pem.source(),
          "its PKCS#10 request is damaged or for no " + algorithm + " key: " + Reasons.of(e),
          e);
    }
    if (!algorithm.matches(publicKey) || !belongTogether(privateKey, publicKey)) {
      throw new InvalidMaterialException(
          pem.source(), "its key is not the " + algorithm + " key of its PKCS#10 request", null);
    }
    return new KeyPair(publicKey, privateKey);
  }

  private static String generatorName(KeyAlgorithm algorithm) {
    return switch (algorithm) {
      case ECDSA_P256, ECDSA_P384, ECDSA_P521 -> "EC";
      case RSA_2048, RSA_3072, RSA_4096 -> "RSA";
      case ED25519 -> "Ed25519";
    };
  }

  private static Optional<AlgorithmParameterSpec> parameters(KeyAlgorithm algorithm) {
    return switch (algorithm) {
      case ECDSA_P256 -> Optional.of(new ECGenParameterSpec("secp256r1"));
      case ECDSA_P384 -> Optional.of(new ECGenParameterSpec("secp384r1"));
      case ECDSA_P521 -> Optional.of(new ECGenParameterSpec("secp521r1"));
      case RSA_2048 -> Optional.of(new RSAKeyGenParameterSpec(2048, RSAKeyGenParameterSpec.F4));
      case RSA_3072 -> Optional.of(new RSAKeyGenParameterSpec(3072, RSAKeyGenParameterSpec.F4));
      case RSA_4096 -> Optional.of(new RSAKeyGenParameterSpec(4096, RSAKeyGenParameterSpec.F4));
      case ED25519 -> Optional.empty();
    };
  }

  /** Whether what the private key signs, the public key verifies. */
  static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey) {
    try {
      return verifies(publicKey, proof(privateKey));
    } catch (GeneralSecurityException unusable) {
      return false;
    }
  }

  /**
   * Signs a fixed message; {@link #verifies} then finds the certificate of this key.
   *
   * @throws GeneralSecurityException if the key is not an EC, RSA or Ed25519 key, or if no
   *     registered provider can sign with it
   */
  static byte[] proof(PrivateKey key) throws GeneralSecurityException {
    Signature signer =
        Signature.getInstance(
            checkSignature(key)
                .orElseThrow(
                    () -> new InvalidKeyException("only EC, RSA and Ed25519 can be used")));
    signer.initSign(key);
    signer.update(MESSAGE);
    return signer.sign();
  }

  /** Whether the proof was made with the private half of this key. */
  static boolean verifies(PublicKey key, byte[] proof) {
    Optional<String> algorithm = checkSignature(key);
    if (algorithm.isEmpty()) {
      return false;
    }
    try {
      Signature verifier = Signature.getInstance(algorithm.get());
      verifier.initVerify(key);
      verifier.update(MESSAGE);
      return verifier.verify(proof);
    } catch (GeneralSecurityException otherKey) {
      // Some providers refuse a signature of the wrong length instead of not verifying it.
      return false;
    }
  }

  private static Optional<String> checkSignature(Key key) {
    return switch (key.getAlgorithm()) {
      case "EC" -> Optional.of("SHA256withECDSA");
      case "RSA" -> Optional.of("SHA256withRSA");
      case "RSASSA-PSS" -> Optional.empty();
      case "EdDSA", "Ed25519" -> Optional.of("Ed25519"); // refuses Ed448 keys
      default -> Optional.empty();
    };
  }

  /** A key in words, for messages. */
  static String describe(PublicKey key) {
    for (KeyAlgorithm algorithm : KeyAlgorithm.values()) {
      if (algorithm.matches(key)) {
        return algorithm.toString();
      }
    }
    return key.getAlgorithm();
  }
}
