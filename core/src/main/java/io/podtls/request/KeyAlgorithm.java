package io.podtls.request;

/** The algorithm and size of a requested key. */
public enum KeyAlgorithm {
  ECDSA_P256,
  ECDSA_P384,
  ECDSA_P521,
  RSA_2048,
  RSA_3072,
  RSA_4096,
  ED25519
}
