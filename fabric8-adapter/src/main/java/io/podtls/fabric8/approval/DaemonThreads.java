package io.podtls.fabric8.approval;

import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Threads that do not keep the JVM alive. */
final class DaemonThreads {

  private DaemonThreads() {}

  static ScheduledThreadPoolExecutor pool(String name, int size) {
    ScheduledThreadPoolExecutor pool =
        new ScheduledThreadPoolExecutor(
            size,
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    pool.setRemoveOnCancelPolicy(true);
    pool.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return pool;
  }

  /** Waits for a pool that was shut down, and interrupts what is left. */
  static void end(ScheduledThreadPoolExecutor pool, Duration patience) {
    try {
      if (!pool.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        pool.shutdownNow();
      }
    } catch (InterruptedException e) {
      pool.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
