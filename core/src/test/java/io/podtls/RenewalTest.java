package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.failure.CertificateDeniedException;
import io.podtls.failure.CertificateFailedException;
import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.TlsIdentity;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.signing.SigningOutcome.Stage;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.RecordingListener.Expired;
import io.podtls.testing.RecordingListener.Failed;
import io.podtls.testing.RecordingListener.Issued;
import io.podtls.testing.RecordingListener.NearExpiry;
import io.podtls.testing.RecordingListener.Pending;
import io.podtls.testing.RecordingListener.Renewed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RenewalTest {

  private static final RenewalPolicy HALFWAY = RenewalPolicy.between(0.5, 0.5);
  private static final Duration HALF = Duration.ofHours(12);

  private static FakeCertificateSigner signer(Answer... answers) {
    return FakeCertificateSigner.answering(answers).lifetime(Duration.ofHours(24));
  }

  private static VirtualHandle halfway(FakeCertificateSigner signer) {
    return VirtualHandle.with(signer, options -> options.renewing(HALFWAY));
  }

  /** A handle that has its first certificate, with a signer that answers like this from now on. */
  private static VirtualHandle servingThen(Answer... answers) {
    VirtualHandle handle = halfway(signer(Answer.ISSUE));
    assertThat(handle.tls.status().ready()).isTrue();
    handle.signer.nowAnswering(answers);
    return handle;
  }

  private static List<Duration> gaps(List<Instant> instants) {
    List<Duration> gaps = new ArrayList<>();
    for (int i = 1; i < instants.size(); i++) {
      gaps.add(Duration.between(instants.get(i - 1), instants.get(i)));
    }
    return gaps;
  }

  @Test
  @DisplayName("a renewal comes in time, with a new key, and reaches the next handshake")
  void renews() {
    try (VirtualHandle handle = halfway(signer(Answer.ISSUE))) {
      TlsIdentity first = handle.identity();
      assertThat(handle.tls.status().nextRenewal())
          .isPresent()
          .isEqualTo(handle.listener.last(Issued.class).nextRenewal());

      handle.advance(HALF.minusSeconds(2));
      assertThat(handle.identity()).isSameAs(first);
      handle.advance(Duration.ofSeconds(3));

      TlsIdentity second = handle.identity();
      assertThat(second.leaf().getPublicKey()).isNotEqualTo(first.leaf().getPublicKey());
      assertThat(handle.tls.status().generation()).isEqualTo(2);
      assertThat(handle.listener.last(Renewed.class).previous()).isSameAs(first);
      assertThat(handle.listener.last(Renewed.class).current()).isSameAs(second);
      assertThat(handle.requests()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("ten days of 24 h certificates: one request each, never near expiry")
  void tenDays() {
    try (VirtualHandle handle = VirtualHandle.with(signer(Answer.ISSUE))) {
      handle.advance(Duration.ofDays(10));
      // Windows of 40 to 50 % of 24 h: 9.6 to 12 h apart.
      assertThat(handle.requests()).isBetween(20, 26);
      assertThat(handle.listener.all(Renewed.class)).hasSize(handle.requests() - 1);
      assertThat(handle.listener.all(NearExpiry.class)).isEmpty();
      assertThat(handle.listener.all(Failed.class)).isEmpty();
      assertThat(gaps(handle.submissions()))
          .allSatisfy(
              gap -> assertThat(gap).isBetween(Duration.ofMinutes(575), Duration.ofMinutes(721)));
    }
  }

  @Test
  @DisplayName("a renewal that fails keeps the current identity and reports the next attempt")
  void failedRenewalKeepsCurrentIdentity() {
    try (VirtualHandle handle = servingThen(Answer.UNAVAILABLE)) {
      TlsIdentity first = handle.identity();
      handle.advance(HALF.plusSeconds(60));

      assertThat(handle.identity()).isSameAs(first);
      assertThat(handle.tls.status().ready()).isTrue();
      assertThat(handle.lastFailure()).isInstanceOf(SignerUnavailableException.class);
      assertThat(handle.tls.status().lastFailure()).contains(handle.lastFailure());
      Instant next = handle.listener.last(Failed.class).nextAttempt();
      assertThat(next).isBetween(handle.time.instant(), handle.time.instant().plusSeconds(30));

      handle.signer.nowAnswering(Answer.ISSUE);
      handle.advance(Duration.ofSeconds(31));
      assertThat(handle.identity()).isNotSameAs(first);
      assertThat(handle.tls.status().lastFailure()).isEmpty();
      assertThat(handle.requests()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("no approval for 48 h: one request, reported at least every minute")
  void nobodyApproves() {
    try (VirtualHandle handle = VirtualHandle.with(signer(Answer.PENDING))) {
      handle.advance(Duration.ofHours(48));
      assertThat(handle.requests()).isEqualTo(1);
      assertThat(handle.signer.open()).isEqualTo(1);
      assertThat(handle.listener.all(Pending.class).size()).isBetween(2880, 5770);
      assertThat(handle.tls.status().ready()).isFalse();
      assertThat(handle.tls.status().pending().orElseThrow().stage())
          .isEqualTo(Stage.AWAITING_APPROVAL);
    }
  }

  @Test
  @DisplayName("approved without certificate keeps waiting, and the state says so")
  void approvedNotIssued() {
    try (VirtualHandle handle = VirtualHandle.with(signer(Answer.PENDING, Answer.APPROVED))) {
      Instant start = handle.time.instant();
      handle.advance(Duration.ofSeconds(30));
      assertThat(handle.tls.status().pending().orElseThrow().stage())
          .isEqualTo(Stage.AWAITING_ISSUANCE);
      assertThat(handle.tls.status().pending().orElseThrow().since()).isEqualTo(start);

      handle.signer.nowAnswering(Answer.ISSUE);
      handle.signer.wake();
      handle.time.settle();
      assertThat(handle.tls.status().ready()).isTrue();
      assertThat(handle.tls.status().pending()).isEmpty();
      assertThat(handle.requests()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("denied at renewal: no new request for an hour, the old certificate serves")
  void deniedRenewal() {
    try (VirtualHandle handle = servingThen(Answer.DENY)) {
      TlsIdentity first = handle.identity();
      handle.advance(HALF.plusSeconds(1));
      assertThat(handle.requests()).isEqualTo(2);
      assertThat(((CertificateDeniedException) handle.lastFailure()).reason())
          .isEqualTo("PolicyViolation");
      assertThat(handle.tls.status().nextRenewal().orElseThrow())
          .isAfter(handle.time.instant().plus(Duration.ofMinutes(59)));

      handle.advance(Duration.ofHours(11));
      assertThat(handle.identity()).isSameAs(first);
      assertThat(gaps(handle.submissions()).stream().skip(1))
          .hasSizeGreaterThan(5)
          .allSatisfy(gap -> assertThat(gap).isGreaterThanOrEqualTo(Duration.ofHours(1)));
    }
  }

  @Test
  @DisplayName("failed at renewal: three spaced retries, then one an hour at most")
  void failedRenewal() {
    try (VirtualHandle handle = servingThen(Answer.FAIL)) {
      TlsIdentity first = handle.identity();
      handle.advance(HALF.plus(Duration.ofHours(6)));
      assertThat(handle.identity()).isSameAs(first);
      assertThat(handle.lastFailure()).isInstanceOf(CertificateFailedException.class);
      List<Duration> retries = gaps(handle.submissions()).stream().skip(1).toList();
      assertThat(retries.subList(0, 3))
          .allSatisfy(gap -> assertThat(gap).isGreaterThanOrEqualTo(Duration.ofMinutes(1)));
      assertThat(retries.subList(3, retries.size()))
          .isNotEmpty()
          .allSatisfy(gap -> assertThat(gap).isGreaterThanOrEqualTo(Duration.ofHours(1)));
    }
  }

  @Test
  @DisplayName("a certificate for another key: rejected, the old pair serves, one new request")
  void anotherKey() {
    try (VirtualHandle handle = servingThen(Answer.ISSUE_FOR_ANOTHER_KEY, Answer.ISSUE)) {
      TlsIdentity first = handle.identity();
      handle.advance(HALF.plusSeconds(5));
      assertThat(handle.requests()).isEqualTo(3);
      assertThat(handle.lastFailure()).isInstanceOf(InvalidCertificateException.class);
      assertThat(handle.identity()).isNotSameAs(first);
      assertThat(handle.listener.all(Renewed.class)).hasSize(1);
    }
  }

  @Test
  @DisplayName("a signer that always answers for another key gets no flood of requests")
  void alwaysAnotherKey() {
    try (VirtualHandle handle = servingThen(Answer.ISSUE_FOR_ANOTHER_KEY)) {
      TlsIdentity first = handle.identity();
      handle.advance(HALF.plus(Duration.ofMinutes(4)));
      assertThat(handle.requests()).isEqualTo(3);
      handle.advance(Duration.ofHours(6));
      assertThat(handle.requests()).isLessThan(15);
      assertThat(handle.identity()).isSameAs(first);
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"name", "usage", "ca"})
  @DisplayName("a certificate that lacks something or is a CA: rejected, 5 min or more apart")
  void unusable(String flaw) {
    Answer answer =
        switch (flaw) {
          case "name" -> Answer.ISSUE_WITHOUT_NAMES;
          case "usage" ->
              (self, pending) ->
                  self.issued(
                      pending,
                      self.leaf(pending)
                          .usages(io.podtls.request.KeyUsage.DIGITAL_SIGNATURE)
                          .issueChain());
          default -> Answer.ISSUE_AS_CA;
        };
    try (VirtualHandle handle = servingThen(answer)) {
      TlsIdentity first = handle.identity();
      handle.advance(HALF.plus(Duration.ofHours(3)));
      assertThat(handle.lastFailure()).isInstanceOf(InvalidCertificateException.class);
      assertThat(handle.identity()).isSameAs(first);
      assertThat(gaps(handle.submissions()).stream().skip(1))
          .isNotEmpty()
          .allSatisfy(gap -> assertThat(gap).isGreaterThanOrEqualTo(Duration.ofMinutes(5)));
    }
  }

  @Test
  @DisplayName("a shorter life than asked for is accepted and planned for")
  void shorterLife() {
    try (VirtualHandle handle = halfway(signer(Answer.ISSUE))) {
      handle.signer.lifetime(Duration.ofHours(2));
      handle.advance(HALF.plusSeconds(1));
      assertThat(handle.requests()).isEqualTo(2);
      handle.advance(Duration.ofHours(1).plusSeconds(1));
      assertThat(handle.requests()).isEqualTo(3);
    }
  }

  @Test
  @DisplayName("suspended past expiry: noticed within 2 s of waking, one request")
  void suspended() {
    try (VirtualHandle handle = halfway(signer(Answer.ISSUE))) {
      TlsIdentity first = handle.identity();
      handle.time.moveWallClock(Duration.ofHours(30));
      assertThat(handle.tls.status().ready()).isFalse();
      assertThat(handle.identity()).isSameAs(first);

      handle.advance(Duration.ofSeconds(2));
      assertThat(handle.requests()).isEqualTo(2);
      assertThat(handle.identity()).isNotSameAs(first);
      assertThat(handle.tls.status().ready()).isTrue();
    }
  }

  @ParameterizedTest(name = "{0} s")
  @ValueSource(longs = {-60, -5, 5, 60})
  @DisplayName("a signer's clock up to 60 s off: no downtime, no extra request")
  void smallSkew(long seconds) {
    Duration life = Duration.ofHours(24);
    FakeCertificateSigner signer =
        signer(
            (self, pending) -> {
              Instant now = self.now().plusSeconds(seconds);
              return self.issued(
                  pending, self.leaf(pending).valid(now, now.plus(life)).issueChain());
            });
    try (VirtualHandle handle = halfway(signer)) {
      assertThat(handle.tls.status().ready()).isTrue();
      handle.advance(Duration.ofDays(3));
      assertThat(handle.requests()).isBetween(6, 7);
      assertThat(handle.listener.all(Failed.class)).isEmpty();
      assertThat(handle.listener.all(NearExpiry.class)).isEmpty();
    }
  }

  @Test
  @DisplayName("a signer 10 min ahead: its certificate waits for its notBefore, one request")
  void signerAhead() {
    Duration ahead = Duration.ofMinutes(10);
    FakeCertificateSigner signer =
        signer(
            (self, pending) -> {
              Instant now = self.now().plus(ahead);
              return self.issued(
                  pending,
                  self.leaf(pending).valid(now, now.plus(Duration.ofHours(24))).issueChain());
            });
    try (VirtualHandle handle = halfway(signer)) {
      assertThat(handle.tls.status().ready()).isFalse();
      handle.advance(ahead.minusSeconds(1));
      assertThat(handle.tls.status().ready()).isFalse();
      handle.advance(Duration.ofSeconds(2));
      assertThat(handle.tls.status().ready()).isTrue();
      assertThat(handle.requests()).isEqualTo(1);
      assertThat(handle.listener.all(Failed.class)).hasSize(1);
    }
  }

  @Test
  @DisplayName("certificates that are expired on arrival are requested 5 min or more apart")
  void expiredOnArrival() {
    try (VirtualHandle handle =
        servingThen(
            (self, pending) ->
                self.issued(
                    pending,
                    self.leaf(pending)
                        .valid(self.now().minusSeconds(1200), self.now().minusSeconds(600))
                        .issueChain()))) {
      TlsIdentity first = handle.identity();
      handle.advance(HALF.plus(Duration.ofHours(3)));
      assertThat(handle.identity()).isSameAs(first);
      assertThat(gaps(handle.submissions()).stream().skip(1))
          .isNotEmpty()
          .allSatisfy(gap -> assertThat(gap).isGreaterThanOrEqualTo(Duration.ofMinutes(5)));
    }
  }

  @ParameterizedTest(name = "{0} min")
  @ValueSource(longs = {-10, 10})
  @DisplayName("our clock steps by 10 min: no loop, no downtime")
  void clockStep(long minutes) {
    try (VirtualHandle handle = halfway(signer(Answer.ISSUE))) {
      handle.advance(Duration.ofHours(1));
      handle.time.moveWallClock(Duration.ofMinutes(minutes));
      handle.advance(Duration.ofDays(2));
      assertThat(handle.requests()).isBetween(4, 5);
      assertThat(handle.listener.all(NearExpiry.class)).isEmpty();
    }
  }

  @Test
  @DisplayName("a clock that steps back by a day does not delay renewal")
  void clockStepsFarBack() {
    try (VirtualHandle handle = halfway(signer(Answer.ISSUE))) {
      handle.time.moveWallClock(Duration.ofDays(-1));
      handle.advance(HALF.plusSeconds(2));
      assertThat(handle.requests()).isEqualTo(2);
    }
  }

  @ParameterizedTest(name = "{0} s")
  @ValueSource(longs = {600, 30})
  @DisplayName("short lives are planned from receipt; no two requests in a quarter of a life")
  void shortLives(long seconds) {
    Duration life = Duration.ofSeconds(seconds);
    try (VirtualHandle handle =
        VirtualHandle.with(FakeCertificateSigner.answering(Answer.ISSUE).lifetime(life))) {
      handle.advance(life.multipliedBy(20));
      assertThat(handle.requests()).isGreaterThan(35);
      assertThat(gaps(handle.submissions()))
          .allSatisfy(gap -> assertThat(gap).isGreaterThan(life.dividedBy(4)));
      assertThat(handle.listener.all(NearExpiry.class)).isEmpty();
    }
  }

  @Test
  @DisplayName("lifetimes that shrink under an expiring CA cause no loop of requests")
  void shrinkingLives() {
    try (VirtualHandle handle = halfway(signer(Answer.ISSUE))) {
      Instant end = handle.time.instant().plus(Duration.ofHours(24));
      handle.signer.nowAnswering(
          (self, pending) ->
              self.issued(
                  pending,
                  self.leaf(pending).valid(self.now().minusSeconds(300), end).issueChain()));
      handle.advance(Duration.ofHours(30));
      assertThat(handle.requests()).isLessThan(60);
      assertThat(handle.listener.all(Expired.class)).hasSize(1);
    }
  }

  @Test
  @DisplayName("one event near expiry and one at expiry, and a later renewal succeeds")
  void expires() {
    try (VirtualHandle handle = servingThen(Answer.PENDING)) {
      TlsIdentity first = handle.identity();
      handle.advance(Duration.ofMinutes(60 * 24 - 145));
      assertThat(handle.listener.all(NearExpiry.class)).isEmpty();
      handle.advance(Duration.ofMinutes(2));
      assertThat(handle.listener.all(NearExpiry.class)).hasSize(1);
      assertThat(handle.listener.last(NearExpiry.class).left())
          .isBetween(Duration.ofMinutes(142), Duration.ofMinutes(144));
      assertThat(handle.tls.status().ready()).isTrue();

      handle.advance(Duration.ofMinutes(144));
      assertThat(handle.listener.all(NearExpiry.class)).hasSize(1);
      assertThat(handle.listener.all(Expired.class)).hasSize(1);
      assertThat(handle.listener.last(Expired.class).identity()).isSameAs(first);
      assertThat(handle.tls.status().ready()).isFalse();
      assertThat(handle.identity()).isSameAs(first);

      handle.signer.nowAnswering(Answer.ISSUE);
      handle.advance(Duration.ofSeconds(6));
      assertThat(handle.tls.status().ready()).isTrue();
      assertThat(handle.requests()).isEqualTo(2);
    }
  }

  /** Up to the notAfter, with a look at the wall clock in that very instant. */
  private static void moveToLastInstant(VirtualHandle handle) {
    Duration second = Duration.ofSeconds(1);
    Duration left = Duration.between(handle.time.instant(), handle.identity().notAfter());
    handle.time.moveWallClock(left.minus(second));
    handle.advance(second);
    assertThat(handle.time.instant()).isEqualTo(handle.tls.status().validUntil().orElseThrow());
  }

  @ParameterizedTest(name = "{0} ns after it")
  @ValueSource(longs = {1, 1_000_000})
  @DisplayName("in the instant of its notAfter an identity is valid, after it it has expired")
  void lastInstant(long nanos) {
    try (VirtualHandle handle = servingThen(Answer.PENDING)) {
      TlsIdentity first = handle.identity();
      moveToLastInstant(handle);
      assertThat(handle.identity()).isSameAs(first);
      assertThat(handle.tls.status().ready()).isTrue();
      assertThat(handle.listener.all(Expired.class)).isEmpty();

      handle.time.moveWallClock(Duration.ofNanos(nanos));
      assertThat(handle.tls.status().ready()).isFalse();
      assertThat(handle.identity()).isSameAs(first);
      handle.advance(Duration.ofSeconds(1));
      assertThat(handle.listener.all(Expired.class)).containsExactly(new Expired(first));
      handle.advance(Duration.ofMinutes(1));
      assertThat(handle.listener.all(Expired.class)).hasSize(1);
    }
  }

  @Test
  @DisplayName(
      "a certificate that arrives in its last instant is in use in it, and only that one expires")
  void arrivesInItsLastInstant() {
    try (VirtualHandle handle = servingThen(Answer.PENDING)) {
      Instant end = handle.identity().notAfter();
      moveToLastInstant(handle);
      handle.signer.nowAnswering(
          (self, pending) ->
              self.issued(
                  pending,
                  self.leaf(pending).valid(self.now().minusSeconds(300), end).issueChain()));
      handle.signer.wake();
      handle.time.settle();
      TlsIdentity second = handle.listener.last(Renewed.class).current();
      assertThat(handle.identity()).isSameAs(second);
      assertThat(handle.tls.status().ready()).isTrue();
      handle.advance(Duration.ofSeconds(2));
      assertThat(handle.listener.all(Expired.class)).containsExactly(new Expired(second));
    }
  }

  @Test
  @DisplayName("two minutes without an API server: jittered retries 0.2 to 30 s apart")
  void apiServerAway() {
    try (VirtualHandle handle = VirtualHandle.with(signer(Answer.UNAVAILABLE))) {
      handle.advance(Duration.ofMinutes(2));
      List<Failed> failures = handle.listener.all(Failed.class);
      assertThat(handle.signer.steps()).isBetween(8, 40);
      assertThat(failures).hasSize(handle.signer.steps());
      handle.signer.nowAnswering(Answer.ISSUE);
      handle.advance(Duration.ofSeconds(31));
      assertThat(handle.tls.status().ready()).isTrue();
      assertThat(handle.requests()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("Retry-After is kept, by wake-ups too")
  void retryAfter() {
    try (VirtualHandle handle =
        VirtualHandle.with(signer(Answer.status(429, Duration.ofSeconds(20)), Answer.ISSUE))) {
      handle.advance(Duration.ofSeconds(20));
      handle.signer.wake();
      handle.time.settle();
      assertThat(handle.signer.steps()).isEqualTo(1);
      handle.advance(Duration.ofSeconds(31));
      assertThat(handle.signer.steps()).isEqualTo(2);
      assertThat(handle.tls.status().ready()).isTrue();
    }
  }

  @Test
  @DisplayName("a signer that fails unexpectedly is retried, like one that is unavailable")
  void brokenSigner() {
    try (VirtualHandle handle =
        servingThen(
            (self, pending) -> {
              throw new LinkageError("a jar is missing");
            },
            (self, pending) -> {
              throw new InterruptedException("from elsewhere");
            },
            Answer.ISSUE)) {
      handle.advance(HALF.plusSeconds(3));
      assertThat(handle.lastFailure())
          .isInstanceOf(SignerUnavailableException.class)
          .hasMessageContaining("a jar is missing");
      assertThat(handle.requests()).isEqualTo(2);
      assertThat(handle.tls.status().generation()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("one request is outstanding at most, however long a renewal takes")
  void oneOutstanding() {
    try (VirtualHandle handle = servingThen(Answer.PENDING)) {
      handle.advance(Duration.ofDays(3));
      assertThat(handle.requests()).isEqualTo(2);
      assertThat(handle.signer.open()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("what a listener throws does not disturb renewal")
  void throwingListener() {
    PodTlsListener rude =
        new PodTlsListener() {
          @Override
          public void renewed(
              TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {
            throw new AssertionError("no thanks");
          }
        };
    try (VirtualHandle handle =
        VirtualHandle.with(
            signer(Answer.ISSUE), options -> options.addListener(rude).renewing(HALFWAY))) {
      handle.advance(HALF.multipliedBy(3).plusSeconds(10));
      assertThat(handle.requests()).isEqualTo(4);
    }
  }
}
