package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RecentAnswersTest {

  private final AtomicLong now = new AtomicLong();
  private final AtomicInteger questions = new AtomicInteger();
  private final RecentAnswers<String, String> answers =
      new RecentAnswers<>(
          Duration.ofSeconds(2), now::get, key -> key + questions.incrementAndGet());

  @Test
  @DisplayName("an answer is given again for the time it is kept, and no longer")
  void keepsAnswers() {
    assertThat(answers.get("a", ClusterLookup.Freshness.RECENT)).isEqualTo("a1");
    now.addAndGet(Duration.ofSeconds(2).toNanos());
    assertThat(answers.get("a", ClusterLookup.Freshness.RECENT)).isEqualTo("a1");
    now.addAndGet(1);
    assertThat(answers.get("a", ClusterLookup.Freshness.RECENT)).isEqualTo("a2");
  }

  @Test
  @DisplayName("a live question is always asked, and its answer replaces the one that was kept")
  void asksLive() {
    answers.get("a", ClusterLookup.Freshness.RECENT);

    assertThat(answers.get("a", ClusterLookup.Freshness.LIVE)).isEqualTo("a2");
    assertThat(answers.get("a", ClusterLookup.Freshness.RECENT)).isEqualTo("a2");
  }

  @Test
  @DisplayName("of the answers to many questions, the eight newest are kept")
  void keepsFew() {
    for (int i = 0; i < 9; i++) {
      now.incrementAndGet();
      answers.get("q" + i, ClusterLookup.Freshness.RECENT);
    }

    assertThat(answers.get("q1", ClusterLookup.Freshness.RECENT)).isEqualTo("q12");
    assertThat(answers.get("q0", ClusterLookup.Freshness.RECENT)).isEqualTo("q010");
  }

  @Test
  @DisplayName("a failure is thrown as it is and not kept")
  void failuresAreNotKept() {
    IllegalStateException failure = new IllegalStateException("503");
    RecentAnswers<String, String> failing =
        new RecentAnswers<>(
            Duration.ofSeconds(2),
            now::get,
            key -> {
              if (questions.incrementAndGet() == 1) {
                throw failure;
              }
              return "recovered";
            });

    assertThatThrownBy(() -> failing.get("a", ClusterLookup.Freshness.RECENT)).isSameAs(failure);
    assertThat(failing.get("a", ClusterLookup.Freshness.RECENT)).isEqualTo("recovered");
  }

  @Test
  @DisplayName("those who ask at the same time share one question")
  void sharesQuestions() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    RecentAnswers<String, Integer> slow =
        new RecentAnswers<>(
            Duration.ofSeconds(2),
            now::get,
            key -> {
              asked.countDown();
              awaitUnchecked(release);
              return questions.incrementAndGet();
            });
    List<CompletableFuture<Integer>> askers = new ArrayList<>();
    askers.add(CompletableFuture.supplyAsync(() -> slow.get("a", ClusterLookup.Freshness.RECENT)));
    asked.await();
    askers.add(CompletableFuture.supplyAsync(() -> slow.get("a", ClusterLookup.Freshness.RECENT)));
    release.countDown();

    for (CompletableFuture<Integer> asker : askers) {
      assertThat(asker.get()).isEqualTo(1);
    }
  }

  private static void awaitUnchecked(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
