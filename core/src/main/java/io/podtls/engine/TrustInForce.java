package io.podtls.engine;

import io.podtls.identity.TlsIdentity;
import io.podtls.rotation.Generation;
import io.podtls.rotation.Rotation;
import io.podtls.schedule.TaskQueue;
import io.podtls.trust.TrustBundle;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Puts a changed trust bundle in force. Here a withdrawn CA takes effect: {@link Rotation#activate}
 * makes a new {@link Generation} with the new bundle and with TLS sessions of its own, so that
 * neither a new handshake nor a resumed session relies on the CA.
 *
 * <p>The exception is an anchor that this handle's own certificate needs: it stays in force for 15
 * minutes after its removal from the bundle, so that the certificate can be replaced first.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
final class TrustInForce {

  private static final Duration OVERLAP = Duration.ofMinutes(15);

  private final TaskQueue queue;
  private final InstantSource clock;
  private final Rotation rotation;
  private final Supplier<TrustBundle> wanted;
  private final Consumer<TrustBundle> activation;
  private final Runnable replacement;
  private TaskQueue.@Nullable Entry change;
  private TaskQueue.@Nullable Entry overlap;
  private boolean overlapOver;

  /**
   * @param wanted the bundle as it was last read
   * @param activation makes a generation of the current identity and a bundle
   * @param replacement requests a certificate that the wanted bundle verifies
   */
  TrustInForce(
      TaskQueue queue,
      InstantSource clock,
      Rotation rotation,
      Supplier<TrustBundle> wanted,
      Consumer<TrustBundle> activation,
      Runnable replacement) {
    this.queue = queue;
    this.clock = clock;
    this.rotation = rotation;
    this.wanted = wanted;
    this.activation = activation;
    this.replacement = replacement;
  }

  /** Puts the wanted bundle in force, and beside it an anchor that the identity still needs. */
  void update() {
    if (change != null) {
      change.cancel();
    }
    change = queue.now(this::put);
  }

  private void put() {
    Optional<Generation> before = rotation.inUse();
    TrustBundle target = before.flatMap(this::ownAnchor).map(this::keeping).orElseGet(wanted);
    if (before.filter(generation -> generation.trust().equals(target)).isEmpty()) {
      activation.accept(target);
    }
  }

  /** Returns the anchor in force that the identity needs and that the wanted bundle lacks. */
  private Optional<X509Certificate> ownAnchor(Generation current) {
    return current.identity().flatMap(identity -> ownAnchor(identity, current.trust()));
  }

  private Optional<X509Certificate> ownAnchor(TlsIdentity identity, TrustBundle inForce) {
    Instant now = clock.instant();
    if (identity.anchorIn(wanted.get(), now).isPresent()) {
      endOverlap();
      return Optional.empty();
    }
    return overlapOver || now.isAfter(identity.notAfter())
        ? Optional.empty()
        : identity.anchorIn(inForce, now);
  }

  private TrustBundle keeping(X509Certificate anchor) {
    if (overlap == null) {
      overlap =
          queue.after(
              OVERLAP,
              () -> {
                overlapOver = true;
                update();
              });
      replacement.run();
    }
    return wanted.get().union(TrustBundle.of(List.of(anchor)));
  }

  /** The wanted bundle is in force, with an identity that needs no other anchor. */
  void reached() {
    if (change != null) {
      change.cancel();
    }
    endOverlap();
  }

  private void endOverlap() {
    overlapOver = false;
    if (overlap != null) {
      overlap.cancel();
      overlap = null;
    }
  }
}
