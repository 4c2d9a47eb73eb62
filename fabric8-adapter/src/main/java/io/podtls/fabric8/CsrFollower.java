package io.podtls.fabric8;

import io.podtls.fabric8.CsrApi.Event;
import io.podtls.signing.SigningOutcome.Stage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Follower of one CertificateSigningRequest, with as few requests as possible: a watch while there
 * is one, a GET after a watch that broke, GETs at growing intervals where watching is not allowed.
 * At most one request per second.
 *
 * <p>The API server is asked to end each watch after 50 s. One that lasts longer is taken for dead,
 * which finds a half-open connection without waiting for bookmarks.
 *
 * <p>Thread safety: used by one thread at a time, except for the events, which come from any.
 */
final class CsrFollower implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("io.podtls");

  private static final Duration WATCH_FOR = Duration.ofSeconds(50);
  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final Duration PACE = Duration.ofSeconds(1);
  private static final Duration SLOWEST_PACE = Duration.ofSeconds(30);
  private static final Duration SHORTEST_POLL = Duration.ofMillis(500);
  private static final Duration LONGEST_POLL = Duration.ofSeconds(60);
  private static final double POLL_GROWTH = 0.6;

  /**
   * What a follower goes by.
   *
   * @param clock the wall clock
   * @param random keeps pods apart
   * @param watchFor for how long the API server is asked to keep a watch; whole seconds
   */
  record Timing(InstantSource clock, RandomGenerator random, Duration watchFor) {

    static Timing by(InstantSource clock, RandomGenerator random) {
      return new Timing(clock, random, WATCH_FOR);
    }
  }

  /** What a look at the object finds. */
  sealed interface Sight {
    /** Nothing new. */
    record Unchanged() implements Sight {}

    /** The object as it is now. */
    record Present(Csr csr) implements Sight {}

    /** There is no object of that name. */
    record Gone() implements Sight {}
  }

  private enum Next {
    NOTHING,
    READ,
    WATCH
  }

  private final CsrApi api;
  private final Runnable wakeUp;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Duration watchFor;
  private final Duration suspectAfter;

  private Csr latest;
  private Stage stage;
  private Instant stageSince;
  private @Nullable String resumeAt;
  private @Nullable AutoCloseable watch;
  private Queue<Event> events = new ConcurrentLinkedQueue<>();
  private boolean mayWatch = true;
  private int brokenWatches;
  private Next next = Next.WATCH;
  private Instant lastRequest;
  private Duration due = Duration.ZERO;

  /** Follows the object from this version on. */
  CsrFollower(CsrApi api, Csr created, Runnable wakeUp, Timing timing) {
    this.api = api;
    this.wakeUp = wakeUp;
    this.clock = timing.clock();
    this.random = timing.random();
    this.watchFor = timing.watchFor();
    this.suspectAfter = watchFor.plus(GRACE);
    this.latest = created;
    this.stage = CsrOutcome.stage(created);
    this.lastRequest = clock.instant();
    this.stageSince = lastRequest;
    this.resumeAt = created.resourceVersion();
  }

  /** Evaluates what the watch has reported, or else sends the next request if it is due. */
  Sight look() throws ApiException, InterruptedException {
    Sight reported = listen();
    if (!(reported instanceof Sight.Unchanged)) {
      return reported;
    }
    if (watch != null && elapsed(lastRequest).compareTo(suspectAfter) >= 0) {
      stopWatching();
      api.reconnect();
      brokenWatches++;
      plan(Next.READ, Duration.ZERO);
    }
    if (next == Next.NOTHING || untilDue().compareTo(Duration.ZERO) > 0) {
      return reported;
    }
    return next == Next.READ ? read() : startWatching();
  }

  /** How long there is nothing to do unless the watch reports something. */
  Duration lookAgain() {
    if (!events.isEmpty()) {
      return Duration.ofMillis(1);
    }
    Duration left = watch == null ? untilDue() : suspectAfter.minus(elapsed(lastRequest));
    return left.compareTo(Duration.ofMillis(1)) < 0 ? Duration.ofMillis(1) : left;
  }

  /** When the request entered its stage. */
  Instant stageSince() {
    return stageSince;
  }

  private Sight listen() throws ApiException {
    Sight sight = new Sight.Unchanged();
    for (Event event = events.poll(); event != null; event = events.poll()) {
      if (event instanceof Event.Changed changed) {
        resumeAt = changed.csr().resourceVersion();
        brokenWatches = 0;
        sight = see(changed.csr());
      } else if (event instanceof Event.Bookmark bookmark) {
        resumeAt = bookmark.resourceVersion();
        brokenWatches = 0;
      } else if (event instanceof Event.Deleted deleted) {
        if (deleted.uid().equals(latest.uid())) {
          return new Sight.Gone();
        }
      } else if (event instanceof Event.Ended ended) {
        if (!(sight instanceof Sight.Unchanged)) {
          events.add(ended); // the news first: the end may be a failure to report
          return sight;
        }
        stopWatching();
        watchEnded(ended.cause());
      }
    }
    return sight;
  }

  private void watchEnded(@Nullable ApiException cause) throws ApiException {
    if (cause == null) {
      plan(Next.WATCH, pace());
    } else if (cause.status() == 403 || cause.status() == 405) {
      mayWatch = false;
      LOG.log(
          System.Logger.Level.INFO,
          () -> latest.object() + " cannot be watched and is polled: " + cause.getMessage());
      plan(Next.READ, pollInterval());
    } else if (cause.status() == 410) {
      resumeAt = null;
      plan(Next.READ, pace());
    } else if (cause.status() == 0) {
      brokenWatches++;
      plan(Next.READ, pace());
    } else {
      plan(Next.READ, Duration.ZERO);
      throw cause; // the caller waits as long as it asks for
    }
  }

  private Sight read() throws ApiException, InterruptedException {
    lastRequest = clock.instant();
    Csr csr;
    try {
      csr = api.get(latest.name());
    } catch (ApiException e) {
      if (e.saysObjectIsMissing()) {
        return new Sight.Gone();
      }
      if (e.status() == 403 && mayWatch) {
        resumeAt = null; // a watch that starts from nowhere reports the present state first
        plan(Next.WATCH, pace());
        return new Sight.Unchanged();
      }
      // The caller waits, and its next call reads again: no answer may look like one.
      plan(Next.READ, Duration.ZERO);
      throw e;
    }
    boolean fromNow = resumeAt == null;
    Sight sight = see(csr);
    if (mayWatch) {
      resumeAt = fromNow ? null : csr.resourceVersion();
      plan(Next.WATCH, pace());
    } else {
      plan(Next.READ, pollInterval());
    }
    return sight;
  }

  private Sight startWatching() {
    lastRequest = clock.instant();
    Queue<Event> heard = new ConcurrentLinkedQueue<>();
    Consumer<Event> listener =
        event -> {
          heard.add(event);
          wakeUp.run();
        };
    events = heard;
    watch = api.watch(latest.name(), resumeAt, (int) watchFor.toSeconds(), listener);
    next = Next.NOTHING;
    return new Sight.Unchanged();
  }

  private Sight see(Csr csr) {
    latest = csr;
    if (CsrOutcome.stage(csr) != stage) {
      stage = CsrOutcome.stage(csr);
      stageSince = clock.instant();
    }
    return new Sight.Present(csr);
  }

  private void plan(Next step, Duration after) {
    next = step;
    due = after;
  }

  /** One second between two requests, more after watches that broke; pods differ by jitter. */
  private Duration pace() {
    Duration pace = PACE.multipliedBy(1L << Math.min(Math.max(brokenWatches - 1, 0), 5));
    Duration bounded = pace.compareTo(SLOWEST_PACE) < 0 ? pace : SLOWEST_PACE;
    return bounded.plus(bounded.multipliedBy(random.nextInt(50)).dividedBy(100));
  }

  /**
   * Grows with the time the request has spent in its stage: at most 20 reads in the first 500 s.
   */
  private Duration pollInterval() {
    Duration grown = elapsed(stageSince).multipliedBy((long) (POLL_GROWTH * 100)).dividedBy(100);
    Duration atLeast = grown.compareTo(SHORTEST_POLL) < 0 ? SHORTEST_POLL : grown;
    Duration interval = atLeast.compareTo(LONGEST_POLL) > 0 ? LONGEST_POLL : atLeast;
    return interval.plus(interval.multipliedBy(random.nextInt(10)).dividedBy(100));
  }

  private Duration untilDue() {
    return due.minus(elapsed(lastRequest));
  }

  /** The time since then; after the clock was set back, as long as it takes to act now. */
  private Duration elapsed(Instant then) {
    Duration elapsed = Duration.between(then, clock.instant());
    return elapsed.isNegative() ? suspectAfter.plus(LONGEST_POLL) : elapsed;
  }

  private void stopWatching() {
    AutoCloseable open = watch;
    watch = null;
    events = new ConcurrentLinkedQueue<>();
    if (open != null) {
      try {
        open.close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.DEBUG, () -> "a watch did not close in good order", e);
      }
    }
  }

  @Override
  public void close() {
    stopWatching();
    next = Next.NOTHING;
  }
}
