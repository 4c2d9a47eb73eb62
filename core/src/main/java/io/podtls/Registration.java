package io.podtls;

/**
 * A listener's registration at a handle.
 *
 * <p><b>Thread safety:</b> safe for use by several threads.
 */
public interface Registration extends AutoCloseable {

  /** Ends the registration; a call in progress completes. Idempotent, throws nothing. */
  @Override
  void close();
}
