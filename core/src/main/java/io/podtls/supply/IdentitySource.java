package io.podtls.supply;

import java.time.Duration;

/**
 * Source of a running handle's identities. It offers each one to its {@link IdentitySink}.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public interface IdentitySource {

  /** Supplies the first identity; the sink has trust to verify it against. */
  void start();

  /** Looks at the wall clock; called every second or so, and at once after a suspension. */
  void tick();

  /** Tries again what was turned down, because the sink verifies against another bundle now. */
  default void trustChanged() {}

  /** Replaces the current identity, which loses its anchor, within this time. */
  default void replaceWithin(Duration spread) {}

  /** Stops. Returns at once. */
  void close();
}
