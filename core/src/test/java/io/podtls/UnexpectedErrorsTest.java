package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.failure.PodTlsException;
import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.RecordingListener.Expired;
import io.podtls.testing.RecordingListener.Failed;
import io.podtls.testing.RecordingListener.Renewed;
import io.podtls.testing.TestCa;
import io.podtls.testing.UnreliableKeys;
import io.podtls.testing.VirtualTime;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("An Error in a task is reported, shown by the status, and the task runs again")
class UnexpectedErrorsTest {

  private static final RenewalPolicy HALFWAY = RenewalPolicy.between(0.5, 0.5);
  private static final Duration HALF = Duration.ofHours(12);

  @TempDir Path directory;

  private final AtomicInteger failing = new AtomicInteger();

  private void breakOnce() {
    failing.set(1);
  }

  private void maybeBreak() {
    if (failing.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw new StackOverflowError();
    }
  }

  private static PodTlsException lastFailure(PodTls tls) {
    return tls.status().lastFailure().orElseThrow();
  }

  private static FakeCertificateSigner issuing() {
    return FakeCertificateSigner.answering(Answer.ISSUE);
  }

  @Test
  @DisplayName("reading a trust bundle: what was read stays in force, the next good bundle counts")
  void trustSource() {
    try (VirtualHandle handle = VirtualHandle.with(issuing())) {
      handle.trust.fail(new StackOverflowError());
      handle.advance(Duration.ofMinutes(10));
      assertThat(lastFailure(handle.tls)).hasMessageContaining("StackOverflowError");
      assertThat(handle.listener.all(Failed.class)).hasSize(1);
      assertThat(handle.tls.status().ready()).isTrue();

      TestCa second = TestCa.root("second CA");
      handle.trust.become(handle.signer.ca().certificate(), second.certificate());
      handle.advance(Duration.ofMinutes(2));
      assertThat(handle.tls.generation().trust().certificates()).contains(second.certificate());
      assertThat(handle.tls.status().lastFailure()).isEmpty();
    }
  }

  @Test
  @DisplayName("asking a trust source for its interval: read again, and followed from then on")
  void pollInterval() {
    VirtualTime time = VirtualTime.startingNow();
    TestCa ca = TestCa.root("ca");
    AtomicInteger loads = new AtomicInteger();
    TrustBundleSource source =
        new TrustBundleSource() {
          @Override
          public TrustBundle load() {
            loads.incrementAndGet();
            return TrustBundle.of(List.of(ca.certificate()));
          }

          @Override
          public Duration pollInterval() {
            maybeBreak();
            return Duration.ofSeconds(10);
          }

          @Override
          public String description() {
            return "a test's trust";
          }
        };
    try (PodTls tls = PodTls.trusting(source).scheduler(time).clock(time).start()) {
      time.settle();
      breakOnce();
      time.advance(Duration.ofSeconds(10));
      assertThat(lastFailure(tls)).hasMessageContaining("StackOverflowError");
      assertThat(tls.status().ready()).isTrue();
      int before = loads.get();
      time.advance(Duration.ofMinutes(5));
      assertThat(tls.status().lastFailure()).isEmpty();
      assertThat(loads.get() - before).isGreaterThan(20);
    }
  }

  @Test
  @DisplayName("looking at mounted files: the identity in use stays, the next good file is used")
  void mountedIdentity() throws Exception {
    VirtualTime time = VirtualTime.startingNow();
    TestCa ca = TestCa.root("ca");
    write(ca, time);
    InstantSource clock =
        () -> {
          maybeBreak();
          return time.instant();
        };
    try (PodTls tls =
        PodTls.reading(IdentityFiles.bundle(bundle()))
            .trusting(TrustBundleSource.fixed(TrustBundle.of(List.of(ca.certificate()))))
            .scheduler(time)
            .clock(clock)
            .start()) {
      time.settle();
      TlsIdentity first = tls.generation().identity().orElseThrow();
      failing.set(2); // the expiry watch, the files
      time.advance(Duration.ofSeconds(1));
      assertThat(failing).hasValue(0);
      assertThat(lastFailure(tls)).hasMessageContaining("StackOverflowError");
      assertThat(tls.status().ready()).isTrue();
      assertThat(tls.generation().identity().orElseThrow()).isSameAs(first);

      TlsIdentity second = write(ca, time);
      time.advance(Duration.ofSeconds(2));
      assertThat(tls.generation().identity().orElseThrow().chain()).isEqualTo(second.chain());
      assertThat(tls.status().lastFailure()).isEmpty();
    }
  }

  private Path bundle() {
    return directory.resolve("bundle.pem");
  }

  private TlsIdentity write(TestCa ca, VirtualTime time) throws Exception {
    KeyPair keys = TestCa.newKeyPair();
    TlsIdentity identity =
        TlsIdentity.of(
            keys.getPrivate(),
            ca.leaf(keys.getPublic())
                .dns("orders.shop.svc")
                .valid(Instant.now().minusSeconds(60), time.instant().plus(Duration.ofHours(24)))
                .issueChain());
    Path next = directory.resolve("next");
    Files.writeString(next, identity.exportPrivateKeyUnencrypted() + identity.chainPem());
    Files.move(next, bundle(), StandardCopyOption.ATOMIC_MOVE);
    return identity;
  }

