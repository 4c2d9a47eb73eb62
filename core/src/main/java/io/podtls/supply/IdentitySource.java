package io.podtls.supply;

import java.time.Duration;

/**
 * Where a running handle's identities come from. It offers each one to its {@link IdentitySink}.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public interface IdentitySource {

  /** The first identity is wanted; the sink has trust to verify it against. */
  void start();

  /** Called each second or so, and at once after a suspension: looks at the wall clock. */
  void tick();

  /** What the sink verifies against has changed: something turned down may be right now. */
  default void trustChanged() {}

  /** The current identity loses its anchor: a new one is wanted within this time. */
  default void replaceWithin(Duration spread) {}

  /** Stops. Returns at once. */
  void close();
}
