package io.podtls.engine;

import io.podtls.identity.TlsIdentity;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Raises the alarm when an identity is about to expire, with a tenth of its usable life left, and
 * when it has expired; each once. The notAfter is the last valid instant (RFC 5280 4.1.2.5).
 *
 * <p><b>Thread safety:</b> not safe; used by one thread at a time.
 */
final class ExpiryWatch {

  private static final int TENTH = 10;

  private final Events events;
  private @Nullable TlsIdentity identity;
  private Instant alarm = Instant.MAX;
  private boolean alarmed;
  private boolean expired;

  ExpiryWatch(Events events) {
    this.events = events;
  }

  /** Watches this identity from now on, and no other. */
  void watch(TlsIdentity current, Instant received) {
    identity = current;
    alarm =
        current.notAfter().minus(Duration.between(received, current.notAfter()).dividedBy(TENTH));
    alarmed = false;
    expired = false;
  }

  /** Looks at the wall clock. */
  void check(Instant now) {
    if (identity == null || expired) {
      return;
    }
    if (now.isAfter(identity.notAfter())) {
      expired = true;
      events.expired(identity);
    } else if (!alarmed && !now.isBefore(alarm)) {
      alarmed = true;
      events.nearExpiry(identity, Duration.between(now, identity.notAfter()));
    }
  }
}
