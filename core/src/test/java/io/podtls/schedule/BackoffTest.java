package io.podtls.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.failure.SignerUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class BackoffTest {

  private static final Duration UNLIMITED = Duration.ofDays(1);

  private static final SignerUnavailableException REFUSED =
      new SignerUnavailableException("connection refused", null);

  private static SignerUnavailableException status(int status, Duration retryAfter) {
    return new SignerUnavailableException("HTTP " + status, status, retryAfter, null);
  }

  @Test
  @DisplayName("waits lie between 0.2 and 30 s, and their ceiling doubles")
  void fullJitter() {
    List<Duration> longest = new ArrayList<>();
    for (int failure = 0; failure < 12; failure++) {
      longest.add(Duration.ZERO);
    }
    for (int seed = 0; seed < 300; seed++) {
      Backoff backoff = new Backoff(new Random(seed));
      for (int failure = 0; failure < 12; failure++) {
        Duration wait = backoff.after(REFUSED, UNLIMITED);
        assertThat(wait).isBetween(Duration.ofMillis(200), Duration.ofSeconds(30));
        if (wait.compareTo(longest.get(failure)) > 0) {
          longest.set(failure, wait);
        }
      }
    }
    assertThat(longest.get(0)).isLessThanOrEqualTo(Duration.ofMillis(400));
    assertThat(longest.get(3)).isBetween(Duration.ofMillis(2_500), Duration.ofMillis(3_200));
    assertThat(longest.get(11)).isGreaterThan(Duration.ofSeconds(27));
  }

  @Test
  @DisplayName("an answer in between starts it from the shortest wait")
  void resets() {
    Backoff backoff = new Backoff(new Random(1));
    for (int failure = 0; failure < 10; failure++) {
      backoff.after(REFUSED, UNLIMITED);
    }
    backoff.reset();
    assertThat(backoff.after(REFUSED, UNLIMITED)).isLessThanOrEqualTo(Duration.ofMillis(400));
  }

  @Test
  @DisplayName("Retry-After is the least that is waited; an overloaded server gets a wide spread")
  void retryAfter() {
    List<Duration> waits = new ArrayList<>();
    for (int seed = 0; seed < 300; seed++) {
      waits.add(new Backoff(new Random(seed)).after(status(429, Duration.ofSeconds(7)), UNLIMITED));
    }
    assertThat(waits)
        .allSatisfy(
            wait -> assertThat(wait).isBetween(Duration.ofSeconds(7), Duration.ofSeconds(37)));
    assertThat(waits.stream().filter(wait -> wait.compareTo(Duration.ofSeconds(22)) > 0).count())
        .isBetween(100L, 200L);
    assertThat(new Backoff(new Random(1)).after(status(503, Duration.ofSeconds(7)), UNLIMITED))
        .isBetween(Duration.ofSeconds(7), Duration.ofMillis(7_400));
  }

  @Test
  @DisplayName("a caller with little time left waits no longer than it says, but for Retry-After")
  void littleTimeLeft() {
    Duration longest = Duration.ofSeconds(2);
    Backoff backoff = new Backoff(new Random(1));
    for (int i = 0; i < 20; i++) {
      assertThat(backoff.after(REFUSED, longest)).isLessThanOrEqualTo(longest);
      assertThat(backoff.after(status(429, null), longest)).isLessThanOrEqualTo(longest);
    }
    assertThat(backoff.after(REFUSED, Duration.ZERO)).isEqualTo(Duration.ofMillis(200));
    assertThat(backoff.after(status(429, Duration.ofSeconds(7)), longest))
        .isBetween(Duration.ofSeconds(7), Duration.ofSeconds(9));
  }
}
