package io.podtls.fabric8.approval;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.request.SignerName;
import io.podtls.request.SubjectAlternativeName;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERIA5String;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReviewedRequestTest {

  @Test
  @DisplayName("everything that the object and its PKCS#10 say can be read")
  void readsEverything() {
    ReviewedRequest request =
        TestRequest.of(
                TestPkcs10.dns("orders.shop.svc", "*.example.com")
                    .andIp("10.1.2.3", "fd00::1")
                    .andUri("spiffe://cluster.local/ns/shop/sa/orders")
                    .andName(new GeneralName(GeneralName.rfc822Name, "root@example.com"))
                    .andName(new GeneralName(GeneralName.registeredID, "1.2.3"))
                    .subject("CN=orders.shop.svc,O=acme")
                    .keyUsage(org.bouncycastle.asn1.x509.KeyUsage.keyEncipherment)
                    .purposes(KeyPurposeId.id_kp_serverAuth)
                    .certificateAuthority())
            .expirationSeconds(900)
            .label("app", "orders")
            .annotation("example.com/ticket", "OPS-1")
            .reviewed();

    assertThat(request.name()).isEqualTo("podtls-x1");
    assertThat(request.signerName()).isEqualTo(SignerName.of("example.com/serving"));
    assertThat(request.usages()).containsExactly("digital signature", "server auth");
    assertThat(request.expiration()).contains(Duration.ofMinutes(15));
    assertThat(request.labels()).isEqualTo(Map.of("app", "orders"));
    assertThat(request.annotations()).isEqualTo(Map.of("example.com/ticket", "OPS-1"));
    Pkcs10Content pkcs10 = request.pkcs10();
    assertThat(pkcs10.subject().getName()).isEqualTo("O=acme,CN=orders.shop.svc");
    assertThat(pkcs10.subjectAttributes())
        .extracting(attribute -> attribute.type() + "=" + attribute.value())
        .containsExactly("CN=orders.shop.svc", "O=acme");
    assertThat(pkcs10.subjectAlternativeNames())
        .extracting(SubjectAlternativeName::kind)
        .containsExactly(
            SubjectAlternativeName.Kind.DNS,
            SubjectAlternativeName.Kind.DNS,
            SubjectAlternativeName.Kind.IP_ADDRESS,
            SubjectAlternativeName.Kind.IP_ADDRESS,
            SubjectAlternativeName.Kind.URI,
            SubjectAlternativeName.Kind.EMAIL);
    assertThat(pkcs10.otherNameKinds()).containsExactly("registeredID");
    assertThat(pkcs10.usages()).containsExactly("key encipherment", "server auth");
    assertThat(pkcs10.certificateAuthority()).isTrue();
    assertThat(pkcs10.extensions())
        .containsExactlyInAnyOrder("2.5.29.15", "2.5.29.37", "2.5.29.19", "2.5.29.17");
    assertThat(pkcs10.attributes()).containsExactly("1.2.840.113549.1.9.14");
    assertThat(pkcs10.publicKey().getAlgorithm()).isEqualTo("EC");
  }

  @ParameterizedTest
  @MethodSource("keys")
  @DisplayName("the self-signature of every kind of key is verified, and a foreign one is refused")
  void verifiesSelfSignature(KeyPair keys, String algorithm) {
    byte[] der = TestPkcs10.dns("orders.shop.svc").key(keys, algorithm).der();

    assertThat(TestRequest.ofPem(TestPkcs10.pem(der)).reviewed().pkcs10().publicKey())
        .isEqualTo(keys.getPublic());
    der[der.length - 1] ^= 1;
    assertRefused(TestPkcs10.pem(der), "the PKCS#10 is not signed by the key that it names");
  }

  static Stream<Arguments> keys() {
    KeyPair rsa = TestPkcs10.rsaKey(2048);
    return Stream.of(
        Arguments.of(TestPkcs10.ecKey("secp256r1"), "SHA256withECDSA"),
        Arguments.of(TestPkcs10.ecKey("secp384r1"), "SHA384withECDSA"),
        Arguments.of(TestPkcs10.ecKey("secp521r1"), "SHA512withECDSA"),
        Arguments.of(rsa, "SHA256withRSA"),
        Arguments.of(rsa, "SHA512withRSA"),
        Arguments.of(rsa, "RSASSA-PSS"),
        Arguments.of(TestPkcs10.ed25519Key(), "Ed25519"));
  }

  @Test
  @DisplayName("a request signed by another key than the one in it is refused")
  void refusesForeignSignature() {
    assertRefused(
        TestPkcs10.dns("orders.shop.svc").signedByAnother().pem(),
        "the PKCS#10 is not signed by the key that it names");
  }

  @Test
  @DisplayName("a signature with SHA-1 is refused")
  void refusesSha1() {
    assertRefused(
        TestPkcs10.dns("orders.shop.svc").key(TestPkcs10.rsaKey(2048), "SHA1withRSA").pem(),
        "the PKCS#10 is signed with the unknown or outdated algorithm 1.2.840.113549.1.1.5");
  }

  @Test
  @DisplayName("a second extension request, which another reader could prefer, is refused")
  void refusesHiddenExtensions() {
    assertRefused(
        TestPkcs10.dns("orders.shop.svc").hiddenDns("admin.other.svc").pem(),
        "the PKCS#10 has the attribute 1.2.840.113549.1.9.14 twice");
  }

  @Test
  @DisplayName("the same extension twice is refused")
  void refusesRepeatedExtension() throws Exception {
    byte[] name =
        new org.bouncycastle.asn1.x509.GeneralNames(
                new GeneralName(GeneralName.dNSName, "a.shop.svc"))
            .getEncoded();
    Extension extension = new Extension(Extension.subjectAlternativeName, false, name);
    byte[] der = withExtensionRequest(new DERSequence(new ASN1Encodable[] {extension, extension}));

    assertRefused(TestPkcs10.pem(der), "the PKCS#10 is malformed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "orders.shop.svc.",
        "orders..svc",
        ".svc",
        "orders shop",
        "orders.shop.svc\u0000.example.com",
        "\u00aborders",
        "\u00bardners",
        "ord*rs.shop.svc",
        "*",
        "**.shop.svc",
        "-orders.shop.svc"
      })
  @DisplayName("a DNS name that two readers could take differently is refused")
  void refusesOddDnsNames(String name) {
    assertThatThrownBy(
            () ->
                TestRequest.of(
                        TestPkcs10.dns("orders.shop.svc")
                            .andName(
                                new GeneralName(
                                    GeneralName.dNSName, new DERIA5String(name, false))))
                    .reviewed())
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("is malformed");
  }

  @Test
  @DisplayName("an address that is neither of 4 nor of 16 bytes, or IPv4 in disguise, is refused")
  void refusesOddAddresses() {
    assertRefused(
        TestPkcs10.dns("orders.shop.svc")
            .andName(new GeneralName(GeneralName.iPAddress, new DEROctetString(new byte[5])))
            .pem(),
        "an IP address of 5 bytes is neither IPv4 nor IPv6");
    byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 1, 2, 3};
    assertRefused(
        TestPkcs10.dns("orders.shop.svc")
            .andName(new GeneralName(GeneralName.iPAddress, new DEROctetString(mapped)))
            .pem(),
        "the IP address 10.1.2.3 is written as IPv4-mapped IPv6");
  }

  static Stream<Arguments> otherPem() {
    String one = TestPkcs10.dns("orders.shop.svc").pem();
    String evil = TestPkcs10.dns("admin.other.svc").pem();
    String body = one.substring(36, one.indexOf("\n-----END"));
    return Stream.of(
        Arguments.of("nothing", ""),
        Arguments.of("blanks alone", " \n\t\r\n"),
        Arguments.of("two blocks", one + evil),
        Arguments.of("a block in the middle of a line", "x" + evil + one),
        Arguments.of("text before", "text before\n" + one),
        Arguments.of("text after", one + "text after"),
        Arguments.of("text after END", one.strip() + " x"),
        Arguments.of("a blank before BEGIN", " " + one),
        Arguments.of("a blank before END", one.replace("-----END", " -----END")),
        Arguments.of("everything on one line", one.replace("\n", "")),
        Arguments.of("END in the middle of a line", one.replace("\n-----END", "-----END")),
        Arguments.of("carriage returns alone", one.replace("\n", "\r")),
        Arguments.of("a form feed before", "\f" + one),
        Arguments.of("a form feed after", one + "\f"),
        Arguments.of("a form feed inside", one.replaceFirst("\nMI", "\n\fMI")),
        Arguments.of("a vertical tab", "\u000b" + one),
        Arguments.of("an information separator", "\u001c" + one),
        Arguments.of("a next line (NEL)", "\u0085" + one),
        Arguments.of("a no-break space", "\u00a0" + one),
        Arguments.of("a byte order mark", "\u00ef\u00bb\u00bf" + one),
        Arguments.of("a NUL", one + "\u0000"),
        Arguments.of("lower case", one.replace("CERTIFICATE REQUEST", "certificate request")),
        Arguments.of("another label", one.replace("CERTIFICATE", "NEW CERTIFICATE")),
        Arguments.of("labels that differ", one.replace("END CERT", "END NEW CERT")),
        Arguments.of("a header", one.replaceFirst("\nMI", "\nComment: x\n\nMI")),
        Arguments.of("six dashes", "-" + one),
        Arguments.of("DER", new String(TestPkcs10.dns("a").der(), ISO_8859_1)),
        Arguments.of("no block", body));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("otherPem")
  @DisplayName("what is not exactly one PEM block CERTIFICATE REQUEST among blanks is refused")
  void refusesOtherPem(String what, String text) {
    assertRefused(text, "spec.request is not exactly one PEM block CERTIFICATE REQUEST");
  }

  static Stream<Arguments> badBase64() {
    String one = TestPkcs10.dns("orders.shop.svc").pem();
    return Stream.of(
        Arguments.of("a foreign character", one.replaceFirst("MI", "M*")),
        Arguments.of("a missing character", one.replaceFirst("MI", "M")),
        Arguments.of("padding in the middle", one.replaceFirst("MI", "M=")),
        Arguments.of("the alphabet of URLs", one.replaceFirst("MI", "M_")),
        Arguments.of(
            "nothing",
            "-----BEGIN CERTIFICATE REQUEST-----\n\n-----END CERTIFICATE" + " REQUEST-----"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badBase64")
  @DisplayName("a block whose content is not base64 is refused")
  void refusesBadBase64(String what, String text) {
    assertThatThrownBy(() -> TestRequest.ofPem(text).reviewed())
        .isInstanceOf(InvalidMaterialException.class);
  }

  static Stream<Arguments> honestPem() {
    String one = TestPkcs10.dns("orders.shop.svc").pem();
    return Stream.of(
        Arguments.of("CRLF line ends", one.replace("\n", "\r\n")),
        Arguments.of("empty lines around it", "\n\r\n \t\n" + one + "\n \n"),
        Arguments.of("no line end after END", one.strip()),
        Arguments.of("blanks at the ends of lines", one.replace("\n", " \t\n")),
        Arguments.of("an empty line inside", one.replaceFirst("\nMI", "\n\nMI")),
        Arguments.of("one long line of base64", TestPkcs10.pem(TestPkcs10.dns("a").der(), 0)),
        Arguments.of("lines of 76 characters", TestPkcs10.pem(TestPkcs10.dns("a").der(), 76)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("honestPem")
  @DisplayName("what Go's reader takes from honest tools is read")
  void readsHonestPem(String what, String text) {
    assertThat(TestRequest.ofPem(text).reviewed().pkcs10().subjectAlternativeNames()).hasSize(1);
  }

  @Test
  @DisplayName("a spec.request without the padding of base64 is refused, as the API server does")
  void refusesMissingPadding() {
    String padded =
        Stream.of("", "\n", "\n\n")
            .map(end -> TestPkcs10.specRequest(TestPkcs10.dns("a").pem() + end))
            .filter(text -> text.endsWith("="))
            .findFirst()
            .orElseThrow();

    assertThat(Pkcs10Content.ofSpecRequest("csr a", padded).subjectAlternativeNames()).hasSize(1);
    assertThatThrownBy(() -> Pkcs10Content.ofSpecRequest("csr a", padded.replace("=", "")))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessage("csr a: spec.request is not base64 of PEM");
  }

  @Test
  @DisplayName("the bound of 64 KiB is one of spec.request, blanks included")
  void boundIsOfTheWholeText() {
    String one = TestPkcs10.dns("orders.shop.svc").pem();
    String full = one + " ".repeat(64 * 1024 - one.length());

    assertThat(TestRequest.ofPem(full).reviewed().pkcs10().subjectAlternativeNames()).hasSize(1);
    assertRefused(full + "    ", "spec.request is larger than 64 KiB");
  }

  static Stream<Arguments> ambiguousExtensions() throws Exception {
    byte[] serverAuth = KeyPurposeId.id_kp_serverAuth.getEncoded("DER");
    byte[] indefinite = new byte[serverAuth.length + 4];
    indefinite[0] = 0x30;
    indefinite[1] = (byte) 0x80;
    System.arraycopy(serverAuth, 0, indefinite, 2, serverAuth.length);
    byte[] longLength = new byte[serverAuth.length + 3];
    longLength[0] = 0x30;
    longLength[1] = (byte) 0x81;
    longLength[2] = (byte) serverAuth.length;
    System.arraycopy(serverAuth, 0, longLength, 3, serverAuth.length);
    byte[] splitAddress =
        TestPkcs10.tlv(
            0x30, TestPkcs10.tlv(0xa7, new byte[] {4, 2, 10, 1}, new byte[] {4, 2, 2, 3}));
    return Stream.of(
        Arguments.of("an EKU of indefinite length", Extension.extendedKeyUsage, indefinite),
        Arguments.of("an EKU with a length too long", Extension.extendedKeyUsage, longLength),
        Arguments.of("an EKU that is no list", Extension.extendedKeyUsage, serverAuth),
        Arguments.of("an empty EKU value", Extension.extendedKeyUsage, new byte[0]),
        Arguments.of("an empty BasicConstraints value", Extension.basicConstraints, new byte[0]),
        Arguments.of("data after the value", Extension.basicConstraints, new byte[] {0x30, 0, 0}),
        Arguments.of(
            "padding bits set in KeyUsage", Extension.keyUsage, new byte[] {3, 2, 5, (byte) 0xbf}),
        Arguments.of("an address in two parts", Extension.subjectAlternativeName, splitAddress),
        Arguments.of(
            "an unknown extension of indefinite length",
            new ASN1ObjectIdentifier("1.3.6.1.5.5.7.1.24"),
            new byte[] {0x30, (byte) 0x80, 0, 0}));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("ambiguousExtensions")
  @DisplayName("an extension's value that is not DER is refused")
  void refusesAmbiguousExtensions(String what, ASN1ObjectIdentifier type, byte[] value) {
    assertRefused(new TestPkcs10().extension(type, value).pem(), "the ");
  }

  @Test
  @DisplayName("a KeyUsage of more bits than have names is refused, not taken for 320,000 usages")
  void refusesLongKeyUsage() throws Exception {
    byte[] bits = new byte[40_000];
    Arrays.fill(bits, (byte) 0xff);
    assertRefused(
        TestPkcs10.dns("orders.shop.svc")
            .extension(Extension.keyUsage, new DERBitString(bits).getEncoded())
            .pem(),
        "the value of KeyUsage has more than 16 bits");
  }

  @Test
  @DisplayName("a PKCS#10 of another version than 0 is refused")
  void refusesOtherVersions() throws Exception {
    KeyPair keys = TestPkcs10.ecKey("secp256r1");
    byte[] info =
        TestPkcs10.tlv(
            0x30,
            new byte[] {2, 1, 1},
            new org.bouncycastle.asn1.x500.X500Name("CN=x").getEncoded("DER"),
            keys.getPublic().getEncoded(),
            new byte[] {(byte) 0xa0, 0});

    assertRefused(
        TestPkcs10.pem(TestPkcs10.signed(info, keys, "SHA256withECDSA")),
        "the PKCS#10 has version 1 instead of 0");
  }

  @Test
  @DisplayName("a subject with an empty RDN is refused")
  void refusesEmptyRdn() {
    KeyPair keys = TestPkcs10.ecKey("secp256r1");
    byte[] info =
        TestPkcs10.tlv(
            0x30,
            new byte[] {2, 1, 0},
            new byte[] {0x30, 2, 0x31, 0},
            keys.getPublic().getEncoded(),
            new byte[] {(byte) 0xa0, 0});

    assertRefused(TestPkcs10.pem(TestPkcs10.signed(info, keys, "SHA256withECDSA")), "the ");
  }

  @ParameterizedTest
  @ValueSource(ints = {GeneralName.rfc822Name, GeneralName.uniformResourceIdentifier})
  @DisplayName("a mail address or URI beyond ASCII, which readers rewrite, is refused")
  void refusesNamesBeyondAscii(int kind) {
    String text = kind == GeneralName.rfc822Name ? "a@b\u00fccher.example" : "spiffe://a/\u00fc";

    assertRefused(
        TestPkcs10.dns("orders.shop.svc")
            .andName(new GeneralName(kind, new DERIA5String(text, false)))
            .pem(),
        "the subject alternative name ");
  }

  @Test
  @DisplayName("an object without a requester or with no signer name is refused like a bad PKCS#10")
  void refusesMalformedObjects() {
    for (TestRequest odd :
        List.of(
            TestRequest.of(TestPkcs10.dns("orders.shop.svc")).username(null),
            TestRequest.of(TestPkcs10.dns("orders.shop.svc")).signer("no slash"))) {
      assertThatThrownBy(odd::reviewed)
          .isInstanceOf(InvalidMaterialException.class)
          .hasMessageStartingWith("csr podtls-x1: is no request that the API server accepts: ");
    }
  }

  @Test
  @DisplayName("requests are equal that ask for the same with the same key, signed again or not")
  void equality() {
    Pkcs10Content one = TestRequest.of(TestPkcs10.dns("a.shop.svc")).reviewed().pkcs10();
    Pkcs10Content again = TestRequest.of(TestPkcs10.dns("a.shop.svc")).reviewed().pkcs10();
    Pkcs10Content other = TestRequest.of(TestPkcs10.dns("b.shop.svc")).reviewed().pkcs10();

    assertThat(one.encoded()).isNotEqualTo(again.encoded());
    assertThat(one).isEqualTo(again).hasSameHashCodeAs(again).isNotEqualTo(other);
  }

  @Test
  @DisplayName(
      "every truncation and every flipped byte is refused or reads as the very same request")
  void survivesMangling() {
    byte[] der = TestPkcs10.dns("orders.shop.svc").andIp("10.1.2.3").certificateAuthority().der();

    for (int i = 0; i < der.length; i++) {
      assertRefused(TestPkcs10.pem(Arrays.copyOf(der, i)), "the PKCS#10 is");
      byte[] flipped = der.clone();
      flipped[i] ^= 0x21;
      assertRefused(TestPkcs10.pem(flipped), "the");
    }
    assertRefused(TestPkcs10.pem(Arrays.copyOf(der, der.length + 1)), "the PKCS#10 is");
  }

  @Test
  @DisplayName("structures nested without end are refused, not followed")
  void refusesDeepNesting() throws Exception {
    byte[] nested = DERNull.INSTANCE.getEncoded();
    for (int depth = 0; depth < 10_000 && nested.length < 40_000; depth++) {
      nested = TestPkcs10.tlv(0x30, nested);
    }

    assertRefused(TestPkcs10.pem(nested), "the PKCS#10 is malformed");
    assertRefused(
        new TestPkcs10().extension(Extension.extendedKeyUsage, nested).pem(),
        "the PKCS#10 is malformed");
  }

  @Test
  @DisplayName("more than 64 KiB are refused unread")
  void refusesHugeRequests() {
    assertRefused("x".repeat(65 * 1024), "spec.request is larger than 64 KiB");
  }

  private static void assertRefused(String pem, String problem) {
    assertThatThrownBy(() -> TestRequest.ofPem(pem).reviewed())
        .isInstanceOfSatisfying(
            InvalidMaterialException.class,
            refused -> assertThat(refused.source()).isEqualTo("csr podtls-x1"))
        .hasMessageStartingWith("csr podtls-x1: " + problem);
  }

  /** A signed request with this, well formed or not, as its extension request. */
  private static byte[] withExtensionRequest(ASN1Encodable extensions) throws Exception {
    KeyPair keys = TestPkcs10.ecKey("secp256r1");
    return new org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder(
            new org.bouncycastle.asn1.x500.X500Name("CN=x"), keys.getPublic())
        .addAttribute(
            org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions)
        .build(
            new org.bouncycastle.operator.jcajce.JcaContentSignerBuilder("SHA256withECDSA")
                .build(keys.getPrivate()))
        .getEncoded();
  }
}
