package io.podtls.identity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.pem.Pem;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.KeyUsage;
import io.podtls.request.SubjectAlternativeName;
import io.podtls.testing.OpenSsl;
import io.podtls.testing.SampleRequests;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import java.security.Security;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1UTF8String;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("PKCS#10 requests")
class Pkcs10Test {

  @TempDir private Path directory;

  static Stream<String> samples() {
    return SampleRequests.all().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("samples")
  @DisplayName("verify with openssl, which sees the key, the signature and every name")
  void verifyWithOpenSsl(String sample) throws Exception {
    CertificateRequest request = SampleRequests.all().get(sample);
    OpenSsl openSsl = OpenSsl.in(directory);
    openSsl.write("server.csr", PendingIdentity.generate(request).pkcs10Pem());

    String text =
        openSsl.run("req", "-verify", "-noout", "-text", "-nameopt", "utf8", "-in", "server.csr");

    assertThat(text).containsIgnoringCase("verify OK").contains(key(request.keyAlgorithm()));
    if (request.subjectAlternativeNames().isEmpty()) {
      assertThat(text).doesNotContain("X509v3");
    } else {
      assertThat(text).contains(names(request));
      assertThat(text.split("X509v3", -1)).as("one extension").hasSize(2);
    }
    assertThat(text).contains("Subject: " + subject(request) + "\n");
  }

  private static String key(KeyAlgorithm algorithm) {
    return switch (algorithm) {
      case ECDSA_P256 -> "ASN1 OID: prime256v1";
      case ECDSA_P384 -> "ASN1 OID: secp384r1";
      case ECDSA_P521 -> "ASN1 OID: secp521r1";
      case RSA_2048 -> "Public-Key: (2048 bit)";
      case RSA_3072 -> "Public-Key: (3072 bit)";
      case RSA_4096 -> "Public-Key: (4096 bit)";
      case ED25519 -> "Public Key Algorithm: ED25519";
    };
  }

  private static String names(CertificateRequest request) {
    return request.subjectAlternativeNames().stream()
        .map(Pkcs10Test::asOpenSslWritesIt)
        .collect(Collectors.joining(", "));
  }

  private static String asOpenSslWritesIt(SubjectAlternativeName name) {
    if (name.kind() != SubjectAlternativeName.Kind.IP_ADDRESS) {
      return name.toString();
    }
    try {
      byte[] address = InetAddress.getByName(name.value()).getAddress();
      return "IP Address:"
          + (address.length == 4
              ? name.value()
              : IntStream.range(0, 8)
                  .mapToObj(
                      i ->
                          String.format(
                              "%X", (address[2 * i] & 255) << 8 | address[2 * i + 1] & 255))
                  .collect(Collectors.joining(":")));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static String subject(CertificateRequest request) {
    // With utf8 as its only option openssl writes RFC 2253's order without its escapes.
    return Stream.concat(
            request.organizations().stream().map(organization -> "O=" + organization),
            request.commonName().stream().map(name -> "CN=" + name))
        .collect(Collectors.joining(", "));
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("verify with the JDK's own reader")
  void verifyWithKeytool(KeyAlgorithm algorithm) throws Exception {
    PendingIdentity pending =
        PendingIdentity.generate(SampleRequests.all().get(algorithm + " with all kinds of names"));
    Path file = directory.resolve("server.csr");
    Files.writeString(file, pending.pkcs10Pem());

    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-Duser.language=en",
                "-J-Xshare:auto",
                "-printcertreq",
                "-file",
                file.toString())
            .redirectErrorStream(true)
            .start();
    String text = new String(keytool.getInputStream().readAllBytes(), UTF_8);

    assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(keytool.exitValue()).as(text).isZero();
    assertThat(text).contains("PKCS #10 Certificate Request");
  }

  @Test
  @DisplayName("are those of Kubernetes' documentation, if it is asked for its example")
  void areThoseOfTheDocumentation() throws Exception {
    PendingIdentity pending = PendingIdentity.generate(SampleRequests.kubernetesDocumentation());
    OpenSsl openSsl = OpenSsl.in(directory);
    openSsl.write("server.csr", pending.pkcs10Pem());

    assertThat(
            openSsl.run(
                "req", "-verify", "-noout", "-text", "-nameopt", "RFC2253", "-in", "server.csr"))
        .contains(
            "Subject: CN=my-pod.my-namespace.pod.cluster.local\n",
            "Public Key Algorithm: id-ecPublicKey\n",
            "NIST CURVE: P-256\n",
            "Requested Extensions:\n",
            "X509v3 Subject Alternative Name: \n",
            "DNS:my-svc.my-namespace.svc.cluster.local,"
                + " DNS:my-pod.my-namespace.pod.cluster.local, IP Address:172.168.0.24, IP"
                + " Address:10.0.34.2\n",
            "Signature Algorithm: ecdsa-with-SHA256\n");
  }

  @Test
  @DisplayName("are one PEM block CERTIFICATE REQUEST, the same bytes as the DER")
  void areOnePemBlock() {
    PendingIdentity pending = PendingIdentity.generate(SampleRequests.kubernetesDocumentation());

    assertThat(pending.pkcs10Pem())
        .startsWith("-----BEGIN CERTIFICATE REQUEST-----\n")
        .endsWith("-----END CERTIFICATE REQUEST-----\n")
        .containsOnlyOnce("BEGIN");
    byte[] der = pending.pkcs10Der();
    Arrays.fill(der, (byte) 0);
    assertThat(pending.pkcs10Der()).isNotEqualTo(der);
    assertThat(Pem.parse("request", pending.pkcs10Pem()).blocks().get(0).der())
        .isEqualTo(pending.pkcs10Der());
  }

  @Test
  @DisplayName("have names only: no usages, and criticality where the certificate will need it")
  void haveNamesOnly() throws Exception {
    CertificateRequest.Builder builder =
        CertificateRequest.builder(SampleRequests.SIGNER)
            .dnsNames("orders")
            .usages(KeyUsage.SERVER_AUTH);

    for (boolean named : new boolean[] {false, true}) {
      CertificateRequest request = named ? builder.commonName("orders").build() : builder.build();
      PKCS10CertificationRequest parsed =
          new PKCS10CertificationRequest(PendingIdentity.generate(request).pkcs10Der());

      assertThat(parsed.getAttributes()).hasSize(1);
      assertThat(parsed.getAttributes()[0].getAttrType())
          .isEqualTo(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest);
      assertThat(parsed.getRequestedExtensions().getExtensionOIDs())
          .containsExactly(Extension.subjectAlternativeName);
      assertThat(
              parsed
                  .getRequestedExtensions()
                  .getExtension(Extension.subjectAlternativeName)
                  .isCritical())
          .isNotEqualTo(named);
      assertThat(parsed.getSubject().getRDNs()).hasSize(named ? 1 : 0);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "#0c0141",
        "#not hexadecimal",
        "\\system:masters",
        "\\",
        "#",
        "a=b,c+d;\"e\"<f>",
        " blanks around ",
        "bücher \ud83d\udcda"
      })
  @DisplayName("have subject values as given, as UTF8String, whatever they start with")
  void haveSubjectValuesAsGiven(String value) throws Exception {
    CertificateRequest request =
        CertificateRequest.builder(SampleRequests.SIGNER)
            .dnsNames("orders")
            .commonName(value)
            .organizations(value)
            .build();

    PKCS10CertificationRequest parsed =
        new PKCS10CertificationRequest(PendingIdentity.generate(request).pkcs10Der());

    assertThat(parsed.getSubject().getRDNs())
        .hasSize(2)
        .allSatisfy(
            rdn ->
                assertThat(rdn.getFirst().getValue())
                    .isInstanceOf(ASN1UTF8String.class)
                    .hasToString(value));
  }

  @Test
  @DisplayName("are for another key each time")
  void areForAnotherKeyEachTime() {
    CertificateRequest request = SampleRequests.kubernetesDocumentation();

    assertThat(PendingIdentity.generate(request).publicKey())
        .isNotEqualTo(PendingIdentity.generate(request).publicKey());
  }

  @Test
  @DisplayName("register no provider")
  void registerNoProvider() {
    List<String> before = Arrays.stream(Security.getProviders()).map(Provider::getName).toList();

    SampleRequests.all().values().stream()
        .filter(request -> request.keyAlgorithm() != KeyAlgorithm.RSA_4096)
        .forEach(PendingIdentity::generate);

    assertThat(Arrays.stream(Security.getProviders()).map(Provider::getName).toList())
        .isEqualTo(before)
        .noneMatch(name -> name.toUpperCase(Locale.ROOT).startsWith("BC"));
  }

  /** What a fresh JVM runs for the test below. */
  static final class InAFreshJvm {
    public static void main(String[] arguments) {
      PendingIdentity.generate(SampleRequests.kubernetesDocumentation());
    }
  }

  @Test
  @DisplayName("load Bouncy Castle's ASN.1 types and nothing else of it, so that starts are quick")
  void loadNothingOfTheProvider() throws Exception {
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:class+load",
                "-cp",
                System.getProperty("java.class.path"),
                InAFreshJvm.class.getName())
            .redirectErrorStream(true)
            .start();
    String log = new String(java.getInputStream().readAllBytes(), UTF_8);

    assertThat(java.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(java.exitValue()).isZero();
    assertThat(log)
        .contains(" org.bouncycastle.asn1.pkcs.CertificationRequest ")
        .doesNotContain(" org.bouncycastle.pkcs.", " org.bouncycastle.operator.")
        .doesNotContain(" org.bouncycastle.jce.", " org.bouncycastle.jcajce.")
        .doesNotContain(" org.bouncycastle.crypto.");
  }
}
