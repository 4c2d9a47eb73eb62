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
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * A scheduler and a clock that stand still until a test moves them. Tasks run on the thread that
 * calls {@link #advance}, in the order in which they fall due.
 *
 * <p>There are two times, as on a real machine: the monotonic one, by which delays are measured,
 * and the wall clock. {@link #advance} moves both; {@link #moveWallClock} moves the wall clock
 * alone, as a clock step or a suspension of the machine does.
 *
 * <p><b>Thread safety:</b> tasks may be submitted from any thread; one thread moves the time.
 */
public final class VirtualTime extends AbstractExecutorService
    implements ScheduledExecutorService, InstantSource {

  private final PriorityQueue<Task<?>> tasks = new PriorityQueue<>();
  private long nanos;
  private long submitted;
  private Instant wallClock;
  private boolean shutDown;

  private VirtualTime(Instant start) {
    this.wallClock = start;
  }

  /** Starts at the real time, in whole seconds, so that real certificates are valid. */
  public static VirtualTime startingNow() {
    return new VirtualTime(Instant.now().truncatedTo(ChronoUnit.SECONDS));
  }

  public static VirtualTime startingAt(Instant start) {
    return new VirtualTime(start);
  }

  @Override
  public synchronized Instant instant() {
    return wallClock;
  }

  /** Runs everything that is due now, and what that makes due now. */
  public void settle() {
    advance(Duration.ZERO);
  }

  /** Moves both times on, running each task when it falls due. */
  public void advance(Duration by) {
    long until;
    synchronized (this) {
      until = nanos + by.toNanos();
    }
    for (Task<?> task = nextDue(until); task != null; task = nextDue(until)) {
      task.run();
    }
    synchronized (this) {
      moveTo(until);
    }
  }

  /** Moves the wall clock alone, forwards or backwards. */
  public synchronized void moveWallClock(Duration by) {
    wallClock = wallClock.plus(by);
  }

  /** How many tasks wait for their time. */
  public synchronized int waiting() {
    return (int) tasks.stream().filter(task -> !task.isCancelled()).count();
  }

  private synchronized Task<?> nextDue(long until) {
    while (!tasks.isEmpty() && tasks.peek().due <= until) {
      Task<?> task = tasks.poll();
      if (!task.isCancelled()) {
        moveTo(task.due);
        return task;
      }
    }
    return null;
  }

  private void moveTo(long target) {
    if (target > nanos) {
      wallClock = wallClock.plusNanos(target - nanos);
      nanos = target;
    }
  }

  private synchronized <V> Task<V> add(Callable<V> callable, long delay, long period) {
    if (shutDown) {
      throw new RejectedExecutionException("shut down");
    }
    Task<V> task = new Task<>(callable, nanos + Math.max(0, delay), period, submitted++);
    tasks.add(task);
    return task;
  }

  private static Callable<Void> callable(Runnable command) {
    return () -> {
      command.run();
      return null;
    };
  }

  @Override
  public void execute(Runnable command) {
    add(callable(command), 0, 0);
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    return add(callable(command), unit.toNanos(delay), 0);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
    return add(callable, unit.toNanos(delay), 0);
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable command, long initialDelay, long period, TimeUnit unit) {
    return add(callable(command), unit.toNanos(initialDelay), unit.toNanos(period));
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable command, long initialDelay, long delay, TimeUnit unit) {
    return scheduleAtFixedRate(command, initialDelay, delay, unit);
  }

  @Override
  public synchronized void shutdown() {
    shutDown = true;
    tasks.clear();
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
        return unit.convert(due - nanos, TimeUnit.NANOSECONDS);
      }
    }

    @Override
    public int compareTo(Delayed other) {
      Task<?> that = (Task<?>) other;
      return due == that.due ? Long.compare(order, that.order) : Long.compare(due, that.due);
    }
  }
}
