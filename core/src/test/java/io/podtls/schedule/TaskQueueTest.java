package io.podtls.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.testing.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TaskQueueTest {

  private final VirtualTime time = VirtualTime.startingNow();
  private final TaskQueue queue = TaskQueue.on(time);
  private final List<String> reports = new ArrayList<>();
  private int failuresLeft;
  private int runs;

  private void run() {
    runs++;
    if (failuresLeft > 0) {
      failuresLeft--;
      throw new StackOverflowError();
    }
  }

  private void supervised() {
    queue.supervisedBy(
        new TaskQueue.Supervisor() {
          @Override
          public void failed(Throwable failure, Duration nextTry) {
            reports.add(failure + " " + nextTry);
          }

          @Override
          public void rejected(IllegalStateException failure) {
            reports.add("rejected");
          }
        });
  }

  @Test
  @DisplayName("a task that throws an Error is reported once and runs again until it succeeds")
  void failedTaskRunsAgain() {
    supervised();
    failuresLeft = 3;
    queue.soon(this::run);
    time.settle();
    assertThat(queue.failing()).containsInstanceOf(StackOverflowError.class);
    time.advance(Duration.ofMinutes(5));
    assertThat(runs).isEqualTo(4);
    assertThat(reports).containsExactly("java.lang.StackOverflowError PT30S");
    assertThat(queue.failing()).isEmpty();
    assertThat(time.waiting()).isZero();
  }

  @Test
  @DisplayName("a periodic task that throws an Error runs again after its period")
  void periodicTaskRunsOn() {
    supervised();
    failuresLeft = 2;
    queue.every(Duration.ofSeconds(1), this::run);
    time.advance(Duration.ofSeconds(2));
    assertThat(queue.failing()).isPresent();
    time.advance(Duration.ofSeconds(8));
    assertThat(runs).isEqualTo(10);
    assertThat(reports).containsExactly("java.lang.StackOverflowError PT1S");
    assertThat(queue.failing()).isEmpty();
  }

  @Test
  @DisplayName("a task run at once does not fail its caller, and runs again when it throws")
  void failsWithoutItsCaller() {
    failuresLeft = 1;
    queue.soon(
        () -> {
          queue.now(this::run);
          reports.add("the caller goes on");
        });
    time.settle();
    assertThat(reports).containsExactly("the caller goes on");
    time.advance(Duration.ofSeconds(30));
    assertThat(runs).isEqualTo(2);
  }

  @Test
  @DisplayName("a failed task that is cancelled does not run again, and is no failure any more")
  void cancelledAfterFailure() {
    failuresLeft = 5;
    TaskQueue.Entry entry = queue.soon(this::run);
    time.settle();
    entry.cancel();
    time.advance(Duration.ofMinutes(5));
    assertThat(runs).isEqualTo(1);
    assertThat(queue.failing()).isEmpty();
  }

  @Test
  @DisplayName("a close while a task closes the queue waits for the end too")
  void closedByTaskAndFromOutside() {
    // The wait has a bound, within which a busy machine may not get to the end.
    assertThat(IntStream.range(0, 20).anyMatch(tries -> endsBeforeTheSecondCloseReturns()))
        .isTrue();
  }

  private static boolean endsBeforeTheSecondCloseReturns() {
    TaskQueue queue = TaskQueue.onItsOwnThread();
    Thread outside = Thread.currentThread();
    AtomicBoolean closing = new AtomicBoolean();
    AtomicBoolean ended = new AtomicBoolean();
    Runnable last =
        () -> {
          closing.set(true);
          awaitThatItWaits(outside);
          ended.set(true);
        };
    queue.soon(() -> queue.close(last));
    while (!closing.get()) {
      Thread.onSpinWait(); // not a wait that could be taken for the one to come
    }

    queue.close(() -> {});

    return ended.get();
  }

  private static void awaitThatItWaits(Thread thread) {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    while (thread.getState() != Thread.State.TIMED_WAITING && System.nanoTime() < giveUp) {
      Thread.onSpinWait();
    }
  }

  @Test
  @DisplayName("a scheduler that throws any exception is reported as one that takes no tasks")
  void brokenScheduler() {
    ScheduledExecutorService broken =
        new ScheduledThreadPoolExecutor(1) {
          @Override
          public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
            throw new IllegalStateException("broken");
          }
        };
    TaskQueue refused = TaskQueue.on(broken);

    refused.every(Duration.ofSeconds(1), this::run);

    assertThat(refused.stopped().orElseThrow()).hasRootCauseMessage("broken");
  }
}