  @Test
  @DisplayName("the expiry watch: the next look reports the expiry")
  void expiryWatch() {
    VirtualTime time = VirtualTime.startingNow();
    InstantSource clock =
        () -> {
          maybeBreak();
          return time.instant();
        };
    try (VirtualHandle handle =
        VirtualHandle.with(
            time,
            FakeCertificateSigner.answering(Answer.ISSUE, Answer.UNAVAILABLE),
            options -> options.scheduler(time).clock(clock))) {
      time.advance(Duration.ofHours(1));
      breakOnce();
      time.advance(Duration.ofSeconds(1));
      assertThat(failing).hasValue(0);
      assertThat(handle.listener.all(Failed.class)).hasSize(1);
      time.advance(Duration.ofHours(24));
      assertThat(handle.listener.all(Expired.class)).hasSize(1);
    }
  }

  @Test
  @DisplayName("beginning an attempt: the renewal is tried again within ten minutes")
  void beginning() {
    FakeCertificateSigner signer = issuing();
    CertificateSigner unreliable =
        (pending, wakeUp) -> {
          maybeBreak();
          return signer.begin(pending, wakeUp);
        };
    assertRenewedAfterwards(signer, unreliable);
  }

  @Test
  @DisplayName("a step of an attempt, and its close: the same request is tried again")
  void stepping() {
    FakeCertificateSigner signer = issuing();
    CertificateSigner unreliable =
        (pending, wakeUp) -> {
          CertificateSigner.Attempt attempt = signer.begin(pending, wakeUp);
          return new CertificateSigner.Attempt() {
            @Override
            public SigningOutcome advance() throws InterruptedException {
              maybeBreak();
              return attempt.advance();
            }

            @Override
            public void close() {
              attempt.close();
              throw new NoClassDefFoundError("a jar is missing");
            }
          };
        };
    assertRenewedAfterwards(signer, unreliable);
  }

  private void assertRenewedAfterwards(FakeCertificateSigner signer, CertificateSigner unreliable) {
    VirtualTime time = VirtualTime.startingNow();
    signer.at(time);
    try (PodTls tls =
        PodTls.requesting(VirtualHandle.REQUEST, unreliable)
            .trusting(TrustBundleSource.fixed(TrustBundle.of(List.of(signer.ca().certificate()))))
            .renewing(HALFWAY)
            .scheduler(time)
            .clock(time)
            .start()) {
      time.advance(HALF.minusSeconds(60));
      assertThat(tls.status().generation()).isEqualTo(1);
      breakOnce();
      for (int i = 0; i < 120 && tls.status().lastFailure().isEmpty(); i++) {
        time.advance(Duration.ofMillis(1_000));
      }
      assertThat(failing).hasValue(0);
      assertThat(lastFailure(tls)).hasMessageContaining("StackOverflowError");
      assertThat(tls.status().ready()).isTrue();
      time.advance(Duration.ofMinutes(10));
      assertThat(tls.status().generation()).isEqualTo(2);
      assertThat(tls.status().lastFailure()).isEmpty();
      time.advance(HALF.plusMinutes(1));
      assertThat(tls.status().generation()).isEqualTo(3);
    }
  }

  @Test
  @DisplayName("publishing and keeping: both are tried again, and renewal goes on")
  void publication() {
    UnreliableKeys provider = new UnreliableKeys(this::maybeBreak);
    Path published = directory.resolve("published");
    Path kept = directory.resolve("kept");
    try (VirtualHandle handle =
        VirtualHandle.with(
            issuing(),
            options ->
                options
                    .keyProvider(provider)
                    .publishingTo(published)
                    .keepingIn(kept)
                    .renewing(HALFWAY))) {
      failing.set(Integer.MAX_VALUE);
      handle.advance(HALF.plusSeconds(5));
      assertThat(handle.tls.status().generation()).isEqualTo(2);
      assertThat(handle.tls.status().ready()).isTrue();
      assertThat(lastFailure(handle.tls)).hasMessageContaining("StackOverflowError");

      failing.set(0);
      handle.advance(Duration.ofMinutes(1));
      assertThat(handle.tls.status().lastFailure()).isEmpty();
      assertThat(published.resolve("tls.crt")).hasContent(handle.identity().chainPem().strip());
      assertThat(kept.resolve("tls.crt")).hasContent(handle.identity().chainPem().strip());
      handle.advance(HALF.plusSeconds(5));
      assertThat(handle.tls.status().generation()).isEqualTo(3);
    }
  }

  @Test
  @DisplayName("a listener: the other events and the renewal are not affected")
  void listener() {
    PodTlsListener broken =
        new PodTlsListener() {
          @Override
          public void requested(CertificateRequest request) {
            throw new StackOverflowError();
          }

          @Override
          public void issued(TlsIdentity identity, Optional<Instant> nextRenewal) {
            throw new OutOfMemoryError();
          }
        };
    try (VirtualHandle handle =
        VirtualHandle.with(issuing(), options -> options.addListener(broken).renewing(HALFWAY))) {
      handle.advance(HALF.plusSeconds(5));
      assertThat(handle.tls.status().generation()).isEqualTo(2);
      assertThat(handle.tls.status().ready()).isTrue();
      assertThat(handle.listener.all(Renewed.class)).hasSize(1);
    }
  }
}
