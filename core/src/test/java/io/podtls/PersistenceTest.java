package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.TestCa;
import io.podtls.testing.VirtualTime;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PersistenceTest {

  @TempDir Path root;

  private final VirtualTime time = VirtualTime.startingNow();
  private final TestCa ca = TestCa.root("ca");
  private final FakeCertificateSigner signer =
      FakeCertificateSigner.answering(Answer.ISSUE).at(time).issuedBy(ca);

  private Path directory() {
    return root.resolve("kept");
  }

  private PodTls start(UnaryOperator<PodTls.Requesting> options) {
    return start(VirtualHandle.REQUEST, options);
  }

  private PodTls start(CertificateRequest request, UnaryOperator<PodTls.Requesting> options) {
    return start(request, trust(ca), options);
  }

  private PodTls start(
      CertificateRequest request,
      TrustBundleSource source,
      UnaryOperator<PodTls.Requesting> options) {
    PodTls tls =
        options
            .apply(
                PodTls.requesting(request, signer)
                    .trusting(source)
                    .scheduler(time)
                    .clock(time)
                    .keepingIn(directory()))
            .start();
    time.settle();
    return tls;
  }

  private PodTls start() {
    return start(options -> options);
  }

  private static TrustBundleSource trust(TestCa authority) {
    return TrustBundleSource.fixed(TrustBundle.of(List.of(authority.certificate())));
  }

  private static CertificateRequest.Builder request() {
    return CertificateRequest.builder(SignerName.of("example.com/serving"))
        .dnsNames("orders.shop.svc", "localhost")
        .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH);
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  @DisplayName("a kept identity is used after a restart: no request, renewal planned as before")
  void survivesRestart() {
    TlsIdentity first;
    java.util.Optional<java.time.Instant> planned;
    try (PodTls tls = start()) {
      first = tls.generation().identity().orElseThrow();
      planned = tls.status().nextRenewal();
    }
    time.advance(Duration.ofHours(3));
    try (PodTls tls = start()) {
      assertThat(tls.generation().identity().orElseThrow().chain()).isEqualTo(first.chain());
      assertThat(tls.status().nextRenewal()).isEqualTo(planned);
      assertThat(signer.submissions()).hasSize(1);

      time.advance(Duration.ofHours(9).plusSeconds(10));
      assertThat(signer.submissions()).hasSize(2);
    }
    try (PodTls tls = start()) {
      assertThat(tls.generation().identity().orElseThrow().chain()).isNotEqualTo(first.chain());
      assertThat(signer.submissions()).hasSize(2);
    }
  }

  @Test
  @DisplayName("a kept identity that another user could have written is not used")
  void openToOthers() throws Exception {
    TlsIdentity first;
    try (PodTls tls = start()) {
      first = tls.generation().identity().orElseThrow();
    }
    Path version = directory().resolve("..data").toRealPath();
    Files.setPosixFilePermissions(version, PosixFilePermissions.fromString("rwxrwxrwx"));
    try (PodTls tls = start()) {
      assertThat(tls.generation().identity().orElseThrow().chain()).isNotEqualTo(first.chain());
      assertThat(signer.submissions()).hasSize(2);
    }
  }

  @Test
  @DisplayName("100 restarts make one request, and leave the plan where it was")
  void manyRestarts() {
    java.util.Set<Object> plans = new java.util.HashSet<>();
    for (int i = 0; i < 100; i++) {
      try (PodTls tls = start()) {
        plans.add(tls.status().nextRenewal());
        time.advance(Duration.ofSeconds(20));
      }
    }
    assertThat(signer.submissions()).hasSize(1);
    assertThat(plans).hasSize(1);
  }

  static Stream<CertificateRequest> otherRequests() {
    return Stream.of(
        request().dnsNames("more.shop.svc").build(),
        request().usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH).build(),
        request().keyAlgorithm(KeyAlgorithm.ECDSA_P384).build(),
        request().commonName("orders").build(),
        CertificateRequest.builder(SignerName.of("example.com/other"))
            .dnsNames("orders.shop.svc", "localhost")
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
            .build());
  }

  @ParameterizedTest
  @MethodSource("otherRequests")
  @DisplayName("a kept identity is for the request that it was issued for, and for no other")
  void otherRequest(CertificateRequest other) {
    start().close();
    try (PodTls tls = start(other, options -> options)) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(signer.submissions()).hasSize(2);
    }
  }

  @Test
  @DisplayName("another expiration is no other request: the signer may shorten it anyway")
  void otherExpiration() {
    start().close();
    try (PodTls tls =
        start(request().expiration(Duration.ofHours(2)).build(), options -> options)) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(signer.submissions()).hasSize(1);
    }
  }

  @Test
  @DisplayName("an expired identity, or one that trust does not know any more, is not used again")
  void unusableAfterRestart() {
    start().close();
    time.advance(Duration.ofHours(25));
    try (PodTls tls = start()) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(signer.submissions()).hasSize(2);
    }
    TestCa other = TestCa.root("other");
    signer.issuedBy(other);
    try (PodTls tls = start(VirtualHandle.REQUEST, trust(other), options -> options)) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(signer.submissions()).hasSize(3);
    }
  }

  private List<java.security.PublicKey> keysAfterRestarts(Answer... answers) {
    signer.nowAnswering(answers);
    for (int i = 0; i < 10; i++) {
      start().close();
      time.advance(Duration.ofMinutes(5));
    }
    return signer.submissions().stream()
        .map(submission -> submission.pending().publicKey())
        .distinct()
        .toList();
  }

  @Test
  @DisplayName("restarts while approval is pending keep one key, so one request")
  void restartsWhilePending() {
    assertThat(keysAfterRestarts(Answer.UNAVAILABLE, Answer.PENDING)).hasSize(1);
    signer.nowAnswering(Answer.ISSUE);
    try (PodTls tls = start()) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(keysAfterRestarts(Answer.ISSUE)).hasSize(1);
      assertThat(directory().resolve("pending.pem")).doesNotExist();
      assertThat(mode(directory().resolve("tls.key"))).isEqualTo("rw-------");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  @DisplayName("restarts after a denial ask for the same request again, not for a new one")
  void restartsAfterDenial() {
    assertThat(keysAfterRestarts(Answer.DENY)).hasSize(1);
  }

  @Test
  @DisplayName(
      "an issued certificate that is unusable is not waited for again: each restart makes a new key")
  void restartsAfterUseless() {
    assertThat(keysAfterRestarts(Answer.ISSUE_WITHOUT_NAMES)).hasSize(10);
  }

  @Test
  @DisplayName("a restart while a renewal waits: the identity serves, the renewal goes on")
  void restartsWhileRenewing() throws Exception {
    TlsIdentity first;
    try (PodTls tls = start()) {
      first = tls.generation().identity().orElseThrow();
      signer.nowAnswering(Answer.PENDING);
      time.advance(Duration.ofHours(13));
      assertThat(mode(directory().resolve("pending.pem"))).isEqualTo("rw-------");
    }
    signer.nowAnswering(Answer.PENDING);
    try (PodTls tls = start()) {
      assertThat(tls.generation().identity().orElseThrow().chain()).isEqualTo(first.chain());
      signer.nowAnswering(Answer.ISSUE);
      time.advance(Duration.ofSeconds(10));
      assertThat(tls.generation().identity().orElseThrow().chain()).isNotEqualTo(first.chain());
      assertThat(signer.submissions()).hasSize(3);
      assertThat(signer.submissions().get(2).pending().publicKey())
          .isEqualTo(signer.submissions().get(1).pending().publicKey())
          .isNotEqualTo(first.leaf().getPublicKey());
    }
  }

  @Test
  @DisplayName("a request that was on its way is for the same request only")
  void pendingForAnother() {
    signer.nowAnswering(Answer.PENDING);
    start().close();
    start(request().dnsNames("more.shop.svc").build(), options -> options).close();
    assertThat(signer.submissions().get(0).pending().publicKey())
        .isNotEqualTo(signer.submissions().get(1).pending().publicKey());
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.ValueSource(
      strings = {"tls.key", "tls.crt", "details.properties"})
  @DisplayName("a missing, empty or foreign file is never half of a pair: a new request")
  void damaged(String name) throws Exception {
    start().close();
    Path file = directory().resolve(name);
    byte[] old = Files.readAllBytes(file);
    Files.write(file, new byte[0]);
    start().close();
    assertThat(signer.submissions()).hasSize(2);

    // The file of the identity before beside the files of this one.
    Files.write(file, old);
    try (PodTls tls = start()) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(signer.submissions()).hasSize(3);
    }

    Files.delete(directory().resolve(name));
    try (PodTls tls = start()) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(signer.submissions()).hasSize(4);
    }
  }

  @Test
  @DisplayName("the key is 0600 on every write, over a 0644 file too")
  void modes() throws Exception {
    Files.createDirectories(directory());
    Files.writeString(directory().resolve("tls.key"), "old");
    Files.setPosixFilePermissions(
        directory().resolve("tls.key"), PosixFilePermissions.fromString("rw-r--r--"));
    try (PodTls tls = start()) {
      assertThat(mode(directory().resolve("tls.key"))).isEqualTo("rw-------");
      time.advance(Duration.ofHours(13));
      assertThat(signer.submissions()).hasSize(2);
      assertThat(mode(directory().resolve("tls.key"))).isEqualTo("rw-------");
      assertThat(IdentityFiles.directory(directory()).load().chain())
          .isEqualTo(tls.generation().identity().orElseThrow().chain());
    }
  }

  @Test
  @DisplayName("a directory that cannot be written: memory serves, and it is tried again")
  void unwritable() throws Exception {
    Files.writeString(directory(), "a file where the directory should be");
    try (PodTls tls = start()) {
      assertThat(tls.status().ready()).isTrue();
      Files.delete(directory());
      time.advance(Duration.ofSeconds(61));
      assertThat(IdentityFiles.directory(directory()).load().chain())
          .isEqualTo(tls.generation().identity().orElseThrow().chain());
    }
  }

  @Test
  @DisplayName(
      "published for another container: key, chain, bundle and PKCS#12, renewed as one set")
  void publishes() throws Exception {
    Path shown = root.resolve("shown");
    try (PodTls tls = start(options -> options.publishingTo(shown))) {
      assertPublished(shown, tls);
      time.advance(Duration.ofHours(13));
      assertThat(signer.submissions()).hasSize(2);
      assertPublished(shown, tls);
      assertThat(Files.isSymbolicLink(shown.resolve("..data"))).isTrue();
    }
  }

  private void assertPublished(Path shown, PodTls tls) throws Exception {
    List<java.security.cert.X509Certificate> chain =
        tls.generation().identity().orElseThrow().chain();
    assertThat(IdentityFiles.directory(shown).load().chain()).isEqualTo(chain);
    assertThat(
            IdentityFiles.pkcs12(shown.resolve("keystore.p12"), "changeit".toCharArray())
                .load()
                .chain())
        .isEqualTo(chain);
    assertThat(TrustBundleSource.pemFile(shown.resolve("ca.crt")).load())
        .isEqualTo(tls.generation().trust());
    assertThat(mode(shown.resolve("tls.key"))).isEqualTo("rw-------");
    assertThat(mode(shown.resolve("keystore.p12"))).isEqualTo("rw-------");
    KeyStore store =
        KeyStore.getInstance(shown.resolve("keystore.p12").toFile(), "changeit".toCharArray());
    assertThat(store.size()).isEqualTo(1);
  }

  @Test
  @DisplayName("published trust follows the bundle; without an identity there is nothing but trust")
  void publishesTrust() {
    TestCa other = TestCa.root("other");
    Path shown = root.resolve("shown");
    VirtualHandle.SwitchableTrust trust = new VirtualHandle.SwitchableTrust(ca.certificate());
    try (PodTls tls =
        PodTls.trusting(trust).publishingTo(shown).scheduler(time).clock(time).start()) {
      time.settle();
      assertThat(TrustBundleSource.pemFile(shown.resolve("ca.crt")).load())
          .isEqualTo(tls.generation().trust());
      assertThat(shown.resolve("tls.key")).doesNotExist();
      trust.become(ca.certificate(), other.certificate());
      time.advance(Duration.ofMinutes(1));
      assertThat(TrustBundleSource.pemFile(shown.resolve("ca.crt")).load().certificates())
          .containsExactly(ca.certificate(), other.certificate());
    }
  }
}
