package io.podtls.renewal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.identity.TlsIdentity;
import io.podtls.testing.TestCa;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RenewalPolicyTest {

  private static final TestCa CA = TestCa.root("ca");
  private static final Instant RECEIVED = Instant.parse("2026-11-24T12:00:00Z");
  private static final KeyPair KEYS = TestCa.newKeyPair();

  private static TlsIdentity identity(long serial, Instant notBefore, Instant notAfter) {
    return TlsIdentity.of(
        KEYS.getPrivate(),
        CA.leaf(KEYS.getPublic()).serial(serial).valid(notBefore, notAfter).issueChain());
  }

  private static TlsIdentity living(Duration life) {
    return identity(1, RECEIVED.minus(Duration.ofMinutes(5)), RECEIVED.plus(life));
  }

  @Test
  @DisplayName("renewals of certificates issued together are uniform over the window")
  void uniform() {
    Duration life = Duration.ofHours(24);
    int count = 500;
    List<Double> points = new ArrayList<>();
    for (int serial = 1; serial <= count; serial++) {
      Instant at =
          RenewalPolicy.standard()
              .renewalTime(
                  identity(serial, RECEIVED.minusSeconds(300), RECEIVED.plus(life)), RECEIVED);
      double fraction = (double) Duration.between(RECEIVED, at).toMillis() / life.toMillis();
      points.add((fraction - 0.4) / 0.1);
    }
    points.sort(Double::compare);
    assertThat(points.get(0)).isNotNegative();
    assertThat(points.get(count - 1)).isLessThanOrEqualTo(1);
    // Kolmogorov-Smirnov against the uniform distribution; at 2.5 / sqrt(n) it errs once in
    // 100,000.
    double distance = 0;
    for (int i = 0; i < count; i++) {
      distance =
          Math.max(
              distance,
              Math.max(points.get(i) - (double) i / count, (i + 1.0) / count - points.get(i)));
    }
    assertThat(distance).isLessThan(2.5 / Math.sqrt(count));
  }

  @Test
  @DisplayName("drawn once: the same certificate has the same plan each time it is asked for")
  void drawnOnce() {
    TlsIdentity identity = living(Duration.ofHours(24));
    TlsIdentity reread = TlsIdentity.of(KEYS.getPrivate(), identity.chain());
    assertThat(RenewalPolicy.standard().renewalTime(reread, RECEIVED))
        .isEqualTo(RenewalPolicy.standard().renewalTime(identity, RECEIVED));
  }

  @Test
  @DisplayName("planned from receipt to notAfter; a backdated notBefore plays no part")
  void fromReceipt() {
    Instant at =
        RenewalPolicy.between(0.5, 0.5).renewalTime(living(Duration.ofMinutes(10)), RECEIVED);
    assertThat(at).isEqualTo(RECEIVED.plus(Duration.ofMinutes(5)));
  }

  @Test
  @DisplayName("a life that is almost over is not renewed in a loop but 5 s later")
  void atLeastFiveSeconds() {
    assertThat(RenewalPolicy.standard().renewalTime(living(Duration.ofSeconds(1)), RECEIVED))
        .isEqualTo(RECEIVED.plusSeconds(5));
    assertThat(RenewalPolicy.standard().renewalTime(living(Duration.ofSeconds(-60)), RECEIVED))
        .isEqualTo(RECEIVED.plusSeconds(5));
  }

  @Test
  @DisplayName("the frugal profile renews between 60 and 80 % of usable life")
  void frugal() {
    for (int serial = 1; serial < 50; serial++) {
      TlsIdentity identity = identity(serial, RECEIVED, RECEIVED.plus(Duration.ofHours(10)));
      assertThat(RenewalPolicy.frugal().renewalTime(identity, RECEIVED))
          .isBetween(RECEIVED.plus(Duration.ofHours(6)), RECEIVED.plus(Duration.ofHours(8)));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 0.5", "-0.1, 0.5", "0.5, 0.4", "0.5, 0.95", "NaN, 0.5", "0.5, NaN", "1, 1"})
  @DisplayName("a window that makes no sense is refused")
  void nonsense(double from, double to) {
    assertThatThrownBy(() -> RenewalPolicy.between(from, to))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("window");
  }
}
