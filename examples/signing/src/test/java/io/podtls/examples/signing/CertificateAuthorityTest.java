package io.podtls.examples.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.x500.X500Name;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("a certificate authority")
class CertificateAuthorityTest {
  private static final List<String> SERVER = List.of("digital signature", "server auth");
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path folder;
  private Openssl openssl;
  private final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
  private final CertificateAuthority root = CertificateAuthority.create("root of tests", DAY);

  @BeforeEach
  void needsOpenssl() {
    openssl = Openssl.in(folder);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ec -pkeyopt ec_paramgen_curve:P-256",
        "ec -pkeyopt ec_paramgen_curve:P-384",
        "ec -pkeyopt ec_paramgen_curve:P-521",
        "rsa:2048",
        "ed25519"
      })
  @DisplayName(
      "signs requests of openssl with every kind of key, and openssl verifies the certificates")
  void signsWhatOpensslRequests(String newkey) throws Exception {
    String request = request(newkey, "/CN=orders", "DNS:orders.shop.svc,IP:10.0.0.7,IP:fd00::7");

    write(root, sign(root, request, SERVER, null));

    assertThat(
            openssl.run(
                "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.crt", "leaf.crt"))
        .contains("leaf.crt: OK");
    assertThat(openssl.run("x509", "-in", "leaf.crt", "-noout", "-text"))
        .contains("Subject: CN = orders")
        .contains("Issuer: CN = root of tests")
        .contains("DNS:orders.shop.svc, IP Address:10.0.0.7, IP Address:FD00:0:0:0:0:0:0:7")
        .contains("CA:FALSE")
        .containsPattern("Key Usage: critical\\s+Digital Signature\n")
        .containsPattern("Extended Key Usage: *\\s+TLS Web Server Authentication\n")
        .contains("X509v3 Authority Key Identifier", "X509v3 Subject Key Identifier");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ec -pkeyopt ec_paramgen_curve:P-384",
        "ec -pkeyopt ec_paramgen_curve:P-521",
        "rsa:2048",
        "ed25519"
      })
  @DisplayName("is read from the PEM files that openssl writes, and signs with any kind of key")
  void readsOpensslsFiles(String newkey) throws Exception {
    opensslRoot(newkey, "/CN=read from files");
    CertificateAuthority authority =
        CertificateAuthority.fromPem("test", read("ca.crt"), read("ca.key"));

    Files.writeString(
        folder.resolve("leaf.crt"),
        CertificateAuthority.pem(
            sign(authority, request("ed25519", "/CN=x", "DNS:x"), SERVER, null)));

    assertThat(openssl.run("verify", "-x509_strict", "-CAfile", "ca.crt", "leaf.crt"))
        .contains("leaf.crt: OK");
  }

  @Test
  @DisplayName("below a root returns its certificate with the leaf; its anchor is the root")
  void intermediateGoesWithTheLeaf() throws Exception {
    opensslRoot("ed25519", "/CN=the root");
    newKey("ec -pkeyopt ec_paramgen_curve:P-256", "/CN=below", "sub.key", "sub.csr");
    Files.writeString(
        folder.resolve("sub.ext"), "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n");
    openssl.run(
        "x509",
        "-req",
        "-in",
        "sub.csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-extfile",
        "sub.ext",
        "-days",
        "2",
        "-out",
        "sub.crt");
    CertificateAuthority below =
        CertificateAuthority.fromPem("test", read("sub.crt") + read("ca.crt"), read("sub.key"));

    List<X509Certificate> chain = sign(below, request("ed25519", "/CN=x", "DNS:x"), SERVER, null);

    assertThat(chain)
        .extracting(certificate -> certificate.getSubjectX500Principal().getName())
        .containsExactly("CN=x", "CN=below");
    assertThat(below.anchor().getSubjectX500Principal().getName()).isEqualTo("CN=the root");
  }

  @ParameterizedTest
  @CsvSource({"PT10M, PT10M", "PT3H, PT2H", ", PT2H"})
  @DisplayName("grants what is asked for, but never more than it may")
  void grantsTheShorterLifetime(@Nullable Duration asked, Duration granted) throws Exception {
    X509Certificate leaf =
        root.sign(
                read(request("ed25519", "/CN=x", "DNS:x"), SERVER, asked), Duration.ofHours(2), now)
            .get(0);

    assertThat(leaf.getNotAfter().toInstant()).isEqualTo(now.plus(granted));
  }

  @Test
  @DisplayName("backdates by five minutes and never outlives itself")
  void neverOutlivesItself() throws Exception {
    X509Certificate leaf =
        root.sign(
                read(request("ed25519", "/CN=x", "DNS:x"), SERVER, null),
                Duration.ofDays(3),
                now.plus(Duration.ofHours(1)))
            .get(0);

    assertThat(leaf.getNotBefore().toInstant()).isEqualTo(now.plus(Duration.ofMinutes(55)));
    assertThat(leaf.getNotAfter()).isEqualTo(root.certificate().getNotAfter());
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                root.sign(
                    read(request("ed25519", "/CN=x", "DNS:x"), SERVER, null),
                    DAY,
                    now.plus(Duration.ofDays(2))))
        .withMessageContaining("expired");
  }

  @Test
  @DisplayName("marks the SANs critical where the subject is empty")
  void emptySubjectMakesNamesCritical() throws Exception {
    X509Certificate leaf = sign(root, request("ed25519", "/", "DNS:x.svc"), SERVER, null).get(0);

    assertThat(leaf.getCriticalExtensionOIDs()).contains("2.5.29.17");
    assertThat(leaf.getSubjectX500Principal().getName()).isEmpty();
  }

  @Test
  @DisplayName("numbers certificates with at least 64 random bits")
  void serialNumbersAreRandom() throws Exception {
    String request = request("ed25519", "/CN=x", "DNS:x");

    X509Certificate first = sign(root, request, SERVER, null).get(0);
    X509Certificate second = sign(root, request, SERVER, null).get(0);

    assertThat(first.getSerialNumber()).isPositive().isNotEqualTo(second.getSerialNumber());
    assertThat(first.getSerialNumber().bitLength()).isBetween(64, 159);
    assertThat(first.getSerialNumber().xor(second.getSerialNumber()).bitCount()).isGreaterThan(20);
  }

  @Test
  @DisplayName("copies no extension but the names")
  void copiesNoOtherExtension() throws Exception {
    String request =
        requestWith("subjectAltName=DNS:x\ntlsfeature=status_request\ncertificatePolicies=1.2.3.4");

    X509Certificate leaf = sign(root, request, SERVER, null).get(0);

    assertThat(leaf.getNonCriticalExtensionOIDs())
        .containsExactlyInAnyOrder("2.5.29.17", "2.5.29.14", "2.5.29.35", "2.5.29.37");
    assertThat(leaf.getCriticalExtensionOIDs()).containsExactlyInAnyOrder("2.5.29.15", "2.5.29.19");
  }

  @ParameterizedTest
  @CsvSource({
    "cert sign, usage \"cert sign\" is not issued here",
    "crl sign, usage \"crl sign\" is not issued here",
    "any, usage \"any\" is not issued here",
    "code signing, usage \"code signing\" is not issued here"
  })
  @DisplayName("refuses usages that no server or client needs")
  void refusesUsages(String usage, String reason) {
    assertThatThrownBy(
            () ->
                sign(
                    root,
                    request("ed25519", "/CN=x", "DNS:x"),
                    List.of("server auth", usage),
                    null))
        .isInstanceOf(RequestRefusedException.class)
        .hasMessageStartingWith(reason);
  }

  @Test
  @DisplayName("refuses a request for a CA, a weak key, other kinds of names, and no name at all")
  void refusesUnacceptableRequests() {
    assertRefused(
        requestWith("subjectAltName=DNS:x\nbasicConstraints=CA:TRUE"), "asks for a CA certificate");
    assertRefused(request("rsa:1024", "/CN=x", "DNS:x"), "weaker than RSA 2048");
    assertRefused(
        requestWith("subjectAltName=otherName:1.2.3.4;UTF8:x"),
        "neither DNS name, IP address, URI nor e-mail address: otherName");
    assertRefused(requestWithSubject("/", ""), "neither a subject nor a SAN");
  }

  @Test
  @DisplayName("refuses a request whose signature is not by the key in it")
  void refusesForeignSignature() {
    String sound = request("ed25519", "/CN=x", "DNS:x");
    byte[] der = Base64.getMimeDecoder().decode(sound.replaceAll("-----[A-Z ]+-----", ""));
    der[der.length - 1] ^= 1;
    String mangled =
        "-----BEGIN CERTIFICATE REQUEST-----\n"
            + Base64.getEncoder().encodeToString(der)
            + "\n-----END CERTIFICATE REQUEST-----\n";

    assertRefused(mangled, "not signed by the key");
    assertRefused(
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "the PKCS#10 is");
    assertRefused("hello", "not exactly one PEM block");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x%s%s", "%s%s", "%2$s%1$s", "%s\f%s", "text\n%s%s", "%s# %s"})
  @DisplayName("refuses everything around the one block that an approver sees")
  void refusesASecondBlock(String form) {
    String honest = request("ed25519", "/CN=x", "DNS:x");
    String evil = request("ed25519", "/CN=evil", "DNS:evil");

    assertRefused(form.formatted(evil, honest), "not exactly one PEM block");
    assertRefused(form.formatted(evil, honest).replace("\n", " "), "not exactly one PEM block");
  }

  @Test
  @DisplayName("refuses a subject with an empty relative distinguished name")
  void refusesEmptyRdn() throws Exception {
    X500Name subject = X500Name.getInstance(new DERSequence(new DERSet()));

    assertRefused(Requests.pem(Requests.signed(subject, "DNS:x")), "empty");
  }

  @ParameterizedTest
  @CsvSource({
    "ec -pkeyopt ec_paramgen_curve:P-256, 'Digital Signature, Key Agreement'",
    "rsa:2048, 'Digital Signature, Key Encipherment'",
    "ed25519, Digital Signature"
  })
  @DisplayName("leaves out the usages that keys of this kind do not have")
  void leavesOutUsagesOfOtherKeys(String newkey, String granted) throws Exception {
    List<String> asked =
        List.of("digital signature", "key encipherment", "key agreement", "server auth");

    write(root, sign(root, request(newkey, "/CN=x", "DNS:x"), asked, null));

    assertThat(openssl.run("x509", "-in", "leaf.crt", "-noout", "-text"))
        .containsPattern("Key Usage: critical\\s+" + granted + "\n");
  }

  @Test
  @DisplayName(
      "constrained to the cluster signs Services' names alone, and openssl holds it to that")
  void constrainsItsNames() throws Exception {
    CertificateAuthority constrained =
        CertificateAuthority.create("constrained", DAY, NameConstraints.cluster("corp.example"));
    String request =
        request(
            "ed25519",
            "/",
            "DNS:orders.shop.svc,DNS:orders.shop.svc.corp.example,URI:spiffe://corp.example/x");

    write(constrained, sign(constrained, request, SERVER, null));
    assertThat(openssl.run("verify", "-x509_strict", "-CAfile", "ca.crt", "leaf.crt"))
        .contains("leaf.crt: OK");

    for (String name :
        List.of(
            "DNS:orders",
            "DNS:orders.shop",
            "DNS:example.com",
            "DNS:xsvc",
            "IP:10.0.0.7",
            "IP:fd00::7",
            "URI:spiffe://elsewhere/x",
            "email:a@example.com")) {
      String other = request("ed25519", "/", name);
      assertThatThrownBy(() -> sign(constrained, other, SERVER, null))
          .isInstanceOf(RequestRefusedException.class)
          .hasMessageContaining("the name constraints of the CA do not permit the name");
    }
  }

  @Test
  @DisplayName("that signs what its constraints do not permit is not trusted by openssl")
  void opensslEnforcesConstraints() throws Exception {
    CertificateAuthority constrained =
        CertificateAuthority.create("constrained", DAY, NameConstraints.cluster("corp.example"));
    Files.writeString(folder.resolve("ca.crt"), constrained.pathPem());
    Files.writeString(folder.resolve("ca.key"), constrained.exportPrivateKeyUnencrypted());
    request("ed25519", "/CN=x", "DNS:example.com");
    Files.writeString(folder.resolve("leaf.ext"), "subjectAltName=DNS:example.com\n");
    openssl.run(
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-extfile",
        "leaf.ext",
        "-out",
        "leaf.crt");

    assertThatThrownBy(() -> openssl.run("verify", "-CAfile", "ca.crt", "leaf.crt"))
        .hasMessageContaining("permitted subtree violation");
  }

  @Test
  @DisplayName("is not made from a leaf, from the key of another CA or from an empty file")
  void refusesUnusableMaterial() throws Exception {
    opensslRoot("ed25519", "/CN=one");
    String oneCertificate = read("ca.crt");
    opensslRoot("ed25519", "/CN=other");
    String otherKey = read("ca.key");
    write(root, sign(root, request("ed25519", "/CN=leaf", "DNS:x"), SERVER, null));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> CertificateAuthority.fromPem("secret a/b", oneCertificate, otherKey))
        .withMessage("secret a/b: CN=one belongs to another key");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> CertificateAuthority.fromPem("secret a/b", read("leaf.crt"), read("key.pem")))
        .withMessage("secret a/b: CN=leaf is not a CA certificate");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CertificateAuthority.fromPem("secret a/b", "", otherKey))
        .withMessage("secret a/b: no certificate found");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> CertificateAuthority.fromPem("secret a/b", oneCertificate, oneCertificate))
        .withMessage("secret a/b: no unencrypted private key found");
  }

  @Test
  @DisplayName("is read back from the PEM that it writes into a Secret")
  void writesItselfAsPem() throws Exception {
    CertificateAuthority again =
        CertificateAuthority.fromPem("test", root.pathPem(), root.exportPrivateKeyUnencrypted());

    assertThat(again.certificate()).isEqualTo(root.certificate());
    assertThat(again).hasToString(root.toString());
    assertThat(root.toString()).doesNotContain("PRIVATE");
  }

  private List<X509Certificate> sign(
      CertificateAuthority authority,
      String request,
      List<String> usages,
      @Nullable Duration expiration)
      throws RequestRefusedException {
    return authority.sign(read(request, usages, expiration), Duration.ofHours(6), now);
  }

  private static ApprovedRequest read(
      String request, List<String> usages, @Nullable Duration expiration)
      throws RequestRefusedException {
    return ApprovedRequest.read(Requests.csr(request, usages, expiration));
  }

  private void assertRefused(String request, String reason) {
    assertThatThrownBy(() -> sign(root, request, SERVER, null))
        .isInstanceOf(RequestRefusedException.class)
        .hasMessageContaining(reason);
  }

  private void opensslRoot(String newkey, String subject) {
    String[] options = {"-x509", "-days", "2", "-addext", "keyUsage=critical,keyCertSign"};
    newKey(newkey, subject, "ca.key", "ca.crt", options);
  }

  private String request(String newkey, String subject, String names) {
    newKey(newkey, subject, "key.pem", "server.csr", "-addext", "subjectAltName=" + names);
    return read("server.csr");
  }

  /** Makes a key and a request for it, or another file by the options. */
  private void newKey(
      String newkey, String subject, String keyFile, String outFile, String... options) {
    List<String> arguments = new ArrayList<>(List.of("req", "-newkey"));
    arguments.addAll(List.of(newkey.split(" ")));
    arguments.addAll(List.of("-nodes", "-keyout", keyFile, "-out", outFile, "-subj", subject));
    arguments.addAll(List.of(options));
    openssl.run(arguments.toArray(String[]::new));
  }

  private String requestWith(String extensions) {
    return requestWithSubject("/CN=x", extensions);
  }

  private String requestWithSubject(String subject, String extensions) {
    try {
      Files.writeString(
          folder.resolve("req.cnf"),
          "[req]\ndistinguished_name=dn\n"
              + (extensions.isEmpty() ? "" : "req_extensions=ext\n")
              + "[dn]\n[ext]\n"
              + extensions
              + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    newKey("ed25519", subject, "key.pem", "server.csr", "-config", "req.cnf");
    return read("server.csr");
  }

  private void write(CertificateAuthority authority, List<X509Certificate> chain)
      throws IOException {
    Files.writeString(folder.resolve("ca.crt"), authority.pathPem());
    Files.writeString(folder.resolve("leaf.crt"), CertificateAuthority.pem(chain));
  }

  private String read(String file) {
    try {
      return Files.readString(folder.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
