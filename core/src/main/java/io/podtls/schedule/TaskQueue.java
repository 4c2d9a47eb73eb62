package io.podtls.schedule;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done, and when: tasks run one at a time and in order, whatever the scheduler
 * underneath has of threads. A task may block; closing interrupts it.
 *
 * <p><b>Thread safety:</b> safe for use by several threads.
 */
public final class TaskQueue {

  /** How long closing waits for what runs; a task that ignores interrupts is left behind. */
  private static final Duration PATIENCE = Duration.ofMillis(50);

  private static final Logger LOG = System.getLogger("io.podtls");

  private final ScheduledExecutorService scheduler;
  private final boolean owned;
  private final Queue<Runnable> due = new ArrayDeque<>();
  private final Set<Entry> waiting = new HashSet<>();
  private Consumer<Throwable> uncaught = failure -> {};
  private @Nullable Thread runner;
  private final CountDownLatch through = new CountDownLatch(1);
  private boolean closed;
  private @Nullable IllegalStateException rejected;

  private TaskQueue(ScheduledExecutorService scheduler, boolean owned) {
    this.scheduler = scheduler;
    this.owned = owned;
  }

  /** One daemon thread of its own, started with the first task and ended by closing. */
  public static TaskQueue onItsOwnThread() {
    ScheduledThreadPoolExecutor scheduler =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "podtls-engine");
              thread.setDaemon(true);
              return thread;
            });
    scheduler.setRemoveOnCancelPolicy(true);
    scheduler.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return new TaskQueue(scheduler, true);
  }

  /** The caller's scheduler, which is never shut down here. */
  public static TaskQueue on(ScheduledExecutorService scheduler) {
    return new TaskQueue(scheduler, false);
  }

  /**
   * Who hears of what a task throws, besides the log, and of a task that is not taken; set before
   * the first task.
   */
  public void onUncaught(Consumer<Throwable> hearer) {
    uncaught = hearer;
  }

  /** A task that may still be called off. */
  public final class Entry {
    private final Runnable task;
    private @Nullable Future<?> timer;
    private boolean cancelled;

    private Entry(Runnable task) {
      this.task = task;
    }

    /** After this the task does not start, even if its time has come already. */
    public void cancel() {
      synchronized (TaskQueue.this) {
        cancelled = true;
        waiting.remove(this);
        if (timer != null) {
          timer.cancel(false);
        }
      }
    }

    private void run() {
      synchronized (TaskQueue.this) {
        waiting.remove(this);
        if (cancelled) {
          return;
        }
      }
      task.run();
    }
  }

  /** Runs the task as soon as the tasks before it are through. */
  public Entry soon(Runnable task) {
    return after(Duration.ZERO, task);
  }

  /** Runs the task after a time that is measured without the wall clock. */
  public Entry after(Duration delay, Runnable task) {
    Entry entry = new Entry(task);
    IllegalStateException failure;
    synchronized (this) {
      if (closed) {
        return entry;
      }
      try {
        entry.timer = scheduler.schedule(() -> enter(entry), delay.toNanos(), TimeUnit.NANOSECONDS);
        waiting.add(entry);
        rejected = null;
        return entry;
      } catch (RejectedExecutionException e) {
        failure = rejection(e);
        rejected = failure;
      }
    }
    uncaught.accept(failure);
    return entry;
  }

  private IllegalStateException rejection(@Nullable RejectedExecutionException cause) {
    return new IllegalStateException(
        "the scheduler is shut down or takes no more tasks, so nothing is renewed or followed: "
            + scheduler,
        cause);
  }

  /** Why nothing more will be run, although it is not closed; empty if all is well. */
  public Optional<IllegalStateException> stopped() {
    synchronized (this) {
      if (closed) {
        return Optional.empty();
      }
      if (rejected == null && scheduler.isShutdown()) {
        rejected = rejection(null);
      }
      return Optional.ofNullable(rejected);
    }
  }

  private void enter(Entry entry) {
    synchronized (this) {
      if (closed) {
        return;
      }
      due.add(entry::run);
      if (runner != null) {
        return;
      }
      runner = Thread.currentThread();
    }
    drain();
  }

  private void drain() {
    while (true) {
      Runnable next;
      synchronized (this) {
        next = due.poll();
        if (closed) {
          // The interrupt was meant for the task before; the thread may be the caller's.
          Thread.interrupted();
        }
        if (next == null) {
          runner = null;
          return;
        }
      }
      try {
        next.run();
      } catch (RuntimeException | Error e) {
        LOG.log(Level.ERROR, () -> "a task failed unexpectedly", e);
        uncaught.accept(e);
      }
    }
  }

  /**
   * Drops all tasks, interrupts the one that runs, and has {@code last} run after it; at once if
   * none does. May be called by a task. The second time it only waits for the end.
   */
  public void close(Runnable last) {
    boolean here = false;
    boolean first;
    boolean fromTask;
    synchronized (this) {
      fromTask = runner == Thread.currentThread();
      first = !closed;
      if (first) {
        closed = true;
        due.clear();
        List.copyOf(waiting).forEach(Entry::cancel);
        due.add(
            () -> {
              try {
                last.run();
              } finally {
                through.countDown();
              }
            });
        if (runner == null) {
          runner = Thread.currentThread();
          here = true;
        } else if (!fromTask) {
          runner.interrupt();
        }
      }
    }
    if (here) {
      boolean interrupted = Thread.interrupted();
      drain();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    if (first && owned) {
      scheduler.shutdown();
    }
    if (!fromTask) {
      awaitEnd();
    }
  }

  private void awaitEnd() {
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      boolean ended = through.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
      if (ended && owned) {
        ended = scheduler.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
      if (!ended) {
        LOG.log(Level.DEBUG, () -> "closed while a task does not answer to its interrupt");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
