package io.podtls.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TaskQueueTest {

  @Test
  @DisplayName("who closes what a task is closing already waits for the end all the same")
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
}
