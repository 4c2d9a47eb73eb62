package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.request.SignerName;
import io.podtls.request.SubjectAlternativeName;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
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
            .reviewed();

    assertThat(request.name()).isEqualTo("podtls-x1");
    assertThat(request.signerName()).isEqualTo(SignerName.of("example.com/serving"));
    assertThat(request.usages()).containsExactly("digital signature", "server auth");
    assertThat(request.expiration()).contains(Duration.ofMinutes(15));
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
        "the PKCS#10 has more than one extension request");
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

  @Test
  @DisplayName("what is not exactly one PEM block CERTIFICATE REQUEST is refused")
  void refusesOtherPem() {
    String one = TestPkcs10.dns("orders.shop.svc").pem();
    String problem = "spec.request is not exactly one PEM block CERTIFICATE REQUEST";

    assertRefused("", problem);
    assertRefused(one + TestPkcs10.dns("admin.other.svc").pem(), problem);
    assertRefused("text before\n" + one, problem);
    assertRefused(one + "text after", problem);
    assertRefused(one.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"), problem);
    assertRefused(one.replace("\n\n", "").replaceFirst("MI", "M*"), problem);
  }

  @Test
  @DisplayName("CRLF line ends are read like LF")
  void readsCrLf() {
    String pem = TestPkcs10.dns("orders.shop.svc").pem().replace("\n", "\r\n");

    assertThat(TestRequest.ofPem(pem).reviewed().pkcs10().subjectAlternativeNames()).hasSize(1);
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
      nested = wrap(nested);
    }

    assertRefused(TestPkcs10.pem(nested), "the PKCS#10 is malformed");
  }

  @Test
  @DisplayName("more than 64 KiB are refused unread")
  void refusesHugeRequests() {
    assertRefused("x".repeat(65 * 1024), "the PKCS#10 is larger than 64 KiB");
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

  private static byte[] wrap(byte[] content) {
    byte[] length =
        content.length < 128
            ? new byte[] {(byte) content.length}
            : content.length < 256
                ? new byte[] {(byte) 0x81, (byte) content.length}
                : new byte[] {(byte) 0x82, (byte) (content.length >> 8), (byte) content.length};
    byte[] wrapped = new byte[1 + length.length + content.length];
    wrapped[0] = 0x30;
    System.arraycopy(length, 0, wrapped, 1, length.length);
    System.arraycopy(content, 0, wrapped, 1 + length.length, content.length);
    return wrapped;
  }
}
