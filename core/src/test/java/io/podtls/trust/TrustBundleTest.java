package io.podtls.trust;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.peer.Peers;
import io.podtls.pem.Pem;
import io.podtls.request.KeyUsage;
import io.podtls.testing.OpenSsl;
import io.podtls.testing.TestCa;
import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustBundleTest {

  private static final KeyPair KEYS = TestCa.newKeyPair();

  /** The chain alone decides. */
  private static final Peers ANY_NAME = Peers.matching(names -> true).insteadOfHostName();

  private static final TestCa FIRST = TestCa.root("first");
  private static final TestCa SECOND = TestCa.root("second");

  @Test
  @DisplayName("no certificate is a caller's bug, never the system's roots")
  void neverEmpty() {
    assertThatThrownBy(() -> TrustBundle.of(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("certificates is empty");
    for (String text : List.of("", "\n", "# nothing here yet\n")) {
      assertThatThrownBy(() -> TrustBundle.parse("ca.crt", text.getBytes(US_ASCII)))
          .isInstanceOf(InvalidMaterialException.class)
          .hasMessageStartingWith("ca.crt: ");
    }
  }

  @Test
  @DisplayName("duplicates collapse, the order is kept, the set cannot be changed")
  void collapsesDuplicates() {
    TrustBundle bundle = bundle(SECOND, FIRST, SECOND);
    assertThat(bundle.certificates())
        .containsExactly(SECOND.certificate(), FIRST.certificate())
        .isUnmodifiable();
    String text = bundle.toPem() + bundle.toPem();
    assertThat(parse(text)).isEqualTo(bundle);
  }

  @Test
  @DisplayName("bundles are equal if their sets are")
  void equality() {
    assertThat(bundle(FIRST, SECOND))
        .isEqualTo(bundle(SECOND, FIRST))
        .hasSameHashCodeAs(bundle(SECOND, FIRST))
        .isNotEqualTo(bundle(FIRST));
  }

  @Test
  @DisplayName("a certificate parsed by another provider is the same certificate")
  void foreignCertificates() throws Exception {
    X509Certificate foreign =
        (X509Certificate)
            CertificateFactory.getInstance("X.509", new BouncyCastleProvider())
                .generateCertificate(new ByteArrayInputStream(FIRST.certificate().getEncoded()));
    assertThat(foreign.getClass()).isNotEqualTo(FIRST.certificate().getClass());

    TrustBundle bundle = TrustBundle.of(List.of(foreign, FIRST.certificate()));

    assertThat(bundle).isEqualTo(bundle(FIRST)).hasSameHashCodeAs(bundle(FIRST));
    accepts(bundle, FIRST.leaf(KEYS.getPublic()).issue());
  }

  @Test
  @DisplayName("roots of one subject are all trusted")
  void sameSubject() {
    TestCa older = TestCa.root("kubernetes");
    TestCa newer = TestCa.root("kubernetes");
    TrustBundle bundle = bundle(older, newer);

    assertThat(bundle.certificates()).hasSize(2);
    accepts(bundle, older.leaf(KEYS.getPublic()).issue());
    accepts(bundle, newer.leaf(KEYS.getPublic()).issue());
    refuses(bundle, TestCa.root("kubernetes").leaf(KEYS.getPublic()).issue());
  }

  @Test
  @DisplayName("CAs of one subject and serial number are kept apart, in the key store too")
  void sameSubjectAndSerial() throws Exception {
    List<X509Certificate> twins = new ArrayList<>();
    for (TestCa issuer : List.of(FIRST, FIRST)) {
      twins.add(
          issuer
              .leaf(TestCa.newKeyPair().getPublic())
              .subject("CN=twin")
              .serial(7)
              .asCa()
              .usages(KeyUsage.CERT_SIGN)
              .issue());
    }
    TrustBundle bundle = TrustBundle.of(twins);

    assertThat(bundle.certificates()).containsExactlyElementsOf(twins);
    assertThat(bundle.keyStore().size()).isEqualTo(2);
    assertThat(parse(bundle.toPem())).isEqualTo(bundle);
  }

  @Test
  @DisplayName("a union accepts what either bundle accepts")
  void union() {
    TrustBundle both = bundle(FIRST).union(bundle(SECOND, FIRST));

    assertThat(both.certificates()).containsExactly(FIRST.certificate(), SECOND.certificate());
    accepts(both, FIRST.leaf(KEYS.getPublic()).issue());
    accepts(both, SECOND.leaf(KEYS.getPublic()).issue());
    assertThat(both.union(bundle(SECOND))).isSameAs(both);
  }

  @Test
  @DisplayName("only what is in the bundle is trusted, whatever the JVM trusts")
  void trustsNothingElse() {
    TrustBundle bundle = bundle(FIRST);
    refuses(bundle, SECOND.leaf(KEYS.getPublic()).issue());
    refuses(bundle, SECOND.certificate());
  }

  @Test
  @DisplayName("a bundle replaced by the new root alone no longer accepts the old root's leaves")
  void replaced() {
    X509Certificate leaf = FIRST.leaf(KEYS.getPublic()).issue();
    accepts(bundle(FIRST), leaf);
    refuses(bundle(SECOND), leaf);
  }

  @Test
  @DisplayName("a missing intermediate is refused, a given one is used, in whatever order")
  void intermediates() {
    TestCa issuing = FIRST.intermediate("upper").intermediate("issuing");
    List<X509Certificate> chain = new ArrayList<>(issuing.leaf(KEYS.getPublic()).issueChain());
    TrustBundle bundle = bundle(FIRST);

    accepts(bundle, chain.toArray(X509Certificate[]::new));
    refuses(bundle, chain.get(0));
    Collections.swap(chain, 1, 2);
    accepts(bundle, chain.toArray(X509Certificate[]::new));
    accepts(bundle(issuing), chain.get(0));
  }

  @Test
  @DisplayName(
      "an expired root, and one not valid yet, vouch for a valid leaf; an expired leaf is refused")
  void validity() {
    Instant now = Instant.now();
    TestCa expired =
        TestCa.root("expired", now.minus(Duration.ofDays(20)), now.minus(Duration.ofDays(10)));
    TestCa future =
        TestCa.root("future", now.plus(Duration.ofDays(10)), now.plus(Duration.ofDays(20)));
    TrustBundle bundle = bundle(expired, FIRST, future);

    accepts(bundle, expired.leaf(KEYS.getPublic()).issue());
    accepts(bundle, future.leaf(KEYS.getPublic()).issue());
    accepts(bundle, FIRST.leaf(KEYS.getPublic()).issue());
    refuses(
        bundle,
        FIRST
            .leaf(KEYS.getPublic())
            .valid(now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1)))
            .issue());
  }

  @Test
  @DisplayName(
      "an expired root vouches for a chain in order, and for none that the JDK has to sort")
  void expiredRootOfUnorderedChain() {
    Instant now = Instant.now();
    TestCa expired =
        TestCa.root("expired", now.minus(Duration.ofDays(20)), now.minus(Duration.ofDays(10)));
    List<X509Certificate> chain =
        new ArrayList<>(
            expired
                .intermediate("upper")
                .intermediate("issuing")
                .leaf(KEYS.getPublic())
                .issueChain());

    accepts(bundle(expired), chain.toArray(X509Certificate[]::new));
    Collections.swap(chain, 1, 2);
    refuses(bundle(expired), chain.toArray(X509Certificate[]::new));
  }

  @Test
  @DisplayName("a certificate that is no CA vouches for itself alone, expired or not")
  void pinned() {
    KeyPair keys = TestCa.newKeyPair();
    Instant now = Instant.now();
    X509Certificate pinned = FIRST.leaf(keys.getPublic()).subject("CN=pinned").issue();
    X509Certificate expired =
        FIRST
            .leaf(KEYS.getPublic())
            .valid(now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1)))
            .issue();
    TrustBundle bundle = TrustBundle.of(List.of(pinned, expired));

    accepts(bundle, pinned);
    accepts(bundle, expired);
    refuses(bundle, FIRST.leaf(keys.getPublic()).subject("CN=other").issue());
  }

  @Test
  @DisplayName("an intermediate that is no CA is refused")
  void intermediateWithoutRight() throws Exception {
    // Signed with the key of a leaf: the JDK must look at the leaf's basic constraints.
    TestCa forger = FIRST.intermediate("forger");
    X509Certificate notCa =
        FIRST.leaf(forger.certificate().getPublicKey()).subject("CN=forger").issue();
    refuses(bundle(FIRST), forger.leaf(KEYS.getPublic()).issue(), notCa);
  }

  @ParameterizedTest(name = "with key identifiers: {0}")
  @ValueSource(booleans = {true, false})
  @DisplayName("200 roots of one subject: the leaf of each is accepted, a stranger's is not")
  void crowdOfOneSubject(boolean identified) {
    Supplier<TestCa> newRoot =
        () ->
            identified ? TestCa.root("kubernetes") : TestCa.rootWithoutKeyIdentifiers("kubernetes");
    List<TestCa> roots = Stream.generate(newRoot).limit(200).toList();
    TrustBundle bundle = bundle(roots.toArray(TestCa[]::new));

    assertThat(bundle.certificates()).hasSize(200);
    for (int each : new int[] {199, 199, 0, 100, 198}) {
      accepts(bundle, roots.get(each).leaf(KEYS.getPublic()).issue());
      accepts(
          bundle,
          roots
              .get(each)
              .intermediate("issuing")
              .leaf(KEYS.getPublic())
              .issueChain()
              .toArray(X509Certificate[]::new));
    }
    refuses(bundle, newRoot.get().leaf(KEYS.getPublic()).issue());
    refuses(bundle, TestCa.root("other").leaf(KEYS.getPublic()).issue());
  }

  @Test
  @DisplayName("PEM text is read tolerantly")
  void parsesTolerantly() {
    String text =
        "\ufeff# old\r\n"
            + bundle(FIRST).toPem().replace("\n", "\r\n")
            + "\r\nnew, from 2026\r\n\r\n"
            + bundle(SECOND, FIRST).toPem().stripTrailing();
    assertThat(parse(text)).isEqualTo(bundle(FIRST, SECOND));
  }

  @Test
  @DisplayName("cut or damaged text is an error, not a smaller bundle")
  void refusesDamage() {
    String text = bundle(FIRST, SECOND).toPem();
    assertThatThrownBy(() -> parse(text.substring(0, text.length() - 60)))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessage("ca.crt: block 2 is truncated: BEGIN CERTIFICATE without END");
    assertThatThrownBy(
            () -> parse(text + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessage("ca.crt: block 3 is not an X.509 certificate: its content is no DER SEQUENCE");
  }

  @Test
  @DisplayName("openssl reads the PEM and verifies with it what we accept")
  void opensslAgrees(@TempDir Path directory) {
    OpenSsl openSsl = OpenSsl.in(directory);
    openSsl.write("ca.crt", bundle(FIRST, SECOND).toPem());
    openSsl.write("leaf.crt", Pem.encode(List.of(SECOND.leaf(KEYS.getPublic()).issue())));

    assertThat(openSsl.run("verify", "-no-CAfile", "-CAfile", "ca.crt", "leaf.crt"))
        .contains("leaf.crt: OK");
    assertThat(openSsl.run("storeutl", "-noout", "-certs", "ca.crt")).contains("Total found: 2");
  }

  @Test
  @DisplayName("the key store holds every certificate as trusted and is the caller's own")
  void keyStore(@TempDir Path directory) throws Exception {
    TrustBundle bundle = bundle(FIRST, SECOND);
    KeyStore store = bundle.keyStore();
    assertThat(Collections.list(store.aliases())).containsExactlyInAnyOrder("ca-1", "ca-2");
    assertThat(store.isCertificateEntry("ca-1")).isTrue();
    store.deleteEntry("ca-1");
    assertThat(bundle.keyStore().size()).isEqualTo(2);

    Path file = directory.resolve("trust.p12");
    try (OutputStream out = Files.newOutputStream(file)) {
      bundle.keyStore().store(out, "changeit".toCharArray());
    }
    KeyStore read = KeyStore.getInstance(file.toFile(), "changeit".toCharArray());
    assertThat(read.getCertificate("ca-2")).isEqualTo(SECOND.certificate());
    assertThat(read.isCertificateEntry("ca-2")).isTrue();
  }

  @Test
  @DisplayName("a text shows counts and a few short subjects")
  void text() {
    assertThat(bundle(FIRST)).hasToString("TrustBundle[1 certificate: CN=first]");
    TestCa[] many = new TestCa[8];
    for (int i = 0; i < many.length; i++) {
      many[i] = TestCa.root(i < 2 ? "same" : "ca" + i);
    }
    assertThat(bundle(many).toString())
        .startsWith("TrustBundle[8 certificates: CN=same (2 times); CN=ca2; ")
        .endsWith("; 2 more subjects]");
    assertThat(bundle(TestCa.root("n".repeat(64))))
        .hasToString("TrustBundle[1 certificate: CN=" + "n".repeat(58) + "...]");
  }

  @Test
  @DisplayName("names the parameter that is null")
  void namesNull() {
    assertThatThrownBy(() -> TrustBundle.of(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("certificates");
  }

  private static TrustBundle bundle(TestCa... authorities) {
    return TrustBundle.of(List.of(authorities).stream().map(TestCa::certificate).toList());
  }

  private static TrustBundle parse(String text) {
    return TrustBundle.parse("ca.crt", text.getBytes(UTF_8));
  }

  private static void accepts(TrustBundle bundle, X509Certificate... chain) {
    assertThatCode(() -> bundle.trustManager(ANY_NAME).checkServerTrusted(chain, "ECDHE_ECDSA"))
        .doesNotThrowAnyException();
    assertThatCode(() -> bundle.trustManager(ANY_NAME).checkClientTrusted(chain, "EC"))
        .doesNotThrowAnyException();
  }

  private static void refuses(TrustBundle bundle, X509Certificate... chain) {
    assertThatThrownBy(() -> bundle.trustManager(ANY_NAME).checkServerTrusted(chain, "ECDHE_ECDSA"))
        .isInstanceOf(CertificateException.class);
    assertThatThrownBy(() -> bundle.trustManager(ANY_NAME).checkClientTrusted(chain, "EC"))
        .isInstanceOf(CertificateException.class);
  }
}
