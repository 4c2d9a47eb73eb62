package io.podtls.fabric8.approval;

/**
 * Announces when too many requests are pending and when no more.
 *
 * <p>Thread safety: safe for use by many threads.
 */
final class CircuitBreaker {

  private final Announcer announcer;
  private boolean open;

  CircuitBreaker(Announcer announcer) {
    this.announcer = announcer;
  }

  /** Takes note of whether too many requests are pending. */
  void update(boolean tooMany, int pending) {
    synchronized (this) {
      if (tooMany == open) {
        return;
      }
      open = tooMany;
    }
    if (tooMany) {
      announcer.paused(pending);
    } else {
      announcer.resumed(pending);
    }
  }
}
