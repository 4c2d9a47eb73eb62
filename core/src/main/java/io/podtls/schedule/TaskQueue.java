package io.podtls.schedule;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serial task queue on a scheduler: tasks run one at a time and in order, on however many threads.
 * A task may block; closing interrupts it. A task that throws, an Error included, is reported and
 * runs again until it succeeds or is cancelled, so it must be safe to repeat.
 *
 * <p><b>Thread safety:</b> safe for use by several threads.
 */
public final class TaskQueue {

  /** Receives the failures of a queue. */
  public interface Supervisor {
    /** A task failed and runs again after this time; not repeated while the failure is the same. */
    void failed(Throwable failure, Duration nextTry);

    /** The scheduler takes no more tasks. */
    void rejected(IllegalStateException failure);
  }

  /** How long closing waits for the running task; one that ignores interrupts is left behind. */
  private static final Duration PATIENCE = Duration.ofMillis(50);

  /** How long a failed task that is not periodic waits. */
  private static final Duration NEXT_TRY = Duration.ofSeconds(30);

  private static final Logger LOG = System.getLogger("io.podtls");

  private final ScheduledExecutorService scheduler;
  private final boolean owned;
  private final Queue<Runnable> due = new ArrayDeque<>();
  private final Set<Entry> waiting = new HashSet<>();
  private final Map<Entry, Throwable> failing = new LinkedHashMap<>();
  private @Nullable Supervisor supervisor;
  private @Nullable Thread runner;
  private final CountDownLatch through = new CountDownLatch(1);
  private boolean closed;
  private @Nullable IllegalStateException rejected;

  private TaskQueue(ScheduledExecutorService scheduler, boolean owned) {
    this.scheduler = scheduler;
    this.owned = owned;
  }

  /** Makes a queue with one daemon thread, started with the first task and ended by closing. */
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

  /** Makes a queue on the caller's scheduler, which is never shut down here. */
  public static TaskQueue on(ScheduledExecutorService scheduler) {
    return new TaskQueue(scheduler, false);
  }

  /** Sets what receives failures, in addition to the log; called before the first task. */
  public void supervisedBy(Supervisor one) {
    supervisor = one;
  }

  /** A task that may still be cancelled. */
  public final class Entry {
    private final Runnable task;
    private final @Nullable Duration period;
    private @Nullable Future<?> timer;
    private boolean cancelled;

    private Entry(Runnable task, @Nullable Duration period) {
      this.task = task;
      this.period = period;
    }

    /** Cancels the task: it does not start after this, even if it is due. */
    public void cancel() {
      synchronized (TaskQueue.this) {
        cancelled = true;
        waiting.remove(this);
        failing.remove(this);
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
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        failed(e);
        return;
      }
      synchronized (TaskQueue.this) {
        failing.remove(this);
      }
      if (period != null) {
        schedule(this, period);
      }
    }

    private void failed(Throwable failure) {
      Duration nextTry = period == null ? NEXT_TRY : period;
      Throwable before;
      synchronized (TaskQueue.this) {
        before = failing.remove(this);
        if (!cancelled && !closed) {
          failing.put(this, failure);
        }
      }
      schedule(this, nextTry);
      if (before == null || !before.toString().equals(failure.toString())) {
        LOG.log(Level.ERROR, () -> "a task failed unexpectedly", failure);
        if (supervisor != null) {
          supervisor.failed(failure, nextTry);
        }
      }
    }
  }

  /** Runs the task when the tasks before it have ended. */
  public Entry soon(Runnable task) {
    return after(Duration.ZERO, task);
  }

  /** Runs the task after a time that is measured without the wall clock. */
  public Entry after(Duration delay, Runnable task) {
    return schedule(new Entry(task, null), delay);
  }

  /** Runs the task again and again, for the first time after one period. */
  public Entry every(Duration period, Runnable task) {
    return schedule(new Entry(task, period), period);
  }

  /** Runs the task at once, as part of the task that calls this; only a failed one is queued. */
  public Entry now(Runnable task) {
    Entry entry = new Entry(task, null);
    entry.run();
    return entry;
  }

  private Entry schedule(Entry entry, Duration delay) {
    IllegalStateException failure;
    synchronized (this) {
      if (closed || entry.cancelled) {
        return entry;
      }
      try {
        entry.timer = scheduler.schedule(() -> enter(entry), delay.toNanos(), TimeUnit.NANOSECONDS);
        waiting.add(entry);
        rejected = null;
        return entry;
      } catch (RuntimeException | Error e) { // of a scheduler of the caller's
        failure = rejection(e);
        rejected = failure;
      }
    }
    if (supervisor != null) {
      supervisor.rejected(failure);
    }
    return entry;
  }

  /** Returns how the task failed that failed last and has not succeeded since. */
  public Optional<Throwable> failing() {
    synchronized (this) {
      return failing.values().stream().reduce((earlier, later) -> later);
    }
  }

  private IllegalStateException rejection(@Nullable Throwable cause) {
    return new IllegalStateException(
        "the scheduler is shut down or takes no more tasks, so nothing is renewed or followed: "
            + scheduler,
        cause);
  }

  /** Returns why no more tasks run although the queue is not closed; empty if they do. */
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
        // Its failure could not even be reported; the tasks after it run all the same.
      }
    }
  }

  /**
   * Drops all tasks, interrupts the running one, and runs {@code last} after it, or at once if none
   * runs. May be called by a task. A second call only waits for the end.
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
        failing.clear();
        List.copyOf(waiting).forEach(Entry::cancel);
        due.add(
            () -> {
              try {
                last.run();
              } catch (RuntimeException | Error e) {
                LOG.log(Level.ERROR, () -> "closing failed", e);
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
