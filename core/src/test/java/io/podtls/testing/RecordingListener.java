package io.podtls.testing;

import io.podtls.PodTlsListener;
import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.PeerNames;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome;
import io.podtls.trust.TrustBundle;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps all events, in order. */
public final class RecordingListener implements PodTlsListener {

  /** Something that happened. */
  public sealed interface Event {}

  public record Requested(CertificateRequest request) implements Event {}

  public record Pending(SigningOutcome.Pending pending) implements Event {}

  public record Issued(TlsIdentity identity, Optional<Instant> nextRenewal) implements Event {}

  public record Renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal)
      implements Event {}

  public record Failed(PodTlsException failure, Instant nextAttempt) implements Event {}

  public record TrustChanged(TrustBundle previous, TrustBundle current) implements Event {}

  public record NearExpiry(TlsIdentity identity, Duration left) implements Event {}

  public record Expired(TlsIdentity identity) implements Event {}

  public record PeerRefused(PeerNames names, String reason) implements Event {}

  public record Closed() implements Event {}

  private final List<Event> events = new CopyOnWriteArrayList<>();

  /** Everything heard, in order. */
  public List<Event> events() {
    return List.copyOf(events);
  }

  /** Everything of one kind, in order. */
  public <E extends Event> List<E> all(Class<E> kind) {
    return events.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** The last failure heard of. */
  public PodTlsException lastFailure() {
    return last(Failed.class).failure();
  }

  /** The last event of one kind. */
  public <E extends Event> E last(Class<E> kind) {
    List<E> heard = all(kind);
    if (heard.isEmpty()) {
      throw new AssertionError("heard no " + kind.getSimpleName() + " but " + events);
    }
    return heard.get(heard.size() - 1);
  }

  /** Waits until something of this kind is heard; the test's timeout ends it. */
  public void await(Class<? extends Event> kind) {
    synchronized (events) {
      while (all(kind).isEmpty()) {
        try {
          events.wait();
        } catch (InterruptedException e) {
          throw new AssertionError("heard no " + kind.getSimpleName() + " but " + events, e);
        }
      }
    }
  }

  @Override
  public void peerRefused(PeerNames names, String reason) {
    events.add(new PeerRefused(names, reason));
  }

  @Override
  public void closed() {
    hear(new Closed());
  }

  private void hear(Event event) {
    synchronized (events) {
      events.add(event);
      events.notifyAll();
    }
  }

  public void forget() {
    events.clear();
  }

  @Override
  public void requested(CertificateRequest request) {
    hear(new Requested(request));
  }

  @Override
  public void pending(SigningOutcome.Pending pending) {
    hear(new Pending(pending));
  }

  @Override
  public void issued(TlsIdentity identity, Optional<Instant> nextRenewal) {
    hear(new Issued(identity, nextRenewal));
  }

  @Override
  public void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {
    hear(new Renewed(previous, current, nextRenewal));
  }

  @Override
  public void failed(PodTlsException failure, Instant nextAttempt) {
    hear(new Failed(failure, nextAttempt));
  }

  @Override
  public void trustChanged(TrustBundle previous, TrustBundle current) {
    hear(new TrustChanged(previous, current));
  }

  @Override
  public void nearExpiry(TlsIdentity identity, Duration left) {
    hear(new NearExpiry(identity, left));
  }

  @Override
  public void expired(TlsIdentity identity) {
    hear(new Expired(identity));
  }
}
