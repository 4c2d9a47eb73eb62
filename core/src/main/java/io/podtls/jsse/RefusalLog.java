package io.podtls.jsse;

import static java.util.Objects.requireNonNull;

import io.podtls.peer.PeerNames;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Reports peers that are not let in: each one once per minute, at most 20 of them per minute. A
 * refused client may come back a thousand times per second.
 *
 * <p><b>Thread safety:</b> safe for use by any number of handshakes.
 */
public final class RefusalLog {

  private static final Logger LOG = System.getLogger("io.podtls");
  private static final int MOST_PER_PERIOD = 20;
  private static final Duration PERIOD = Duration.ofMinutes(1);

  private final InstantSource clock;
  private final BiConsumer<PeerNames, String> listener;
  private final Set<String> reported = new HashSet<>();
  private Instant start = Instant.MIN;
  private long unreported;

  /**
   * @param clock measures the periods
   * @param listener called with the names and the reason of each refusal that is logged, by the
   *     thread of its handshake
   */
  public RefusalLog(InstantSource clock, BiConsumer<PeerNames, String> listener) {
    this.clock = requireNonNull(clock, "clock");
    this.listener = requireNonNull(listener, "listener");
  }

  void report(PeerNames names, String reason, String sentence) {
    long others;
    synchronized (this) {
      Instant now = clock.instant();
      if (now.isBefore(start) || !now.isBefore(start.plus(PERIOD))) {
        start = now;
        reported.clear();
      }
      if (reported.size() == MOST_PER_PERIOD || !reported.add(sentence)) {
        unreported++;
        return;
      }
      others = unreported;
      unreported = 0;
    }
    LOG.log(
        Level.WARNING,
        () -> sentence + (others == 0 ? "" : "; refusals before that were not logged: " + others));
    listener.accept(names, reason);
  }
}
