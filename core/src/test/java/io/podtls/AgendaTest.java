package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AgendaTest {

  @Test
  @DisplayName("who closes what a task is closing already waits for the end all the same")
  void closedByTaskAndFromOutside() {
    // The wait has a bound, within which a busy machine may not get to the end.
    assertThat(IntStream.range(0, 20).anyMatch(tries -> endsBeforeTheSecondCloseReturns()))
        .isTrue();
  }

  private static boolean endsBeforeTheSecondCloseReturns() {
    Agenda agenda = Agenda.onItsOwnThread();
    Thread outside = Thread.currentThread();
    CountDownLatch closing = new CountDownLatch(1);
    AtomicBoolean ended = new AtomicBoolean();
    Runnable last =
        () -> {
          closing.countDown();
          awaitThatItWaits(outside);
          ended.set(true);
        };
    agenda.soon(() -> agenda.close(last));
    try {
      assertThat(closing.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }

    agenda.close(() -> {});

    return ended.get();
  }

  private static void awaitThatItWaits(Thread thread) {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    while (thread.getState() != Thread.State.TIMED_WAITING && System.nanoTime() < giveUp) {
      Thread.onSpinWait();
    }
  }
}
