package io.podtls.pem;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_16;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.testing.OpenSsl;
import io.podtls.testing.TestCa;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PemTest {

  private static final String SOURCE = "/etc/ca/ca.crt";
  private static final X509Certificate FIRST = TestCa.root("first").certificate();
  private static final X509Certificate SECOND = TestCa.root("second").certificate();
  private static final String BOTH = Pem.encode(List.of(FIRST, SECOND));

  static Stream<Arguments> harmless() {
    return Stream.of(
        harmless("as written", text -> text),
        harmless("CRLF", text -> text.replace("\n", "\r\n")),
        harmless("CR", text -> text.replace("\n", "\r")),
        harmless("byte order mark", text -> "\ufeff" + text),
        harmless("no final line end", String::stripTrailing),
        harmless("blank lines", text -> "\n\n" + text.replace("\n", "\n\n \t\n")),
        harmless("blanks at line ends", text -> text.replace("\n", "  \t\n")),
        harmless("indented", text -> "  " + text.replace("\n", "\n  ")),
        harmless("text before", text -> "subject: CN=first, O=Ünïcode\n  key: value\n" + text),
        harmless(
            "text between",
            text ->
                text.replace("-----END CERTIFICATE-----\n", "-----END CERTIFICATE-----\nnext\n")),
        harmless("text after", text -> text + "-- \nthat is all"),
        harmless("comments", text -> "# -----BEGIN CERTIFICATE-----\n# MIIB\n" + text),
        harmless("rulers", text -> "-----\n---------------\n=======\n" + text + "-----"),
        harmless("zero bytes after", text -> text + "\0\0\0"),
        harmless("glued", text -> text.replace("-----\n-----", "----------")),
        harmless("one long line", PemTest::unfolded));
  }

  private static Arguments harmless(String name, UnaryOperator<String> change) {
    return Arguments.of(name, change);
  }

  private static String unfolded(String text) {
    return text.replaceAll("(?<!-)\n(?!-)", "");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("harmless")
  @DisplayName("what does not change the meaning of a text does not disturb")
  void readsTolerantly(String name, UnaryOperator<String> change) {
    String text = change.apply(BOTH);
    assertThat(Pem.parse(SOURCE, text).certificates()).containsExactly(FIRST, SECOND);
  }

  static Stream<Arguments> unusable() throws Exception {
    String first = Pem.encode(List.of(FIRST));
    String key = Pem.encode(Pem.PRIVATE_KEY, new byte[] {0x30, 0});
    return Stream.of(
        Arguments.of("is empty", ""),
        Arguments.of("is empty (4 bytes of white space)", " \r\n\n"),
        Arguments.of("has no PEM block (7 bytes without a BEGIN line)", "garbage"),
        Arguments.of("has no CERTIFICATE block (found: PRIVATE KEY)", key + key),
        Arguments.of(
            "has no CERTIFICATE block (found: PRIVATE KEY, TRUSTED CERTIFICATE)",
            key + Pem.encode("TRUSTED CERTIFICATE", FIRST.getEncoded())),
        Arguments.of(
            "block 2 is truncated: BEGIN CERTIFICATE without END",
            BOTH.substring(0, BOTH.length() - 100)),
        Arguments.of(
            "block 1 is truncated: BEGIN CERTIFICATE without END",
            first.replace("-----END CERTIFICATE-----\n", "") + first),
        Arguments.of(
            "block 2 is truncated or damaged in its END line",
            BOTH.substring(0, BOTH.length() - 3)),
        Arguments.of(
            "block 2 is truncated or damaged in its BEGIN line", first + "-----BEGIN CERTIFICA"),
        Arguments.of(
            "is truncated: its last line is the start of block 2's BEGIN", first + "-----BEG"),
        Arguments.of(
            "has an END line without a BEGIN line before block 1",
            "MIIB\n-----END CERTIFICATE-----\n" + first),
        Arguments.of(
            "has an END line without a BEGIN line after block 1",
            first + "MIIB\n-----END CERTIFICATE-----\n"),
        Arguments.of(
            "block 1 begins as CERTIFICATE and ends as PRIVATE KEY",
            first.replace("END CERTIFICATE", "END PRIVATE KEY")),
        Arguments.of("block 1 is not base64", first.replace("MII", "MI*")),
        Arguments.of("block 1 is not base64", first.replace("MII", "MI# a comment")),
        Arguments.of(
            "block 1 is empty", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
        Arguments.of(
            "block 1 has more on its BEGIN line: line breaks are missing",
            first.replace("\n", " ")),
        Arguments.of(
            "block 1 has more on its END line: line breaks are missing",
            first.replace("END CERTIFICATE-----\n", "END CERTIFICATE----- and more\n")),
        Arguments.of(
            "block 2 is not an X.509 certificate: its content is no DER SEQUENCE",
            first + Pem.encode(Pem.CERTIFICATE, "nonsense".getBytes(US_ASCII))),
        Arguments.of(
            "block 2 is not an X.509 certificate: Unable to initialize, Too short",
            first + Pem.encode(Pem.CERTIFICATE, new byte[] {0x30, 0x03, 0x02, 0x01, 0x01})),
        Arguments.of(
            "block 2 is not an X.509 certificate but a PKCS#8 private key",
            first + Pem.encode(Pem.CERTIFICATE, TestCa.newKeyPair().getPrivate().getEncoded())),
        Arguments.of(
            "block 1 is not an X.509 certificate but a public key",
            Pem.encode(Pem.CERTIFICATE, FIRST.getPublicKey().getEncoded())),
        // Version 2, in the words of the JDK.
        Arguments.of(
            "block 1 is not an X.509 certificate: Extensions not allowed in v2 certificate",
            Pem.encode(Pem.CERTIFICATE, withVersion(FIRST.getEncoded(), 1))),
        // A certificate encoded twice: the JDK would read the inner text.
        Arguments.of(
            "block 1 is not an X.509 certificate: its content is no DER SEQUENCE",
            Pem.encode(Pem.CERTIFICATE, first.getBytes(US_ASCII))),
        Arguments.of(
            "block 1 has 2 bytes after its certificate",
            Pem.encode(Pem.CERTIFICATE, concat(FIRST.getEncoded(), new byte[2]))),
        Arguments.of(
            "is base64 of PEM text: decode it once (a Secret's value as kubectl prints it?)",
            Base64.getEncoder().encodeToString(first.getBytes(US_ASCII))),
        // What one block lacks the next one has: together they would be one certificate, or two.
        Arguments.of(
            "block 1 is not an X.509 certificate: a value in it is longer than what holds it",
            Pem.encode(Pem.CERTIFICATE, Arrays.copyOf(FIRST.getEncoded(), 100))
                + Pem.encode(
                    Pem.CERTIFICATE,
                    Arrays.copyOfRange(FIRST.getEncoded(), 100, FIRST.getEncoded().length))),
        Arguments.of(
            "block 2 has " + SECOND.getEncoded().length + " bytes after its certificate",
            first + Pem.encode(Pem.CERTIFICATE, concat(FIRST.getEncoded(), SECOND.getEncoded()))),
        Arguments.of(
            "block 2 has 3 bytes after its certificate",
            first + Pem.encode(Pem.CERTIFICATE, concat(SECOND.getEncoded(), new byte[3])) + first),
        Arguments.of(
            "block 2 has 3 bytes after its certificate",
            first + Pem.encode(Pem.CERTIFICATE, concat(SECOND.getEncoded(), new byte[3]))),
        Arguments.of(
            "block 1 has a label of 65 bytes",
            "-----BEGIN " + "A".repeat(65) + "-----\n-----END " + "A".repeat(65) + "-----\n"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unusable")
  @DisplayName("a text that holds no certificate says which source, which block and what is wrong")
  void refuses(String problem, String text) {
    assertThatThrownBy(() -> Pem.parse(SOURCE, text).certificates())
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessage(SOURCE + ": " + problem);
  }

  @Test
  @DisplayName("binary files are told apart from text")
  void refusesBinary() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("a", FIRST);
    ByteArrayOutputStream pkcs12 = new ByteArrayOutputStream();
    store.store(pkcs12, "password".toCharArray());

    assertThat(problem(FIRST.getEncoded())).isEqualTo("is DER, not PEM");
    assertThat(problem(pkcs12.toByteArray())).isEqualTo("is DER, not PEM");
    assertThat(problem(BOTH.getBytes(UTF_16))).isEqualTo("is UTF-16 text, PEM is ASCII");
    assertThat(problem(new byte[300]))
        .isEqualTo("has no PEM block (300 bytes without a BEGIN line)");
  }

  @Test
  @DisplayName("no message shows any of the content")
  void messagesShowNoContent() {
    byte[] secret = new byte[300];
    new Random(1).nextBytes(secret);
    String text = Pem.encode(Pem.PRIVATE_KEY, secret);
    String content = text.split("\n", 3)[1];
    for (int at = 0; at < text.length(); at++) {
      String damaged = text.substring(0, at) + "\u0001" + text.substring(at + 1);
      InvalidMaterialException error =
          catchThrowableOfType(
              InvalidMaterialException.class, () -> Pem.parse(SOURCE, damaged).certificates());
      for (int piece = 0; piece + 4 <= content.length(); piece += 4) {
        assertThat(error.getMessage()).doesNotContain(content.substring(piece, piece + 4));
      }
      assertThat(error.getCause()).isNull();
    }
    assertThat(Pem.parse(SOURCE, text).toString())
        .isEqualTo("/etc/ca/ca.crt: [block 1 PRIVATE KEY]");
  }

  @Test
  @DisplayName("a text cut anywhere gives whole blocks or an error, never a part of one")
  void cutAnywhere() {
    int firstEnd = Pem.encode(List.of(FIRST)).length();
    for (int length = 0; length < BOTH.length() - 1; length++) {
      String cut = BOTH.substring(0, length);
      // Up to the dashes of the second BEGIN the first block stands alone; they could be a ruler.
      if (length >= firstEnd - 1 && length <= firstEnd + 5) {
        assertThat(Pem.parse(SOURCE, cut).certificates()).containsExactly(FIRST);
      } else {
        assertThatThrownBy(() -> Pem.parse(SOURCE, cut).certificates())
            .as("first %d bytes", length)
            .isInstanceOf(InvalidMaterialException.class);
      }
    }
  }

  @Test
  @DisplayName("random bytes never cause anything but an error of ours")
  void randomBytes() {
    Random random = new Random(7);
    byte[] original = BOTH.getBytes(US_ASCII);
    for (int round = 0; round < 2_000; round++) {
      byte[] mangled = original.clone();
      for (int change = random.nextInt(6); change >= 0; change--) {
        mangled[random.nextInt(mangled.length)] = (byte) random.nextInt(256);
      }
      try {
        assertThat(Pem.parse(SOURCE, mangled).certificates()).isNotEmpty();
      } catch (InvalidMaterialException expected) {
        assertThat(expected.source()).isEqualTo(SOURCE);
      }
    }
  }

  @Test
  @DisplayName("blocks keep their order, labels and bytes")
  void blocks() {
    byte[] parameters = {6, 8, 1};
    byte[] key = {0x30, 1, 2};
    Pem pem =
        Pem.parse(
            SOURCE,
            Pem.encode("EC PARAMETERS", parameters) + Pem.encode(Pem.EC_PRIVATE_KEY, key) + BOTH);

    assertThat(pem.blocks())
        .extracting(Pem.Block::label)
        .containsExactly("EC PARAMETERS", "EC PRIVATE KEY", "CERTIFICATE", "CERTIFICATE");
    assertThat(pem.blocks()).extracting(Pem.Block::index).containsExactly(1, 2, 3, 4);
    assertThat(pem.privateKey().bytes()).isEqualTo(key);
    assertThat(pem.has(Pem.CERTIFICATE)).isTrue();
    assertThat(pem.has(Pem.PRIVATE_KEY)).isFalse();
    assertThat(pem.blocks(Pem.CERTIFICATE)).hasSize(2);
    assertThat(pem.certificates()).containsExactly(FIRST, SECOND);
    assertThat(pem.source()).isEqualTo(SOURCE);
  }

  @Test
  @DisplayName("a block's bytes are a copy")
  void bytesAreACopy() {
    Pem.Block block = Pem.parse(SOURCE, Pem.encode("ANY", new byte[] {1, 2, 3})).blocks().get(0);
    block.bytes()[0] = 9;
    assertThat(block.bytes()).containsExactly(1, 2, 3);
  }

  @Test
  @DisplayName("exactly one private key is expected")
  void onePrivateKey() {
    String key = Pem.encode(Pem.RSA_PRIVATE_KEY, new byte[] {0x30, 0});
    assertThatThrownBy(() -> Pem.parse(SOURCE, BOTH).privateKey())
        .hasMessage(SOURCE + ": has no private key block (found: CERTIFICATE)");
    assertThatThrownBy(() -> Pem.parse(SOURCE, key + BOTH + key).privateKey())
        .hasMessage(SOURCE + ": has 2 private key blocks, expected one");
  }

  @Test
  @DisplayName("a key encrypted in the way of RFC 1421 is recognised and refused with the remedy")
  void legacyEncryption() {
    String key =
        """
        -----BEGIN RSA PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-256-CBC,
         00112233445566778899AABBCCDDEEFF

        AAECAwQFBgcICQoLDA0ODw==
        -----END RSA PRIVATE KEY-----
        """;
    assertThat(Pem.parse(SOURCE, key).blocks().get(0).legacyEncrypted()).isTrue();
    assertThat(Pem.parse(SOURCE, key).blocks().get(0).bytes()).hasSize(16);
    assertThatThrownBy(() -> Pem.parse(SOURCE, key).privateKey())
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessage(
            SOURCE
                + ": block 1 is encrypted in the legacy way (Proc-Type: 4,ENCRYPTED), which is not"
                + " supported; convert it with: openssl pkcs8 -topk8 -in OLD -out NEW");
  }

  @Test
  @DisplayName("headers of other kinds are passed over")
  void otherHeaders() {
    String text = BOTH.replace("BEGIN CERTIFICATE-----\n", "BEGIN CERTIFICATE-----\nA: b\n\n");
    assertThat(Pem.parse(SOURCE, text).certificates()).containsExactly(FIRST, SECOND);
    assertThat(Pem.parse(SOURCE, text).blocks().get(0).legacyEncrypted()).isFalse();
  }

  @Test
  @DisplayName("writing is strict: LF, 64 columns, ASCII, for every length")
  void writesStrictly() {
    Random random = new Random(3);
    for (int length = 1; length < 200; length++) {
      byte[] der = new byte[length];
      random.nextBytes(der);
      String text = Pem.encode("ANY LABEL", der);
      assertThat(text)
          .matches(
              "-----BEGIN ANY LABEL-----\n"
                  + "([A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{1,64}={0,2}\n"
                  + "-----END ANY LABEL-----\n");
      assertThat(Pem.parse(SOURCE, text).blocks().get(0).bytes()).isEqualTo(der);
    }
  }

  @Test
  @DisplayName("openssl writes a certificate the same")
  void opensslAgrees(@TempDir Path directory) {
    OpenSsl openSsl = OpenSsl.in(directory);
    String ours = Pem.encode(List.of(FIRST));
    assertThat(openSsl.run("x509", "-in", openSsl.write("ca.crt", ours))).isEqualTo(ours);
  }

  @Test
  @DisplayName("the JDK reads what is written")
  void jdkAgrees() throws Exception {
    assertThat(
            CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(BOTH.getBytes(US_ASCII))))
        .hasSize(2)
        .first()
        .isEqualTo(FIRST);
  }

  /** Writes another number into {@code version [0] EXPLICIT INTEGER}. */
  private static byte[] withVersion(byte[] certificate, int version) {
    byte[] changed = certificate.clone();
    for (int at = 0; ; at++) {
      if (changed[at] == (byte) 0xa0 && changed[at + 1] == 3 && changed[at + 2] == 2) {
        changed[at + 4] = (byte) version;
        return changed;
      }
    }
  }

  @Test
  @DisplayName("a message names a few of many labels")
  void fewLabels() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 1000; i++) {
      text.append(Pem.encode("LABEL " + i, new byte[1]));
    }
    assertThatThrownBy(() -> Pem.parse(SOURCE, text.toString()).certificates())
        .hasMessageEndingWith("LABEL 6, LABEL 7 and 992 more labels)");
  }

  @Test
  @DisplayName("a block's headers are at most 8 KiB, its continuations included")
  void boundedHeaders() {
    String begin = "-----BEGIN CERTIFICATE-----\n";
    for (String line : List.of(" continued\n", "name: value\n", "\tb\n", "a:\n")) {
      String headers = "Any: header\n" + line.repeat((3 << 20) / line.length()) + "\n";
      assertThatThrownBy(() -> Pem.parse(SOURCE, BOTH.replaceFirst(begin, begin + headers)))
          .isInstanceOf(InvalidMaterialException.class)
          .hasMessage(SOURCE + ": block 1 has more than 8 KiB of headers");
    }
    String few = "Any: header\n" + " continued\n".repeat(700) + "\n";
    assertThat(Pem.parse(SOURCE, BOTH.replace(begin, begin + few)).certificates())
        .containsExactly(FIRST, SECOND);
  }

  @Test
  @DisplayName("an encrypted key is recognised when Proc-Type is folded")
  void foldedProcType() {
    String key =
        "-----BEGIN RSA PRIVATE KEY-----\nproc-type: 4,\n  ENCRYPTED\nDEK-Info: x\n\nAAEC\n"
            + "-----END RSA PRIVATE KEY-----\n";
    assertThat(Pem.parse(SOURCE, key).blocks().get(0).legacyEncrypted()).isTrue();
  }

  static Stream<Arguments> adversarial() {
    String block = Pem.encode("X", new byte[1]);
    return Stream.of(
            "-",
            "\n",
            " ",
            "\0",
            "-----",
            "-----BEGIN ",
            "-----BEGIN A-----\n",
            "a:\n",
            "a: b\n c\n",
            "-----BEGIN A----------END A-----",
            "A\n",
            "A ",
            "=",
            "-----END A-----\n",
            block,
            block + " \n",
            block.strip(),
            "-----BEGIN X-----\nAA==\n-----END X-----")
        .flatMap(
            piece ->
                Stream.of("", "-----BEGIN A-----\n", "-----BEGIN A-----\n\n", BOTH)
                    .map(before -> Arguments.of(before, piece)));
  }

  @ParameterizedTest
  @MethodSource("adversarial")
  @DisplayName("four times the text costs about four times the memory and CPU, whatever it is")
  void linearInTheText(String before, String piece) {
    long[] small = cost(before + piece.repeat((1 << 20) / piece.length()));
    long[] large = cost(before + piece.repeat((4 << 20) / piece.length()));

    assertThat(large[0]).as("bytes allocated").isLessThan(6 * small[0] + (1 << 20));
    // A quadratic reader needs 16 times as long, and minutes.
    assertThat(large[1]).as("ns of CPU").isLessThan(10 * small[1] + 200_000_000);
  }

  /** Bytes allocated by this thread, and its CPU time: the least of three runs. */
  private static long[] cost(String text) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] bytes = text.getBytes(US_ASCII);
    long[] least = {Long.MAX_VALUE, Long.MAX_VALUE};
    for (int run = 0; run < 3; run++) {
      long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
      long cpu = threads.getCurrentThreadCpuTime();
      try {
        Pem.parse(SOURCE, bytes).certificates();
      } catch (InvalidMaterialException refused) {
        assertThat(refused.getMessage()).hasSizeLessThan(1000);
      }
      least[1] = Math.min(least[1], threads.getCurrentThreadCpuTime() - cpu);
      least[0] =
          Math.min(
              least[0],
              threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - allocated);
    }
    return least;
  }

  private static String problem(byte[] text) {
    InvalidMaterialException error =
        catchThrowableOfType(
            InvalidMaterialException.class, () -> Pem.parse(SOURCE, text).certificates());
    return error.getMessage().substring(SOURCE.length() + 2);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
