package io.podtls.signing;

import io.podtls.identity.PendingIdentity;

/**
 * The port to the side that gets requests signed.
 *
 * <p>An implementation takes steps and never waits: its caller decides on threads, backoff and
 * deadlines, so the same code runs under a real clock and a virtual one.
 *
 * <p><b>Thread safety:</b> implementations are safe for use by many attempts at once; one {@link
 * Attempt} is used by one thread at a time.
 */
public interface CertificateSigner extends AutoCloseable {

  /**
   * Starts an attempt. Does no I/O.
   *
   * @param pending the key's request; the attempt submits it once, however often it has to retry
   * @param wakeUp called, from any thread, when {@link Attempt#advance()} is likely to see a
   *     change; cheap and never blocking
   * @return the attempt, which has not taken a step yet
   */
  Attempt begin(PendingIdentity pending, Runnable wakeUp);

  /**
   * Gets ready for the first attempt as far as that needs no network. A bootstrap calls it on its
   * caller's thread, which has nothing else to do while the key is made on another; what it throws
   * is ignored. Does nothing by default.
   */
  default void prepare() {}

  /** Closes what the signer made itself, never what it was lent. */
  @Override
  default void close() {}

  /** One request on its way. */
  interface Attempt extends AutoCloseable {

    /**
     * Takes the next step, at most a few API calls, and returns how the request stands.
     *
     * <p>After {@link io.podtls.failure.SignerUnavailableException} the same step is tried again by
     * the next call; nothing is submitted twice.
     *
     * @return the outcome; {@link SigningOutcome.Pending} says when to look again without a wake-up
     * @throws io.podtls.failure.SignerUnavailableException when the signer's side cannot be asked
     * @throws InterruptedException when the calling thread is interrupted while it asks
     */
    SigningOutcome advance() throws InterruptedException;

    /** Stops watching; the submitted request stays where it is. Returns at once. */
    @Override
    void close();
  }
}
