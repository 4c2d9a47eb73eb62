package io.podtls.fabric8.approval;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for their review: each at most once, none by two threads at a time, and no
 * more of them in a second than allowed.
 */
final class ReviewQueue {

  /**
   * Reviews one request. Throws nothing that it can help; a request that it throws on is dropped.
   */
  @FunctionalInterface
  interface Reviewer {
    /** Reviews the request and says when to review it again, empty for never. */
    Optional<Duration> review(Ticket ticket, Progress progress);
  }

  private final ScheduledExecutorService executor;
  private final LongSupplier nanoTime;
  private final long spacingNanos;
  private final Reviewer reviewer;
  private final Map<Ticket, Entry> entries = new HashMap<>();
  private long nextStart;

  ReviewQueue(
      ScheduledExecutorService executor,
      LongSupplier nanoTime,
      int reviewsPerSecond,
      Reviewer reviewer) {
    this.executor = executor;
    this.nanoTime = nanoTime;
    this.spacingNanos = Duration.ofSeconds(1).toNanos() / reviewsPerSecond;
    this.reviewer = reviewer;
    this.nextStart = nanoTime.getAsLong();
  }

  /** Takes in a request. One that waits already keeps its turn; one under review gets another. */
  synchronized void offer(Ticket ticket) {
    Entry entry = entries.get(ticket);
    if (entry == null) {
      Entry added = new Entry(ticket, new Progress(nanoTime));
      entries.put(ticket, added);
      schedule(added, Duration.ZERO);
    } else if (entry.underReview) {
      entry.offeredAgain = true;
    }
  }

  /** Drops a request; a review that is under way ends as it may. */
  synchronized void forget(Ticket ticket) {
    Entry entry = entries.remove(ticket);
    if (entry != null) {
      entry.cancel();
    }
  }

  /** Drops all requests. */
  synchronized void clear() {
    entries.values().forEach(Entry::cancel);
    entries.clear();
    nextStart = nanoTime.getAsLong();
  }

  /** How many requests wait or are under review. */
  synchronized int size() {
    return entries.size();
  }

  private void run(Entry entry) {
    if (!begin(entry)) {
      return;
    }
    Optional<Duration> again = Optional.empty();
    try {
      again = reviewer.review(entry.ticket, entry.progress);
    } finally {
      end(entry, again);
    }
  }

  private synchronized boolean begin(Entry entry) {
    if (entries.get(entry.ticket) != entry) {
      return false; // forgotten meanwhile
    }
    entry.underReview = true;
    entry.offeredAgain = false;
    return true;
  }

  private synchronized void end(Entry entry, Optional<Duration> again) {
    entry.underReview = false;
    if (entries.get(entry.ticket) != entry) {
      return;
    }
    if (again.isPresent()) {
      schedule(entry, again.get());
    } else if (entry.offeredAgain) {
      schedule(entry, Duration.ZERO);
    } else {
      entries.remove(entry.ticket);
    }
  }

  private void schedule(Entry entry, Duration delay) {
    long now = nanoTime.getAsLong();
    long start = now + delay.toNanos();
    if (delay.isZero()) {
      // Those who wait for something else are spread out anyway and take no turn.
      start = Math.max(now, nextStart);
      nextStart = start + spacingNanos;
    }
    try {
      entry.next = executor.schedule(() -> run(entry), start - now, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      entries.remove(entry.ticket); // closing
    }
  }

  /** What happened to a request so far. Used by one thread at a time. */
  static final class Progress {
    private final LongSupplier nanoTime;
    private final long since;
    private int failures;
    private int waits;

    Progress(LongSupplier nanoTime) {
      this.nanoTime = nanoTime;
      this.since = nanoTime.getAsLong();
    }

    /** How long ago the request was taken in. */
    Duration age() {
      return Duration.ofNanos(nanoTime.getAsLong() - since);
    }

    /** Counts a failure in a row and returns their number. */
    int countFailure() {
      return ++failures;
    }

    /** Counts a look at a request that has to wait, which ends a row of failures. */
    int countWait() {
      failures = 0;
      return ++waits;
    }
  }

  private static final class Entry {
    private final Ticket ticket;
    private final Progress progress;
    private @Nullable ScheduledFuture<?> next;
    private boolean underReview;
    private boolean offeredAgain;

    Entry(Ticket ticket, Progress progress) {
      this.ticket = ticket;
      this.progress = progress;
    }

    void cancel() {
      if (next != null) {
        next.cancel(false);
      }
    }
  }
}
