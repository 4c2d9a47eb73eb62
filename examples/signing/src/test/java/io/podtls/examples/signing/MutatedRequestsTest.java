package io.podtls.examples.signing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.x500.X500Name;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("a mutated request")
@Timeout(120)
class MutatedRequestsTest {
  private static final List<String> SERVER = List.of("digital signature", "server auth");
  private static final int TRIALS = 4_000;

  private final Random random = new Random(10_7);
  private final CertificateAuthority root = CertificateAuthority.create("root", Duration.ofDays(1));
  private int signed;
  private int refused;

  @Test
  @DisplayName("whose text was changed is signed or refused with a reason")
  void text() throws Exception {
    String honest = Requests.pem(honest());
    for (int i = 0; i < TRIALS; i++) {
      byte[] mutated = mutated(honest.getBytes(StandardCharsets.ISO_8859_1));
      attempt(new String(mutated, StandardCharsets.ISO_8859_1));
    }
    assertThat(refused).isGreaterThan(TRIALS / 2);
  }

  @Test
  @DisplayName(
      "whose content was changed before its key signed it is signed or refused with a reason")
  void content() throws Exception {
    byte[] info =
        CertificationRequest.getInstance(honest()).getCertificationRequestInfo().getEncoded();
    for (int i = 0; i < TRIALS; i++) {
      attempt(Requests.pem(Requests.signed(mutated(info))));
    }
    assertThat(signed).isPositive();
    assertThat(refused).isPositive();
  }

  @Test
  @DisplayName("of deeply nested structures is refused with a reason")
  void nested() throws Exception {
    for (int depth : new int[] {100, 1_000, 5_000, 10_000}) {
      byte[] indefinite = new byte[4 * depth];
      byte[] definite = {0x30, 0};
      for (int i = 0; i < depth; i++) {
        indefinite[2 * i] = 0x30;
        indefinite[2 * i + 1] = (byte) 0x80;
        definite = Requests.sequence(definite);
      }
      for (byte[] content : List.of(indefinite, definite)) {
        attempt(Requests.pem(content));
        attempt(Requests.pem(Requests.signed(content)));
      }
    }
    assertThat(signed).isZero();
    assertThat(refused).isEqualTo(16);
  }

  private static byte[] honest() throws Exception {
    return Requests.signed(new X500Name("CN=orders.shop.svc"), "DNS:orders.shop.svc");
  }

  /** Only these two outcomes exist; everything else fails the test by its exception. */
  private void attempt(String pem) throws Exception {
    try {
      X509Certificate leaf =
          root.sign(
                  ApprovedRequest.read(Requests.csr(pem, SERVER, null)),
                  Duration.ofHours(1),
                  Instant.now())
              .get(0);
      leaf.verify(root.certificate().getPublicKey());
      assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
      signed++;
    } catch (RequestRefusedException e) {
      assertThat(e.reason()).isNotBlank().matches("[\\x20-\\x7e]{1,1003}");
      refused++;
    }
  }

  private byte[] mutated(byte[] original) {
    byte[] bytes = original.clone();
    for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 ->
            bytes[at] =
                new byte[] {0, 1, 0x30, 0x31, 0x7f, (byte) 0x80, (byte) 0xa0}[random.nextInt(7)];
        case 3 -> bytes = spliced(bytes, at, 0);
        default -> bytes = spliced(bytes, at, 1 + random.nextInt(4));
      }
    }
    return bytes;
  }

  /** Returns the bytes without some of them, or with some of them twice. */
  private byte[] spliced(byte[] bytes, int at, int removed) {
    int length = removed == 0 ? 1 + random.nextInt(40) : removed;
    byte[] tail = Arrays.copyOfRange(bytes, Math.min(bytes.length, at + length), bytes.length);
    byte[] head = Arrays.copyOf(bytes, removed == 0 ? Math.min(bytes.length, at + length) : at);
    byte[] rest = removed == 0 ? Arrays.copyOfRange(bytes, at, bytes.length) : tail;
    byte[] spliced = Arrays.copyOf(head, head.length + rest.length);
    System.arraycopy(rest, 0, spliced, head.length, rest.length);
    return spliced.length == 0 ? bytes : spliced;
  }
}
