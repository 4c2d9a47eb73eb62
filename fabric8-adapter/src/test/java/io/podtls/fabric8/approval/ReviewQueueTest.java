package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.testing.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReviewQueueTest {

  private static final RequestId A = new RequestId("a", "1");
  private static final RequestId B = new RequestId("b", "2");

  private static final Sender SENDER = SharesTest.pod("shop", "orders", "p");

  private final VirtualTime time = VirtualTime.startingNow();
  private final Instant start = time.instant();
  private final List<String> reviews = new ArrayList<>();
  private final Deque<Optional<Duration>> answers = new ArrayDeque<>();
  private Runnable duringReview = () -> {};
  private final ReviewQueue queue = new ReviewQueue(time, this::nanoTime, 10, this::review);

  @Test
  @DisplayName("a request is reviewed at once, and then it is gone")
  void reviewsOnce() {
    queue.offer(A, SENDER);
    time.advance(Duration.ofHours(1));

    assertThat(reviews).containsExactly("a at 0 ms");
    assertThat(queue.size()).isZero();
  }

  @Test
  @DisplayName("requests that come together are taken up at the allowed rate, in their order")
  void keepsRate() {
    for (int i = 0; i < 4; i++) {
      queue.offer(new RequestId("r" + i, "uid" + i), SENDER);
    }
    time.advance(Duration.ofSeconds(1));

    assertThat(reviews)
        .containsExactly("r0 at 0 ms", "r1 at 100 ms", "r2 at 200 ms", "r3 at 300 ms");
  }

  @Test
  @DisplayName("a request that is offered while it waits keeps its one turn")
  void offeredTwice() {
    queue.offer(A, SENDER);
    queue.offer(A, SENDER);
    time.advance(Duration.ofSeconds(1));

    assertThat(reviews).hasSize(1);
  }

  @Test
  @DisplayName("a request that is offered during its review is reviewed once more")
  void offeredDuringReview() {
    duringReview =
        () -> {
          duringReview = () -> {};
          queue.offer(A, SENDER);
          queue.offer(A, SENDER);
        };
    queue.offer(A, SENDER);
    time.advance(Duration.ofSeconds(1));

    assertThat(reviews).hasSize(2);
  }

  @Test
  @DisplayName("a request is reviewed again when the review asks for it, with its history")
  void reviewsAgain() {
    answers.add(Optional.of(Duration.ofSeconds(5)));
    answers.add(Optional.of(Duration.ofSeconds(7)));
    queue.offer(A, SENDER);
    time.advance(Duration.ofMinutes(1));

    assertThat(reviews).containsExactly("a at 0 ms", "a at 5000 ms", "a at 12000 ms");
  }

  @Test
  @DisplayName("those who wait do not hold up those who come")
  void waitingTakesNoTurn() {
    for (int i = 0; i < 50; i++) {
      answers.add(Optional.of(Duration.ofSeconds(20)));
      queue.offer(new RequestId("w" + i, "uid" + i), SENDER);
    }
    time.advance(Duration.ofSeconds(10));
    reviews.clear();

    queue.offer(A, SENDER);
    time.settle();

    assertThat(reviews).containsExactly("a at 10000 ms");
  }

  @Test
  @DisplayName("a flood of one pod, waiting ones included, delays another namespace by one turn")
  void floodDelaysItsSenderOnly() {
    Sender flood = SharesTest.pod("flood", "web", "p");
    for (int i = 0; i < 400; i++) {
      answers.add(Optional.of(Duration.ofSeconds(1)));
      queue.offer(new RequestId("f" + i, "uid" + i), flood);
    }
    time.advance(Duration.ofSeconds(30));
    answers.addFirst(Optional.of(Duration.ofSeconds(1))); // for one of the flood
    reviews.clear();

    queue.offer(A, SENDER);
    time.advance(Duration.ofMillis(200));

    assertThat(reviews).hasSize(2).last().isEqualTo("a at 30200 ms");
  }

  @Test
  @DisplayName("reviews that wait for a thread do not add up to a burst afterwards")
  void noBurst() {
    duringReview =
        () -> {
          duringReview = () -> {};
          queue.clear();
          queue.offer(B, SENDER);
          queue.offer(new RequestId("c", "3"), SENDER);
        };
    queue.offer(A, SENDER);
    time.advance(Duration.ofSeconds(1));

    assertThat(reviews).containsExactly("a at 0 ms", "b at 0 ms", "c at 100 ms");
  }

  @Test
  @DisplayName("a request that is forgotten is not reviewed; a new one of its name is")
  void forgets() {
    queue.offer(A, SENDER);
    queue.offer(B, SENDER);
    queue.forget(A);
    queue.offer(new RequestId("a", "another uid"), SENDER);
    time.advance(Duration.ofSeconds(1));

    assertThat(reviews).containsExactly("b at 0 ms", "a at 100 ms");
  }

  @Test
  @DisplayName("a request that is forgotten during its review does not come back")
  void forgottenDuringReview() {
    answers.add(Optional.of(Duration.ofSeconds(1)));
    duringReview = () -> queue.forget(A);
    queue.offer(A, SENDER);
    time.advance(Duration.ofMinutes(1));

    assertThat(reviews).hasSize(1);
    assertThat(queue.size()).isZero();
  }

  @Test
  @DisplayName("clearing drops all requests, and the turns they had taken")
  void clears() {
    for (int i = 0; i < 100; i++) {
      queue.offer(new RequestId("r" + i, "uid" + i), SENDER);
    }
    queue.clear();
    queue.offer(A, SENDER);
    time.settle();

    assertThat(reviews).containsExactly("a at 0 ms");
  }

  @Test
  @DisplayName("an executor that is shut down drops what is offered")
  void closing() {
    time.shutdown();
    queue.offer(A, SENDER);

    assertThat(queue.size()).isZero();
  }

  private Optional<Duration> review(RequestId id, ReviewQueue.Progress progress) {
    reviews.add(id.name() + " at " + Duration.between(start, time.instant()).toMillis() + " ms");
    duringReview.run();
    return answers.isEmpty() ? Optional.empty() : answers.remove();
  }

  private long nanoTime() {
    return Duration.between(start, time.instant()).toNanos();
  }
}
