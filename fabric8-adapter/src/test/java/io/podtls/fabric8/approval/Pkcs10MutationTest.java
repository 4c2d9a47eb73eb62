package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.failure.InvalidMaterialException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A mutated request is read as the bytes say or refused, never answered otherwise")
class Pkcs10MutationTest {

  private static final int EACH = 7_000;

  /** Small, so that thousands of signatures are cheap. The reader leaves sizes to policies. */
  private static final KeyPair KEYS = TestPkcs10.rsaKey(1024);

  private final Random random = new Random(20_261_124);

  @Test
  @DisplayName("bytes of the PKCS#10, signed before")
  void mutatedDer() {
    for (byte[] honest : honest()) {
      for (int i = 0; i < EACH / 3; i++) {
        byte[] der = mutated(honest);

        read(TestPkcs10.specRequest(TestPkcs10.pem(der)))
            .ifPresent(content -> assertThat(content.encoded()).isEqualTo(der));
      }
    }
  }

  @Test
  @DisplayName("bytes of what is asked for, signed afterwards by an attacker who holds the key")
  void mutatedInfo() throws Exception {
    int understood = 0;
    for (byte[] honest : honest()) {
      byte[] info =
          new PKCS10CertificationRequest(honest)
              .toASN1Structure()
              .getCertificationRequestInfo()
              .getEncoded("DER");
      for (int i = 0; i < EACH / 3; i++) {
        byte[] der = TestPkcs10.signed(mutated(info), KEYS, "SHA256withRSA");

        Optional<Pkcs10Content> content = read(TestPkcs10.specRequest(TestPkcs10.pem(der)));

        understood += content.isPresent() ? 1 : 0;
        if (content.isPresent()) {
          assertThat(content.get().encoded()).isEqualTo(der);
          assertThat(new PKCS10CertificationRequest(der).toASN1Structure().getEncoded("DER"))
              .isEqualTo(der);
        }
      }
    }
    assertThat(understood).as("requests that got past the signature").isGreaterThan(100);
  }

  @Test
  @DisplayName("characters of the PEM and of its base64")
  void mutatedText() {
    byte[] honest = honest().get(0);
    String pem = TestPkcs10.pem(honest);
    Pkcs10Content asked = read(TestPkcs10.specRequest(pem)).orElseThrow();
    for (int i = 0; i < EACH; i++) {
      String text =
          new String(
              mutated(pem.getBytes(StandardCharsets.ISO_8859_1)), StandardCharsets.ISO_8859_1);
      String wire = i % 2 == 0 ? TestPkcs10.specRequest(text) : text;

      read(wire).ifPresent(content -> assertThat(content).isEqualTo(asked));
    }
  }

  private static Optional<Pkcs10Content> read(String specRequest) {
    try {
      return Optional.of(Pkcs10Content.ofSpecRequest("csr mutant", specRequest));
    } catch (InvalidMaterialException e) {
      assertThat(e).hasMessageStartingWith("csr mutant: ");
      return Optional.empty();
    }
  }

  private byte[] mutated(byte[] from) {
    byte[] bytes = from.clone();
    for (int i = 0; i <= random.nextInt(3); i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes[at]++;
        case 3 -> {
          byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
          System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
          bytes = longer;
        }
        default -> {
          byte[] shorter = Arrays.copyOf(bytes, bytes.length - 1);
          System.arraycopy(bytes, at + 1, shorter, at, shorter.length - at);
          bytes = shorter;
        }
      }
    }
    return bytes;
  }

  private static List<byte[]> honest() {
    return List.of(
        TestPkcs10.dns("orders.shop.svc").key(KEYS, "SHA256withRSA").der(),
        TestPkcs10.dns("orders.shop.svc", "orders.shop.svc.cluster.local")
            .andIp("10.1.2.3", "fd00::1")
            .andUri("spiffe://cluster.local/ns/shop/sa/orders")
            .andName(new GeneralName(GeneralName.rfc822Name, "root@example.com"))
            .andName(new GeneralName(GeneralName.registeredID, "1.2.3"))
            .subject("CN=orders.shop.svc,O=acme")
            .keyUsage(KeyUsage.digitalSignature)
            .purposes(KeyPurposeId.id_kp_serverAuth)
            .certificateAuthority()
            .key(KEYS, "SHA256withRSA")
            .der(),
        new TestPkcs10().subject("CN=orders").key(KEYS, "SHA256withRSA").der());
  }
}
