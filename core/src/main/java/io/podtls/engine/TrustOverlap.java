package io.podtls.engine;

import io.podtls.identity.TlsIdentity;
import io.podtls.rotation.Generation;
import io.podtls.schedule.TaskQueue;
import io.podtls.trust.TrustBundle;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The time for which an anchor that this handle's certificate needs outlives its removal from the
 * trust bundle, so that the certificate can be replaced first.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
final class TrustOverlap {

  private static final Duration LENGTH = Duration.ofMinutes(15);

  private final TaskQueue queue;
  private TaskQueue.@Nullable Entry timer;
  private boolean over;

  TrustOverlap(TaskQueue queue) {
    this.queue = queue;
  }

  /** Returns the anchor that stays in force beside the wanted bundle, which lacks it. */
  Optional<X509Certificate> anchor(Generation current, TrustBundle wanted, Instant now) {
    return current.identity().flatMap(identity -> anchor(identity, current.trust(), wanted, now));
  }

  private Optional<X509Certificate> anchor(
      TlsIdentity identity, TrustBundle inForce, TrustBundle wanted, Instant now) {
    if (identity.anchorIn(wanted, now).isPresent()) {
      end();
      return Optional.empty();
    }
    return over || now.isAfter(identity.notAfter())
        ? Optional.empty()
        : identity.anchorIn(inForce, now);
  }

  /** Returns the wanted bundle with that anchor. */
  static TrustBundle with(X509Certificate anchor, TrustBundle wanted) {
    return wanted.union(TrustBundle.of(List.of(anchor)));
  }

  /** Starts the time, if it does not run yet. */
  boolean begin(Runnable ended) {
    if (timer != null) {
      return false;
    }
    timer =
        queue.after(
            LENGTH,
            () -> {
              over = true;
              ended.run();
            });
    return true;
  }

  /** Ends the time: the certificate has been replaced, or its anchor is back. */
  void end() {
    over = false;
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }
}
