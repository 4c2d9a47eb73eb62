package io.podtls.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler and a clock that a test moves ahead: {@code .scheduler(time).clock(time)} on the
 * builder of a handle. Time either stands still between two moves or passes as it does outside.
 *
 * <p>There are two times, as on a real machine: the monotonic one, by which delays are measured,
 * and the wall clock. {@link #advance} moves both; {@link #moveWallClock} and {@link #moveTimers}
 * move one of them.
 *
 * <p>Tasks run one at a time, in the order in which they fall due: those that a move makes due on
 * the thread that moves the time, before the call returns; the others, if time passes, on a daemon
 * thread that {@link #shutdown()} ends.
 *
 * <p><b>Thread safety:</b> safe for use by any number of threads.
 */
public final class VirtualTime extends AbstractExecutorService
    implements ScheduledExecutorService, InstantSource {

  private final PriorityQueue<Task<?>> tasks = new PriorityQueue<>();
  private final ReentrantLock turn = new ReentrantLock();
  private final boolean passing;
  private long seen = System.nanoTime();
  private long nanos;
  private long submitted;
  private Instant wallClock;
  private boolean shutDown;

  private VirtualTime(Instant start, boolean passing) {
    this.wallClock = start;
    this.passing = passing;
  }

  /**
   * Returns a time that stands still, at the real time in whole seconds, so that real certificates
   * are valid. What blocks the thread that would move it, such as a bootstrap, waits for ever.
   */
  public static VirtualTime startingNow() {
    return startingAt(Instant.now().truncatedTo(ChronoUnit.SECONDS));
  }

  /** Returns a time that stands still at this instant. */
  public static VirtualTime startingAt(Instant start) {
    return new VirtualTime(start, false);
  }

  /** Returns a time that starts at the real one and passes as it does, besides what moves it. */
  public static VirtualTime passing() {
    VirtualTime time = new VirtualTime(Instant.now(), true);
    Thread thread = new Thread(time::runWhenDue, "podtls-virtual-time");
    thread.setDaemon(true);
    thread.start();
    return time;
  }

  /** Returns the wall clock's time. */
  @Override
  public synchronized Instant instant() {
    pass();
    return wallClock;
  }

  /** Runs the tasks that are due, and those that become due at once through them. */
  public void settle() {
    advance(Duration.ZERO);
  }

  /** Moves both times on, running each task when it falls due: a periodic one many times. */
  public void advance(Duration by) {
    turn.lock();
    try {
      long until = now() + by.toNanos();
      for (Task<?> task = nextDue(until); task != null; task = nextDue(until)) {
        task.run();
      }
      synchronized (this) {
        moveTo(until);
      }
      runDue();
    } finally {
      turn.unlock();
    }
  }

  /**
   * Moves the monotonic time alone and at once: a task that falls due on the way runs once, a
   * periodic one too, and the wall clock stays.
   */
  public void moveTimers(Duration by) {
    turn.lock();
    try {
      synchronized (this) {
        nanos += by.toNanos();
      }
      runDue();
    } finally {
      turn.unlock();
    }
  }

  /** Moves the wall clock alone, forwards or backwards, as a clock step or a suspension does. */
  public synchronized void moveWallClock(Duration by) {
    pass();
    wallClock = wallClock.plus(by);
  }

  /** Returns how many tasks wait for their time. */
  public synchronized int waiting() {
    return (int) tasks.stream().filter(task -> !task.isCancelled()).count();
  }

  private void runDue() {
    for (Task<?> task = nextDue(now()); task != null; task = nextDue(now())) {
      task.run();
    }
  }

  private void runWhenDue() {
    while (awaitDue()) {
      turn.lock();
      try {
        runDue();
      } finally {
        turn.unlock();
      }
    }
  }

  /** Returns whether there is a task to run, rather than an end. */
  private synchronized boolean awaitDue() {
    while (!shutDown) {
      long wait = tasks.isEmpty() ? Long.MAX_VALUE : tasks.peek().due - now();
      if (wait <= 0) {
        return true;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, Math.max(wait, 1_000_000));
      } catch (InterruptedException e) {
        // A task was to be interrupted, and has ended meanwhile.
      }
    }
    return false;
  }

  private synchronized long now() {
    pass();
    return nanos;
  }

  private synchronized void pass() {
    if (passing) {
      long real = System.nanoTime();
      moveTo(nanos + real - seen);
      seen = real;
    }
  }

  private synchronized @Nullable Task<?> nextDue(long until) {
    while (!tasks.isEmpty() && tasks.peek().due <= until) {
      Task<?> task = tasks.poll();
      if (!task.isCancelled()) {
        moveTo(task.due);
        return task;
      }
    }
    return null;
  }

  private synchronized void moveTo(long target) {
    if (target > nanos) {
      wallClock = wallClock.plusNanos(target - nanos);
      nanos = target;
    }
  }

  private synchronized <V> Task<V> add(Callable<V> callable, long delay, long period) {
    if (shutDown) {
      throw new RejectedExecutionException("shut down");
    }
    Task<V> task = new Task<>(callable, now() + Math.max(0, delay), period, submitted++);
    tasks.add(task);
    notifyAll();
    return task;
  }

  @Override
  public void execute(Runnable command) {
    var unused = add(Executors.callable(command), 0, 0);
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    return add(Executors.callable(command), unit.toNanos(delay), 0);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
    return add(callable, unit.toNanos(delay), 0);
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable command, long initialDelay, long period, TimeUnit unit) {
    return add(Executors.callable(command), unit.toNanos(initialDelay), unit.toNanos(period));
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable command, long initialDelay, long delay, TimeUnit unit) {
    return scheduleAtFixedRate(command, initialDelay, delay, unit);
  }

  /** Drops all tasks and takes no more. */
  @Override
  public synchronized void shutdown() {
    shutDown = true;
    tasks.clear();
    notifyAll();
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown();
    return List.of();
  }

  @Override
  public synchronized boolean isShutdown() {
    return shutDown;
  }

  @Override
  public boolean isTerminated() {
    return isShutdown();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return isTerminated();
  }

  private final class Task<V> extends FutureTask<V> implements RunnableScheduledFuture<V> {
    private long due;
    private final long period;
    private final long order;

    Task(Callable<V> callable, long due, long period, long order) {
      super(callable);
      this.due = due;
      this.period = period;
      this.order = order;
    }

    @Override
    public void run() {
      if (period == 0) {
        super.run();
      } else if (runAndReset()) {
        synchronized (VirtualTime.this) {
          due += period;
          if (!shutDown) {
            tasks.add(this);
          }
        }
      }
    }

    @Override
    public boolean isPeriodic() {
      return period != 0;
    }

    @Override
    public long getDelay(TimeUnit unit) {
      synchronized (VirtualTime.this) {
        return unit.convert(due - now(), TimeUnit.NANOSECONDS);
      }
    }

    @Override
    public int compareTo(Delayed other) {
      Task<?> that = (Task<?>) other;
      return due == that.due ? Long.compare(order, that.order) : Long.compare(due, that.due);
    }
  }
}
