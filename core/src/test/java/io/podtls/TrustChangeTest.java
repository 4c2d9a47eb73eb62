package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.TlsIdentity;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.FakeCertificateSigner.Submission;
import io.podtls.testing.RecordingListener.Failed;
import io.podtls.testing.RecordingListener.TrustChanged;
import io.podtls.testing.TestCa;
import io.podtls.testing.VirtualTime;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustChangeTest {

  /** By then a hint has been followed. */
  private static final Duration HINT = Duration.ofMillis(200);

  private final TestCa oldCa = TestCa.root("old");
  private final TestCa newCa = TestCa.root("new");
  private final X509Certificate oldRoot = oldCa.certificate();
  private final X509Certificate newRoot = newCa.certificate();

  private VirtualHandle serving() {
    VirtualHandle handle = VirtualHandle.with(signer());
    assertThat(handle.tls.status().ready()).isTrue();
    return handle;
  }

  private FakeCertificateSigner signer() {
    return FakeCertificateSigner.answering(Answer.ISSUE).issuedBy(oldCa);
  }

  @Test
  @DisplayName("a new anchor counts at once on a hint, and is reported")
  void newAnchorOnHint() {
    try (VirtualHandle handle = serving()) {
      handle.trust.become(oldRoot, newRoot);
      handle.trust.hint();
      handle.advance(HINT);
      assertThat(handle.tls.generation().trust().certificates()).containsExactly(oldRoot, newRoot);
      assertThat(handle.tls.status().generation()).isEqualTo(2);
      assertThat(handle.listener.last(TrustChanged.class).previous().certificates())
          .containsExactly(oldRoot);
      assertThat(handle.requests()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("without a hint a new anchor counts within the source's interval, 60 s")
  void newAnchorByPoll() {
    try (VirtualHandle handle = serving()) {
      handle.trust.become(oldRoot, newRoot);
      handle.advance(Duration.ofSeconds(60));
      assertThat(handle.tls.generation().trust().certificates()).contains(newRoot);
    }
  }

  @Test
  @DisplayName("many hints at once are one read")
  void hintStorm() {
    try (VirtualHandle handle = serving()) {
      int loads = handle.trust.loads();
      for (int i = 0; i < 1_000; i++) {
        handle.trust.hint();
        handle.advance(Duration.ofMillis(1));
      }
      assertThat(handle.trust.loads() - loads).isBetween(4, 6);
    }
  }

  @Test
  @DisplayName("a source that asked for a pause gets it, despite hints")
  void hintsWhileUnavailable() {
    try (VirtualHandle handle = serving()) {
      handle.trust.fail(
          new SignerUnavailableException("HTTP 429", 429, Duration.ofMinutes(5), null));
      handle.advance(Duration.ofMinutes(1));
      int loads = handle.trust.loads();
      for (int i = 0; i < 100; i++) {
        handle.trust.hint();
        handle.advance(Duration.ofSeconds(2));
      }
      assertThat(handle.trust.loads()).isEqualTo(loads);
    }
  }

  @Test
  @DisplayName("a file is followed within a second beside parts that are read once a minute")
  void partsKeepTheirPace(@TempDir Path directory) throws Exception {
    VirtualTime time = VirtualTime.startingNow();
    X509Certificate third = TestCa.root("third").certificate();
    Path file = Files.writeString(directory.resolve("ca.crt"), pem(oldRoot));
    VirtualHandle.SwitchableTrust slow = new VirtualHandle.SwitchableTrust(oldRoot);
    TrustBundleSource all =
        TrustBundleSource.combined(
            slow,
            TrustBundleSource.combined(
                TrustBundleSource.pemFile(file),
                TrustBundleSource.fixed(TrustBundle.of(List.of(third)))));
    try (PodTls tls = PodTls.trusting(all).scheduler(time).clock(time).start()) {
      time.settle();
      Files.writeString(file, pem(newRoot));
      time.advance(Duration.ofSeconds(1));
      assertThat(tls.generation().trust().certificates())
          .containsExactlyInAnyOrder(oldRoot, newRoot, third);

      slow.become(newRoot);
      time.advance(Duration.ofSeconds(45));
      assertThat(slow.loads()).isEqualTo(1);
      time.advance(Duration.ofSeconds(15));
      assertThat(slow.loads()).isEqualTo(2);
      assertThat(tls.generation().trust().certificates()).containsExactlyInAnyOrder(newRoot, third);

      slow.become(oldRoot);
      slow.hint();
      time.advance(HINT);
      assertThat(tls.generation().trust().certificates())
          .containsExactlyInAnyOrder(oldRoot, newRoot, third);
    }
  }

  @Test
  @DisplayName("a part that asked for a pause gets it, whatever the other parts do")
  void busyPartIsLeftAlone(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("ca.crt"), pem(oldRoot));
    VirtualHandle.SwitchableTrust busy = new VirtualHandle.SwitchableTrust(oldRoot);
    TrustBundleSource both = TrustBundleSource.combined(TrustBundleSource.pemFile(file), busy);
    try (VirtualHandle handle = VirtualHandle.trusting(both, signer())) {
      busy.fail(new SignerUnavailableException("HTTP 429", 429, Duration.ofMinutes(5), null));
      busy.hint();
      handle.advance(HINT);
      assertThat(busy.loads()).isEqualTo(2);
      Files.writeString(file, "nonsense");
      handle.advance(Duration.ofMinutes(2));
      busy.hint();
      handle.advance(Duration.ofMinutes(2));
      assertThat(busy.loads()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("a part that fails is read again at its own interval, and reported once")
  void failingPartKeepsItsPace(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("ca.crt"), pem(oldRoot));
    VirtualHandle.SwitchableTrust slow = new VirtualHandle.SwitchableTrust(oldRoot);
    TrustBundleSource both = TrustBundleSource.combined(TrustBundleSource.pemFile(file), slow);
    try (VirtualHandle handle = VirtualHandle.trusting(both, signer())) {
      slow.fail(new InvalidMaterialException("ca.crt", "is empty", null));
      slow.hint();
      handle.advance(HINT);
      Files.writeString(file, pem(newRoot));
      handle.advance(Duration.ofSeconds(45));
      assertThat(slow.loads()).isEqualTo(2);
      assertThat(handle.listener.all(Failed.class)).hasSize(1);
      assertThat(handle.tls.generation().trust().certificates()).containsExactly(oldRoot);

      slow.become(oldRoot);
      handle.advance(Duration.ofSeconds(15));
      assertThat(handle.tls.generation().trust().certificates())
          .containsExactlyInAnyOrder(oldRoot, newRoot);
      assertThat(handle.tls.status().lastFailure()).isEmpty();
    }
  }

  private static String pem(X509Certificate certificate) {
    return TrustBundle.of(List.of(certificate)).toPem();
  }

  @Test
  @DisplayName("a bundle that stays the same makes no new generation")
  void unchanged() {
    try (VirtualHandle handle = serving()) {
      handle.trust.become(oldRoot);
      handle.advance(Duration.ofMinutes(10));
      assertThat(handle.tls.status().generation()).isEqualTo(1);
      assertThat(handle.listener.all(TrustChanged.class)).isEmpty();
    }
  }

  @Test
  @DisplayName("a bundle that cannot be read leaves the last good one, and is reported once")
  void lastKnownGood() {
    try (VirtualHandle handle = serving()) {
      handle.trust.fail(new InvalidMaterialException("ca.crt", "is empty", null));
      handle.advance(Duration.ofMinutes(30));
      assertThat(handle.tls.generation().trust().certificates()).containsExactly(oldRoot);
      assertThat(handle.listener.all(Failed.class)).hasSize(1);
      assertThat(handle.tls.status().ready()).isTrue();
      assertThat(handle.tls.status().lastFailure()).isPresent();

      handle.trust.become(oldRoot, newRoot);
      handle.advance(Duration.ofMinutes(1));
      assertThat(handle.tls.generation().trust().certificates()).contains(newRoot);
      assertThat(handle.tls.status().lastFailure()).isEmpty();
    }
  }

  @Test
  @DisplayName("a source that recovers with the same bundle leaves no failure behind")
  void recoversUnchanged() {
    try (VirtualHandle handle = serving()) {
      handle.trust.fail(new InvalidMaterialException("ca.crt", "is empty", null));
      handle.advance(Duration.ofMinutes(2));
      assertThat(handle.tls.status().lastFailure()).isPresent();

      handle.trust.become(oldRoot);
      handle.advance(Duration.ofMinutes(1));
      assertThat(handle.tls.status().lastFailure()).isEmpty();
      assertThat(handle.tls.status().generation()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("a failure before the first bundle is reported once while its reason stays the same")
  void reportedOnceBeforeTheFirstBundle() {
    VirtualHandle.SwitchableTrust away = new VirtualHandle.SwitchableTrust(oldRoot);
    away.fail(new SignerUnavailableException("HTTP 403: a long block of RBAC", null));
    try (VirtualHandle handle = VirtualHandle.trusting(away, signer())) {
      handle.advance(Duration.ofMinutes(2));
      assertThat(handle.listener.all(Failed.class)).hasSize(1);
      assertThat(handle.tls.status().ready()).isFalse();
    }
  }

  @Test
  @DisplayName("an anchor that others need only is withdrawn at once")
  void foreignAnchorWithdrawn() {
    VirtualTime time = VirtualTime.startingNow();
    try (VirtualHandle handle = VirtualHandle.with(time, signer(), options -> options)) {
      handle.trust.become(oldRoot, newRoot);
      handle.trust.hint();
      time.advance(HINT);
      handle.trust.become(oldRoot);
      handle.trust.hint();
      time.advance(HINT);
      assertThat(handle.tls.generation().trust().certificates()).containsExactly(oldRoot);
      assertThat(handle.requests()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("the identity's anchor is withdrawn: first a new certificate, then the anchor goes")
  void ownAnchorWithdrawn() {
    try (VirtualHandle handle = serving()) {
      TlsIdentity first = handle.identity();
      handle.signer.issuedBy(newCa);
      handle.trust.become(newRoot);
      handle.trust.hint();
      handle.advance(HINT);
      assertThat(handle.tls.generation().trust().certificates())
          .containsExactlyInAnyOrder(oldRoot, newRoot);
      assertThat(handle.identity()).isSameAs(first);

      handle.advance(Duration.ofSeconds(62));
      assertThat(handle.requests()).isEqualTo(2);
      assertThat(handle.identity()).isNotSameAs(first);
      assertThat(handle.tls.generation().trust().certificates()).containsExactly(newRoot);
      assertThat(handle.listener.all(TrustChanged.class)).hasSize(2);
      TrustChanged end = handle.listener.last(TrustChanged.class);
      assertThat(end.previous().certificates()).containsExactlyInAnyOrder(oldRoot, newRoot);
      assertThat(end.current().certificates()).containsExactly(newRoot);
      handle.advance(Duration.ofHours(1));
      assertThat(handle.requests()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName(
      "the identity's anchor is withdrawn and no certificate is issued: it goes after 15 min")
  void ownAnchorWithdrawnForGood() {
    try (VirtualHandle handle = serving()) {
      TlsIdentity first = handle.identity();
      handle.signer.nowAnswering(Answer.UNAVAILABLE);
      handle.trust.become(newRoot);
      handle.trust.hint();
      handle.advance(Duration.ofMinutes(14));
      assertThat(handle.tls.generation().trust().certificates()).contains(oldRoot);

      handle.advance(Duration.ofMinutes(2));
      assertThat(handle.tls.generation().trust().certificates()).containsExactly(newRoot);
      assertThat(handle.identity()).isSameAs(first);
      assertThat(handle.tls.status().ready()).isTrue();

      handle.signer.issuedBy(newCa).nowAnswering(Answer.ISSUE);
      handle.advance(Duration.ofMinutes(1));
      assertThat(handle.identity()).isNotSameAs(first);
      assertThat(handle.tls.generation().trust().certificates()).containsExactly(newRoot);
    }
  }

  @Test
  @DisplayName("the identity's anchor stays if it returns within the overlap")
  void ownAnchorBack() {
    try (VirtualHandle handle = serving()) {
      handle.signer.nowAnswering(Answer.PENDING);
      handle.trust.become(newRoot);
      handle.trust.hint();
      handle.advance(Duration.ofMinutes(5));
      handle.trust.become(oldRoot, newRoot);
      handle.trust.hint();
      handle.advance(Duration.ofMinutes(30));
      assertThat(handle.tls.generation().trust().certificates())
          .containsExactlyInAnyOrder(oldRoot, newRoot);

      // The overlap of the next withdrawal is a whole one.
      handle.trust.become(newRoot);
      handle.trust.hint();
      handle.advance(Duration.ofMinutes(14));
      assertThat(handle.tls.generation().trust().certificates()).contains(oldRoot);
    }
  }

  @Test
  @DisplayName("a CA rotation seen by a fleet at once: trusted at once, re-issue over 30 s or more")
  void fleet() {
    VirtualTime time = VirtualTime.startingNow();
    List<VirtualHandle> fleet = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      fleet.add(VirtualHandle.with(time, signer(), options -> options));
    }
    fleet.forEach(
        handle -> {
          handle.signer.issuedBy(newCa);
          handle.trust.become(newRoot);
          handle.trust.hint();
        });
    Instant start = time.instant();
    time.advance(HINT);
    assertThat(fleet)
        .allSatisfy(
            handle -> assertThat(handle.tls.generation().trust().certificates()).contains(newRoot));
    time.advance(Duration.ofMinutes(2));
    assertThat(fleet).allSatisfy(handle -> assertThat(handle.requests()).isEqualTo(2));
    List<Long> delays =
        fleet.stream()
            .flatMap(handle -> handle.signer.submissions().stream().skip(1))
            .map(Submission::at)
            .map(at -> Duration.between(start, at).toSeconds())
            .sorted()
            .toList();
    assertThat(delays.get(99) - delays.get(0)).isGreaterThan(30);
    // Uniform over a minute: no ten seconds see more than a third of the fleet.
    for (int from = 0; from < 60; from += 10) {
      long window = from;
      assertThat(delays.stream().filter(at -> at >= window && at < window + 10).count())
          .isLessThan(34);
    }
    fleet.forEach(VirtualHandle::close);
  }

  @Test
  @DisplayName("a chain that trust does not know is not used; the next bundle may know it")
  void signerAheadOfTheBundle() {
    try (VirtualHandle handle =
        VirtualHandle.with(
            signer(),
            options -> options.renewing(io.podtls.renewal.RenewalPolicy.between(0.5, 0.5)))) {
      TlsIdentity first = handle.identity();
      handle.signer.issuedBy(newCa);
      handle.advance(Duration.ofHours(12).plusSeconds(2));
      assertThat(handle.requests()).isEqualTo(2);
      assertThat(handle.identity()).isSameAs(first);
      assertThat(handle.lastFailure())
          .isInstanceOf(InvalidCertificateException.class)
          .hasMessageContaining("CN=new");

      handle.trust.become(oldRoot, newRoot);
      handle.trust.hint();
      handle.advance(HINT);
      assertThat(handle.identity()).isNotSameAs(first);
      assertThat(handle.requests()).isEqualTo(2);
      handle.advance(Duration.ofHours(1));
      assertThat(handle.requests()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("a trust source behind an unavailable API is retried before anything is requested")
  void trustUnavailableAtStart() {
    VirtualTime time = VirtualTime.startingNow();
    FakeCertificateSigner signer = signer().at(time);
    VirtualHandle.SwitchableTrust trust = new VirtualHandle.SwitchableTrust(oldRoot);
    trust.fail(new SignerUnavailableException("get configmap: HTTP 503", 503, null, null));
    try (PodTls tls =
        PodTls.requesting(VirtualHandle.REQUEST, signer)
            .trusting(trust)
            .scheduler(time)
            .clock(time)
            .start()) {
      time.advance(Duration.ofMinutes(1));
      assertThat(tls.status().ready()).isFalse();
      assertThat(signer.steps()).isZero();
      trust.become(oldRoot);
      time.advance(Duration.ofSeconds(31));
      assertThat(tls.status().ready()).isTrue();
    }
  }

  @Test
  @DisplayName("a client without an identity follows trust, withdrawals at once")
  void withoutIdentity() {
    VirtualTime time = VirtualTime.startingNow();
    VirtualHandle.SwitchableTrust trust = new VirtualHandle.SwitchableTrust(oldRoot);
    try (PodTls tls = PodTls.trusting(trust).scheduler(time).clock(time).start()) {
      time.settle();
      assertThat(tls.generation().trust().certificates()).containsExactly(oldRoot);
      trust.become(newRoot);
      trust.hint();
      time.advance(HINT);
      assertThat(tls.generation().trust().certificates()).containsExactly(newRoot);
      assertThat(tls.status().generation()).isEqualTo(2);
    }
  }
}
