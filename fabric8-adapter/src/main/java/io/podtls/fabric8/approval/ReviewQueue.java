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
 * Requests that wait for their review: each at most once, none by two threads at a time, no more of
 * them per second than allowed, and senders in turn, as in {@link FairQueue}.
 *
 * <p>Thread safety: safe for use by many threads.
 */
final class ReviewQueue {

  /** Reviews one request. A request on which it throws is dropped. */
  @FunctionalInterface
  interface Reviewer {
    /** Reviews the request and returns when to review it again, empty for never. */
    Optional<Duration> review(RequestId id, Progress progress);
  }

  private final ScheduledExecutorService executor;
  private final LongSupplier nanoTime;
  private final long spacingNanos;
  private final Reviewer reviewer;
  private final Map<RequestId, Entry> entries = new HashMap<>(); // guarded by this
  private final FairQueue<Entry> ready = new FairQueue<>(); // guarded by this
  private @Nullable ScheduledFuture<?> turn; // the next review; guarded by this
  private long nextStart; // guarded by this
  private int clearings; // guarded by this

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
  synchronized void offer(RequestId id, Sender sender) {
    Entry entry = entries.get(id);
    if (entry == null) {
      Entry added = new Entry(id, sender, new Progress(nanoTime));
      entries.put(id, added);
      makeReady(added);
    } else if (entry.underReview) {
      entry.offeredAgain = true;
    }
  }

  /** Drops a request; a review that is under way ends as it may. */
  synchronized void forget(RequestId id) {
    Entry entry = entries.remove(id);
    if (entry != null) {
      entry.cancel();
      ready.remove(entry.sender, entry);
    }
  }

  /** Drops all requests. */
  synchronized void clear() {
    entries.values().forEach(Entry::cancel);
    entries.clear();
    ready.clear();
    if (turn != null) {
      turn.cancel(false);
      turn = null;
    }
    clearings++;
    nextStart = nanoTime.getAsLong();
  }

  /** How many requests wait or are under review. */
  synchronized int size() {
    return entries.size();
  }

  private synchronized void makeReady(Entry entry) {
    if (entries.get(entry.id) == entry) {
      ready.add(entry.sender, entry);
      scheduleTurn();
    }
  }

  /** Sees to it that one more review starts, as soon as the rate and a free thread allow. */
  private synchronized void scheduleTurn() {
    if (turn != null || ready.isEmpty()) {
      return;
    }
    long delay = Math.max(0, nextStart - nanoTime.getAsLong());
    int since = clearings;
    try {
      turn = executor.schedule(() -> takeTurn(since), delay, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      entries.clear(); // closing
      ready.clear();
    }
  }

  private void takeTurn(int since) {
    Optional<Entry> next = begin(since);
    if (next.isEmpty()) {
      return;
    }
    Entry entry = next.get();
    Optional<Duration> again = Optional.empty();
    try {
      again = reviewer.review(entry.id, entry.progress);
    } finally {
      end(entry, again);
    }
  }

  private synchronized Optional<Entry> begin(int since) {
    if (since != clearings) {
      return Optional.empty(); // a turn that was dropped when it was about to start
    }
    turn = null;
    Optional<Entry> next = ready.poll();
    if (next.isPresent()) {
      next.get().underReview = true;
      next.get().offeredAgain = false;
      nextStart = Math.max(nextStart, nanoTime.getAsLong()) + spacingNanos;
      scheduleTurn(); // on another thread, while this one reviews
    }
    return next;
  }

  private synchronized void end(Entry entry, Optional<Duration> again) {
    entry.underReview = false;
    if (entries.get(entry.id) != entry) {
      return; // forgotten meanwhile
    }
    if (again.isPresent()) {
      try {
        entry.next =
            executor.schedule(() -> makeReady(entry), again.get().toNanos(), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        entries.remove(entry.id); // closing
      }
    } else if (entry.offeredAgain) {
      makeReady(entry);
    } else {
      entries.remove(entry.id);
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
    private final RequestId id;
    private final Sender sender;
    private final Progress progress;
    private @Nullable ScheduledFuture<?> next;
    private boolean underReview;
    private boolean offeredAgain;

    Entry(RequestId id, Sender sender, Progress progress) {
      this.id = id;
      this.sender = sender;
      this.progress = progress;
    }

    void cancel() {
      if (next != null) {
        next.cancel(false);
      }
    }
  }
}
