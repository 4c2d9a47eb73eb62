package io.podtls.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.peer.Peers;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.lang.management.ManagementFactory;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.OtherName;
import org.bouncycastle.cert.X509v1CertificateBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v1CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The path to an anchor")
class PathToTrustTest {

  private static final X500Name ODD = new X500Name("CN=odd");
  private static final KeyPair ODD_KEYS = TestCa.newKeyPair();
  private static final KeyPair KEYS = TestCa.newKeyPair();
  private static final Instant NOW = Instant.now();

  /** Extensions that a sound CA has, or not. */
  private interface Extensions {
    void addTo(X509v3CertificateBuilder builder) throws Exception;
  }

  private static X509Certificate odd(X500Name subject, KeyPair keys, Extensions extensions)
      throws Exception {
    X509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            ODD,
            BigInteger.valueOf(System.nanoTime()),
            Date.from(NOW.minus(Duration.ofHours(1))),
            Date.from(NOW.plus(Duration.ofDays(1))),
            subject,
            keys.getPublic());
    extensions.addTo(builder);
    return new JcaX509CertificateConverter().getCertificate(builder.build(signer(ODD_KEYS)));
  }

  private static ContentSigner signer(KeyPair keys) throws Exception {
    return new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
  }

  private static X509Certificate versionOne() throws Exception {
    X509v1CertificateBuilder builder =
        new JcaX509v1CertificateBuilder(
            ODD,
            BigInteger.ONE,
            Date.from(NOW.minus(Duration.ofHours(1))),
            Date.from(NOW.plus(Duration.ofDays(1))),
            ODD,
            ODD_KEYS.getPublic());
    return new JcaX509CertificateConverter().getCertificate(builder.build(signer(ODD_KEYS)));
  }

  private static X509Certificate leafUnderOdd() throws Exception {
    return odd(
        new X500Name("CN=leaf"),
        KEYS,
        builder ->
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false)));
  }

  private static void verify(List<X509Certificate> chain, X509Certificate... anchors) {
    new TlsIdentity(KEYS.getPrivate(), chain).verify(TrustBundle.of(List.of(anchors)), NOW);
  }

  private static InvalidCertificateException refusal(Runnable verification) {
    InvalidCertificateException refusal =
        catchThrowableOfType(InvalidCertificateException.class, verification::run);
    assertThat(refusal).as("refusal").isNotNull();
    return refusal;
  }

  @ParameterizedTest
  @CsvSource({
    "no extension,          is not a CA certificate (RFC 5280 4.2.1.9)",
    "CA:FALSE,              is not a CA certificate (RFC 5280 4.2.1.9)",
    "without keyCertSign,   has a key usage without keyCertSign (RFC 5280 4.2.1.3)",
  })
  @DisplayName("does not end at an anchor that TLS peers refuse, and the violation names it")
  void anchorThatPeersRefuse(String flaw, String reason) throws Exception {
    X509Certificate anchor =
        odd(
            ODD,
            ODD_KEYS,
            builder -> {
              if (!flaw.equals("no extension")) {
                builder.addExtension(
                    Extension.basicConstraints,
                    true,
                    new BasicConstraints(!flaw.endsWith("FALSE")));
              }
              if (flaw.equals("without keyCertSign")) {
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.cRLSign));
              }
            });
    X509Certificate leaf = leafUnderOdd();

    assertThat(refusal(() -> verify(List.of(leaf), anchor)).violations())
        .singleElement()
        .satisfies(
            violation -> {
              assertThat(violation.rule()).isEqualTo(Rule.PEER_TRUST);
              assertThat(violation.detail())
                  .isEqualTo(
                      "the way CN=leaf > CN=odd is not valid: peers refuse this anchor, which "
                          + reason);
            });
    assertThatCode(() -> verify(List.of(leaf), anchor, leaf))
        .as("a leaf that is itself an anchor needs no other")
        .doesNotThrowAnyException();
  }

  @Test
  @DisplayName("ends at an anchor of version 1, which says nothing about being a CA")
  void versionOneAnchor() throws Exception {
    X509Certificate leaf = leafUnderOdd();
    X509Certificate anchor = versionOne();
    assertThatCode(() -> verify(List.of(leaf), anchor)).doesNotThrowAnyException();
  }

  @Test
  @DisplayName("with a name constraint that the JDK does not know is a violation, not a crash")
  void unknownNameConstraint() throws Exception {
    KeyPair middle = TestCa.newKeyPair();
    GeneralName other =
        new GeneralName(
            GeneralName.otherName,
            new OtherName(
                new ASN1ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), new DERUTF8String("a")));
    X509Certificate constrained =
        odd(
            new X500Name("CN=constrained"),
            middle,
            builder -> {
              builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
              builder.addExtension(
                  Extension.nameConstraints,
                  true,
                  new NameConstraints(null, new GeneralSubtree[] {new GeneralSubtree(other)}));
            });
    X509v3CertificateBuilder leaf =
        new JcaX509v3CertificateBuilder(
            new X500Name("CN=constrained"),
            BigInteger.TEN,
            Date.from(NOW.minus(Duration.ofHours(1))),
            Date.from(NOW.plus(Duration.ofHours(1))),
            new X500Name("CN=leaf"),
            KEYS.getPublic());
    leaf.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(other));
    List<X509Certificate> chain =
        List.of(
            new JcaX509CertificateConverter().getCertificate(leaf.build(signer(middle))),
            constrained);
    X509Certificate anchor = versionOne();

    assertThat(refusal(() -> verify(chain, anchor)).violations())
        .singleElement()
        .satisfies(
            violation -> {
              assertThat(violation.rule()).isEqualTo(Rule.PEER_TRUST);
              assertThat(violation.detail())
                  .startsWith("the way CN=leaf > CN=constrained > CN=odd is not valid");
            });
  }

  @Test
  @DisplayName("heeds no name constraint of the anchor, here and in a TLS peer")
  void nameConstraintOfAnchor() throws Exception {
    GeneralSubtree elsewhere =
        new GeneralSubtree(new GeneralName(GeneralName.dNSName, "elsewhere.example"));
    X509Certificate anchor =
        odd(
            ODD,
            ODD_KEYS,
            builder -> {
              builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
              builder.addExtension(
                  Extension.nameConstraints,
                  true,
                  new NameConstraints(new GeneralSubtree[] {elsewhere}, null));
            });
    X509Certificate leaf =
        odd(
            new X500Name("CN=leaf"),
            KEYS,
            builder ->
                builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.dNSName, "orders.shop.svc"))));

    verify(List.of(leaf), anchor);
    TrustBundle.of(List.of(anchor))
        .trustManager(Peers.anyTrusted())
        .checkClientTrusted(new X509Certificate[] {leaf}, "EC");
  }

  @Test
  @DisplayName("is not searched for longer than 300 signatures, among CAs that signed each other")
  void boundedSearch() {
    TestCa one = TestCa.rootWithoutKeyIdentifiers("one");
    TestCa two = TestCa.rootWithoutKeyIdentifiers("two");
    List<X509Certificate> chain = new ArrayList<>();
    chain.add(one.leaf(KEYS.getPublic()).issue());
    for (int i = 0; i < 50; i++) {
      chain.add(two.crossSign(one).certificate());
      chain.add(one.crossSign(two).certificate());
    }
    TestCa stranger = TestCa.root("other");

    long before = cpuMillis();
    InvalidCertificateException refusal = refusal(() -> verify(chain, stranger.certificate()));

    assertThat(refusal)
        .hasMessageContaining("no way to the trust bundle was found within 300 signatures")
        .hasMessageContaining("101 certificates");
    assertThat(cpuMillis() - before).as("CPU ms, many thousands without a bound").isLessThan(5_000);
  }

  @Test
  @DisplayName("is found among 200 anchors of one name, with key identifiers and without")
  void manyAnchorsOfOneName() {
    for (Supplier<TestCa> roots :
        List.<Supplier<TestCa>>of(
            () -> TestCa.root("kubernetes"),
            () -> TestCa.rootWithoutKeyIdentifiers("kubernetes"))) {
      List<TestCa> all = Stream.generate(roots).limit(200).toList();
      X509Certificate[] anchors =
          all.stream().map(TestCa::certificate).toArray(X509Certificate[]::new);
      for (TestCa last : List.of(all.get(0), all.get(199))) {
        List<X509Certificate> chain =
            last.intermediate("issuing").leaf(KEYS.getPublic()).issueChain();
        assertThatCode(() -> verify(chain, anchors)).doesNotThrowAnyException();
      }
    }
  }

  private static long cpuMillis() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1_000_000;
  }
}
