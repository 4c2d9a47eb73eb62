package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.RecordingListener;
import io.podtls.testing.RecordingListener.Expired;
import io.podtls.testing.RecordingListener.Failed;
import io.podtls.testing.RecordingListener.Issued;
import io.podtls.testing.RecordingListener.NearExpiry;
import io.podtls.testing.RecordingListener.Renewed;
import io.podtls.testing.RecordingListener.Requested;
import io.podtls.testing.TestCa;
import io.podtls.testing.VirtualTime;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountedIdentityTest {

  @TempDir Path directory;

  private final VirtualTime time = VirtualTime.startingNow();
  private final TestCa ca = TestCa.root("ca");
  private final TrustBundleSource trust =
      TrustBundleSource.fixed(TrustBundle.of(List.of(ca.certificate())));
  private final RecordingListener listener = new RecordingListener();
  private final FakeCertificateSigner signer =
      FakeCertificateSigner.answering(Answer.ISSUE)
          .at(time)
          .issuedBy(ca)
          .lifetime(Duration.ofMinutes(20));

  private Path bundle() {
    return directory.resolve("bundle.pem");
  }

  private TlsIdentity identity(Duration life) {
    KeyPair keys = TestCa.newKeyPair();
    return TlsIdentity.of(
        keys.getPrivate(),
        ca.leaf(keys.getPublic())
            .dns("orders.shop.svc")
            .valid(Instant.now().minusSeconds(60), time.instant().plus(life))
            .issueChain());
  }

  private TlsIdentity write(Duration life) throws IOException {
    return write(identity(life));
  }

  private TlsIdentity write(TlsIdentity identity) throws IOException {
    Path next = directory.resolve("next");
    Files.writeString(next, identity.exportPrivateKeyUnencrypted() + identity.chainPem());
    Files.move(next, bundle(), StandardCopyOption.ATOMIC_MOVE);
    return identity;
  }

  private PodTls reading() {
    PodTls tls =
        PodTls.reading(IdentityFiles.bundle(bundle()))
            .trusting(trust)
            .addListener(listener)
            .scheduler(time)
            .clock(time)
            .start();
    time.settle();
    return tls;
  }

  private PodTls preferring() {
    PodTls tls =
        PodTls.requesting(VirtualHandle.REQUEST, signer)
            .trusting(trust)
            .preferring(IdentityFiles.bundle(bundle()))
            .addListener(listener)
            .scheduler(time)
            .clock(time)
            .start();
    time.settle();
    return tls;
  }

  private static boolean shows(PodTls tls, TlsIdentity identity) {
    return tls.generation().identity().orElseThrow().chain().equals(identity.chain());
  }

  @Test
  @DisplayName("a mounted identity is used, and followed within a second or two")
  void follows() throws Exception {
    TlsIdentity first = write(Duration.ofHours(24));
    try (PodTls tls = reading()) {
      assertThat(shows(tls, first)).isTrue();
      assertThat(tls.status().nextRenewal()).isEmpty();
      assertThat(listener.all(Issued.class)).hasSize(1);
      assertThat(listener.last(Issued.class).nextRenewal()).isEmpty();

      TlsIdentity second = write(Duration.ofHours(24));
      time.advance(Duration.ofSeconds(2));
      assertThat(shows(tls, second)).isTrue();
      assertThat(tls.status().generation()).isEqualTo(2);
      assertThat(listener.all(Renewed.class)).hasSize(1);

      time.advance(Duration.ofMinutes(5));
      assertThat(tls.status().generation()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("files that come late are waited for")
  void waitsForFiles() throws Exception {
    try (PodTls tls = reading()) {
      assertThat(tls.status().ready()).isFalse();
      time.advance(Duration.ofSeconds(30));
      assertThat(listener.all(Failed.class)).hasSize(1);
      write(Duration.ofHours(1));
      time.advance(Duration.ofSeconds(2));
      assertThat(tls.status().ready()).isTrue();
      assertThat(tls.status().lastFailure()).isEmpty();
    }
  }

  @Test
  @DisplayName("key and certificate that do not match, a 0-byte file, no file: the last good one")
  void keepsTheLastGood() throws Exception {
    TlsIdentity first = write(Duration.ofHours(24));
    try (PodTls tls = reading()) {
      TlsIdentity key = identity(Duration.ofHours(24));
      TlsIdentity chain = identity(Duration.ofHours(24));
      Files.writeString(bundle(), key.exportPrivateKeyUnencrypted() + chain.chainPem());
      time.advance(Duration.ofSeconds(5));
      assertThat(shows(tls, first)).isTrue();
      assertThat(listener.all(Failed.class)).hasSize(1);

      Files.writeString(bundle(), "");
      time.advance(Duration.ofSeconds(5));
      assertThat(shows(tls, first)).isTrue();

      Files.delete(bundle());
      time.advance(Duration.ofSeconds(5));
      assertThat(shows(tls, first)).isTrue();
      assertThat(tls.status().ready()).isTrue();

      TlsIdentity second = write(Duration.ofHours(24));
      time.advance(Duration.ofSeconds(2));
      assertThat(shows(tls, second)).isTrue();
      assertThat(tls.status().lastFailure()).isEmpty();
    }
  }

  @Test
  @DisplayName(
      "an identity that trust does not know is refused, reported once, and the last one kept")
  void turnedDown() throws Exception {
    TlsIdentity first = write(Duration.ofHours(24));
    try (PodTls tls = reading()) {
      KeyPair keys = TestCa.newKeyPair();
      write(
          TlsIdentity.of(
              keys.getPrivate(), TestCa.root("stranger").leaf(keys.getPublic()).issueChain()));
      time.advance(Duration.ofMinutes(10));
      assertThat(shows(tls, first)).isTrue();
      assertThat(listener.all(Failed.class)).hasSize(1);
      assertThat(listener.lastFailure()).hasMessageContaining("stranger");
    }
  }

  @Test
  @DisplayName("files that are no longer renewed: an event near expiry, and one at expiry")
  void alarms() throws Exception {
    write(Duration.ofMinutes(10));
    try (PodTls tls = reading()) {
      time.advance(Duration.ofMinutes(9).plusSeconds(2));
      assertThat(listener.all(NearExpiry.class)).hasSize(1);
      time.advance(Duration.ofMinutes(1));
      assertThat(listener.all(Expired.class)).hasSize(1);
      assertThat(tls.status().ready()).isFalse();

      write(Duration.ofHours(10));
      time.advance(Duration.ofSeconds(2));
      assertThat(tls.status().ready()).isTrue();
    }
  }

  @Test
  @DisplayName("preferring files: where they are, nothing is requested")
  void prefersFiles() throws Exception {
    TlsIdentity mounted = write(Duration.ofHours(24));
    try (PodTls tls = preferring()) {
      assertThat(shows(tls, mounted)).isTrue();
      time.advance(Duration.ofMinutes(30));
      assertThat(signer.submissions()).isEmpty();
    }
  }

  @Test
  @DisplayName("preferring files: where they are not, a request; when they come, they take over")
  void failsOverToFiles() throws Exception {
    try (PodTls tls = preferring()) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(signer.submissions()).hasSize(1);

      TlsIdentity mounted = write(Duration.ofHours(240));
      time.advance(Duration.ofSeconds(2));
      assertThat(shows(tls, mounted)).isTrue();
      time.advance(Duration.ofMinutes(30));
      assertThat(signer.submissions()).hasSize(1);
      assertThat(listener.all(Renewed.class)).hasSize(1);
    }
  }

  @Test
  @DisplayName(
      "preferring files: gone for a minute, a request takes over; back again, the files do")
  void failsOverToRequests() throws Exception {
    TlsIdentity mounted = write(Duration.ofHours(240));
    try (PodTls tls = preferring()) {
      Files.delete(bundle());
      time.advance(Duration.ofSeconds(50));
      assertThat(shows(tls, mounted)).isTrue();
      assertThat(signer.submissions()).isEmpty();
      time.advance(Duration.ofSeconds(20));
      assertThat(shows(tls, mounted)).isFalse();
      assertThat(signer.submissions()).hasSize(1);
      time.advance(Duration.ofMinutes(20));
      assertThat(signer.submissions().size()).isBetween(3, 4);

      write(mounted);
      time.advance(Duration.ofSeconds(2));
      assertThat(shows(tls, mounted)).isTrue();
      int requests = signer.submissions().size();
      time.advance(Duration.ofMinutes(30));
      assertThat(signer.submissions()).hasSize(requests);
    }
  }

  @Test
  @DisplayName("preferring files: not renewed in time, a request takes over before they expire")
  void failsOverNearExpiry() throws Exception {
    TlsIdentity mounted = write(Duration.ofMinutes(20));
    try (PodTls tls = preferring()) {
      time.advance(Duration.ofMinutes(18).plusSeconds(30));
      assertThat(shows(tls, mounted)).isFalse();
      assertThat(signer.submissions()).hasSize(1);
      assertThat(listener.all(Expired.class)).isEmpty();
      assertThat(listener.all(Requested.class)).hasSize(1);
    }
  }

  @Test
  @DisplayName("preferring files: unusable at the start, they are reported and a request is made")
  void unusableAtStart() throws Exception {
    Files.writeString(bundle(), "nonsense");
    try (PodTls tls = preferring()) {
      assertThat(tls.status().ready()).isTrue();
      assertThat(listener.all(Failed.class)).hasSize(1);
      assertThat(signer.submissions()).hasSize(1);
    }
  }
}
