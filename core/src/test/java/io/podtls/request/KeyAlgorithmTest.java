package io.podtls.request;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("KeyAlgorithm")
class KeyAlgorithmTest {

  private static PublicKey key(String algorithm, int bits) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
    if (bits > 0) {
      generator.initialize(bits);
    }
    return generator.generateKeyPair().getPublic();
  }

  @ParameterizedTest
  @CsvSource({
    "EC, 256, ECDSA_P256, ECDSA P-256",
    "EC, 384, ECDSA_P384, ECDSA P-384",
    "EC, 521, ECDSA_P521, ECDSA P-521",
    "RSA, 2048, RSA_2048, RSA 2048",
    "RSA, 3072, RSA_3072, RSA 3072",
    "Ed25519, 0, ED25519, Ed25519",
  })
  @DisplayName("matches keys of its own kind and size and no others")
  void matchesKeysOfItsOwnKind(String name, int bits, KeyAlgorithm algorithm, String text)
      throws Exception {
    PublicKey key = key(name, bits);

    assertThat(Arrays.stream(KeyAlgorithm.values()).filter(each -> each.matches(key)))
        .containsExactly(algorithm);
    assertThat(algorithm).hasToString(text);
  }

  @Test
  @DisplayName("matches no keys on other curves of its size")
  void matchesNoOtherCurves() throws Exception {
    // The base point of secp256k1 (SEC 2 2.4.1).
    byte[] secp256k1 =
        HexFormat.of()
            .parseHex(
                "3056301006072a8648ce3d020106052b8104000a034200"
                    + "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
                    + "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
    PublicKey key = KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(secp256k1));

    assertThat(KeyAlgorithm.values()).noneMatch(algorithm -> algorithm.matches(key));
  }

  @ParameterizedTest
  @CsvSource({"RSA, 1024", "Ed448, 0", "X25519, 0", "DSA, 1024"})
  @DisplayName("matches no keys of other kinds and sizes")
  void matchesNoOtherKeys(String name, int bits) throws Exception {
    PublicKey key = key(name, bits);

    assertThat(KeyAlgorithm.values()).noneMatch(algorithm -> algorithm.matches(key));
  }
}
