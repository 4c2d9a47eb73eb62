package io.podtls.request;

import static java.util.Objects.requireNonNull;

import java.math.BigInteger;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;

/**
 * The algorithm and size of a requested key, with the signature that its PKCS#10 request carries.
 * All of them are accepted by the API server and by the built-in signers.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public enum KeyAlgorithm {
  /** ECDSA on P-256 (secp256r1), with SHA-256. The default: small, fast, accepted everywhere. */
  ECDSA_P256("ECDSA P-256"),
  /** ECDSA on P-384 (secp384r1), with SHA-384. */
  ECDSA_P384("ECDSA P-384"),
  /** ECDSA on P-521 (secp521r1), with SHA-512. */
  ECDSA_P521("ECDSA P-521"),
  /** RSA with 2048 bits, PKCS#1 v1.5 with SHA-256. */
  RSA_2048("RSA 2048"),
  /** RSA with 3072 bits, PKCS#1 v1.5 with SHA-256. */
  RSA_3072("RSA 3072"),
  /** RSA with 4096 bits, PKCS#1 v1.5 with SHA-256. Takes seconds to generate. */
  RSA_4096("RSA 4096"),
  /** Ed25519 (RFC 8410). Not offered by browsers. */
  ED25519("Ed25519");

  // By their orders (SP 800-186 3.2.1) these curves differ from others of their size.
  private static final String P256_ORDER =
      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  private static final String P384_ORDER =
      "ffffffffffffffffffffffffffffffffffffffffffffffff"
          + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973";
  private static final String P521_ORDER =
      "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
          + "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";

  private final String text;

  KeyAlgorithm(String text) {
    this.text = text;
  }

  /**
   * Returns whether a key is of this algorithm and size.
   *
   * @param key any public key
   * @return whether it is
   */
  public boolean matches(PublicKey key) {
    requireNonNull(key, "key");
    return switch (this) {
      case ECDSA_P256 -> isEc(key, P256_ORDER);
      case ECDSA_P384 -> isEc(key, P384_ORDER);
      case ECDSA_P521 -> isEc(key, P521_ORDER);
      case RSA_2048 -> isRsa(key, 2048);
      case RSA_3072 -> isRsa(key, 3072);
      case RSA_4096 -> isRsa(key, 4096);
      case ED25519 ->
          key instanceof EdECPublicKey edwards && edwards.getParams().getName().equals("Ed25519");
    };
  }

  private static boolean isEc(PublicKey key, String order) {
    return key instanceof ECPublicKey ec
        && ec.getParams().getOrder().equals(new BigInteger(order, 16));
  }

  private static boolean isRsa(PublicKey key, int bits) {
    return key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() == bits;
  }

  /** {@return the algorithm in words, e.g. {@code ECDSA P-256}} */
  @Override
  public String toString() {
    return text;
  }
}
