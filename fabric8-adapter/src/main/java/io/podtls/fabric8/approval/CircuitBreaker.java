package io.podtls.fabric8.approval;

/** Open while more requests are pending than a cluster in order has. */
final class CircuitBreaker {

  private final int limit;
  private final Announcer announcer;
  private final Runnable onClosing;
  private boolean open;

  /**
   * A closed one.
   *
   * @param limit how many requests may be pending
   * @param onClosing called each time when there are few enough again
   */
  CircuitBreaker(int limit, Announcer announcer, Runnable onClosing) {
    this.limit = limit;
    this.announcer = announcer;
    this.onClosing = onClosing;
  }

  /** Whether nothing is to be decided. */
  synchronized boolean isOpen() {
    return open;
  }

  /** Takes note of how many requests are pending, and says whether nothing is to be decided now. */
  boolean isOpenAt(int pending) {
    boolean now = pending > limit;
    synchronized (this) {
      if (now == open) {
        return now;
      }
      open = now;
    }
    if (now) {
      announcer.paused(pending);
    } else {
      announcer.resumed(pending);
      onClosing.run();
    }
    return now;
  }
}
