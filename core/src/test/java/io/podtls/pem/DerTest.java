package io.podtls.pem;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.testing.Nested;
import io.podtls.testing.TestCa;
import java.io.ByteArrayInputStream;
import java.security.KeyPair;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Random;
import org.bouncycastle.asn1.ASN1Primitive;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The check of encoded ASN.1")
class DerTest {

  private static final byte[] CERTIFICATE = encoded(TestCa.root("root"));
  private static final String INDEFINITE = "it has an indefinite length, which DER does not allow";
  private static final String DEEP = "it is nested more than 64 levels deep";
  private static final String CUT_OFF = "a value in it is longer than what holds it";

  private static byte[] encoded(TestCa ca) {
    try {
      return ca.certificate().getEncoded();
    } catch (java.security.cert.CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  @DisplayName("passes certificates and keys, and tells them apart")
  void passesWhatToolsWrite() {
    KeyPair keys = TestCa.newKeyPair();
    assertThat(Der.problem(CERTIFICATE)).isNull();
    assertThat(Der.kind(CERTIFICATE)).isEqualTo(Der.Kind.CERTIFICATE);
    assertThat(Der.problem(keys.getPrivate().getEncoded())).isNull();
    assertThat(Der.kind(keys.getPrivate().getEncoded())).isEqualTo(Der.Kind.PRIVATE_KEY);
    assertThat(Der.kind(keys.getPublic().getEncoded())).isEqualTo(Der.Kind.PUBLIC_KEY);
    assertThat(Der.kind(new byte[0])).isNull();
    assertThat(Der.kind(new byte[] {0x30, 0})).isNull();
  }

  @Test
  @DisplayName("refuses indefinite lengths where DER is expected, and allows them in PKCS#12")
  void indefiniteLengths() {
    byte[] outer = {0x30, (byte) 0x80, 2, 1, 1, 0, 0};
    byte[] inner = {0x30, 9, 0x30, (byte) 0x80, 0x24, (byte) 0x80, 0, 0, 0, 0, 0};
    assertThat(Der.problem(outer)).isEqualTo(INDEFINITE);
    assertThat(Der.problem(inner)).isEqualTo(INDEFINITE);
    assertThat(Der.problemInBer(outer)).isNull();
    assertThat(Der.problemInBer(inner)).isEqualTo(CUT_OFF);
    inner[1] = 8;
    assertThat(Der.problemInBer(inner)).isNull();
    assertThat(Der.problemInBer(new byte[] {0x30, (byte) 0x80, 2, 1, 1})).isEqualTo(CUT_OFF);
    assertThat(Der.problemInBer(new byte[] {0x04, (byte) 0x80, 0, 0})).isEqualTo(CUT_OFF);
  }

  @Test
  @DisplayName("allows 64 levels and no more, of whatever form")
  void boundsTheDepth() {
    for (int tag : new int[] {0x30, 0x31, 0xa0, 0x24}) {
      assertThat(Der.problem(Nested.definite(tag, 64))).isNull();
      assertThat(Der.problem(Nested.definite(tag, 65))).isEqualTo(DEEP);
      assertThat(Der.problem(Nested.definite(tag, 200_000))).isEqualTo(DEEP);
      assertThat(Der.problemInBer(Nested.indefinite(tag, 64))).isNull();
      assertThat(Der.problemInBer(Nested.indefinite(tag, 65))).isEqualTo(DEEP);
      assertThat(Der.problemInBer(Nested.indefinite(tag, 500_000))).isEqualTo(DEEP);
    }
  }

  @Test
  @DisplayName("refuses a value that is longer than what holds it, and one that is cut off")
  void refusesWhatIsCutOff() {
    for (int length = 0; length < CERTIFICATE.length; length++) {
      assertThat(Der.problem(java.util.Arrays.copyOf(CERTIFICATE, length))).isEqualTo(CUT_OFF);
    }
    assertThat(Der.problem(new byte[] {0x30, 3, 2, 2, 1})).isEqualTo(CUT_OFF);
    assertThat(Der.problem(new byte[] {0x30, (byte) 0x85, 1, 0, 0, 0, 0})).isEqualTo(CUT_OFF);
    assertThat(Der.problem(new byte[] {0x1f, (byte) 0x80, (byte) 0x80})).isEqualTo(CUT_OFF);
  }

  @Test
  @DisplayName("what it passes overflows no parser's stack, and what is random no array")
  void protectsTheParsers() throws Exception {
    Random random = new Random(5);
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    for (byte[] seed : List.of(CERTIFICATE, Nested.definite(0x30, 40), Nested.definite(0xa0, 64))) {
      for (int round = 0; round < 3000; round++) {
        byte[] mangled = seed.clone();
        for (int change = random.nextInt(4); change >= 0; change--) {
          mangled[random.nextInt(mangled.length)] = (byte) random.nextInt(256);
        }
        Der.kind(mangled);
        if (Der.problem(mangled) == null && mangled[0] == 0x30) {
          try {
            ASN1Primitive.fromByteArray(mangled);
            factory.generateCertificate(new ByteArrayInputStream(mangled));
          } catch (Exception refused) {
            assertThat(refused).isNotNull();
          }
        }
      }
    }
  }
}
