package io.podtls;

import io.podtls.engine.Events;
import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.PeerNames;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome.Pending;
import io.podtls.signing.SigningOutcome.Stage;
import io.podtls.trust.TrustBundle;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reports what happens to the listener, the log and the flight recorder, whose failures it catches.
 *
 * <p><b>Thread safety:</b> listeners come and go from any thread; events are reported by one thread
 * at a time.
 */
final class Announcer implements Events {

  private static final Logger LOG = System.getLogger("io.podtls");

  private final List<Entry> listeners = new CopyOnWriteArrayList<>();
  private @Nullable Pending announced;

  /** One registration of a listener, which may have several. */
  private final class Entry implements PodTlsListener.Registration {
    private final PodTlsListener listener;

    Entry(PodTlsListener listener) {
      this.listener = listener;
    }

    @Override
    public void close() {
      listeners.remove(this);
    }
  }

  PodTlsListener.Registration add(PodTlsListener listener) {
    Entry entry = new Entry(listener);
    listeners.add(entry);
    return entry;
  }

  @Override
  public void requested(CertificateRequest request) {
    LOG.log(Level.DEBUG, () -> "requesting a certificate from " + request.signerName());
    record(() -> FlightRecord.requested(request));
    notifyListeners(one -> one.requested(request));
  }

  @Override
  public void pending(Pending pending) {
    boolean again =
        announced != null
            && announced.object().equals(pending.object())
            && announced.stage() == pending.stage();
    announced = pending;
    LOG.log(
        again ? Level.INFO : Level.DEBUG, // most requests do not wait for long
        () ->
            pending.object()
                + (pending.stage() == Stage.AWAITING_APPROVAL
                    ? " awaits approval since "
                    : " is approved and awaits its certificate since ")
                + pending.since()
                + "; to go on: "
                + pending.advice());
    record(() -> FlightRecord.pending(pending));
    notifyListeners(one -> one.pending(pending));
  }

  @Override
  public void issued(TlsIdentity identity, Optional<Instant> nextRenewal) {
    LOG.log(Level.INFO, () -> "issued: " + describe(identity, nextRenewal));
    record(() -> FlightRecord.issued(identity, nextRenewal));
    notifyListeners(one -> one.issued(identity, nextRenewal));
  }

  @Override
  public void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {
    LOG.log(Level.INFO, () -> "renewed: " + describe(current, nextRenewal));
    record(() -> FlightRecord.renewed(previous, current, nextRenewal));
    notifyListeners(one -> one.renewed(previous, current, nextRenewal));
  }

  @Override
  public void failed(PodTlsException failure, Instant nextAttempt) {
    LOG.log(Level.WARNING, () -> failure.getMessage() + "; next attempt at " + nextAttempt);
    record(() -> FlightRecord.failed(failure, Optional.of(nextAttempt)));
    notifyListeners(one -> one.failed(failure, nextAttempt));
  }

  @Override
  public void stopped(PodTlsException failure, Instant now) {
    LOG.log(Level.ERROR, failure::getMessage, failure);
    record(() -> FlightRecord.failed(failure, Optional.empty()));
    notifyListeners(one -> one.failed(failure, now));
  }

  @Override
  public void trustChanged(TrustBundle previous, TrustBundle current) {
    LOG.log(
        Level.INFO,
        () ->
            "trust changed: "
                + previous.certificates().size()
                + " certificates before, "
                + current.certificates().size()
                + " now");
    record(() -> FlightRecord.trustChanged(previous, current));
    notifyListeners(one -> one.trustChanged(previous, current));
  }

  @Override
  public void nearExpiry(TlsIdentity identity, Duration left) {
    LOG.log(
        Level.WARNING,
        () -> identity + " expires in " + left.toSeconds() + " s and is not renewed yet");
    notifyListeners(one -> one.nearExpiry(identity, left));
  }

  @Override
  public void expired(TlsIdentity identity) {
    LOG.log(Level.ERROR, () -> identity + " has expired");
    notifyListeners(one -> one.expired(identity));
  }

  @Override
  public void peerRefused(PeerNames names, String reason) {
    notifyListeners(one -> one.peerRefused(names, reason));
  }

  @Override
  public void closed() {
    LOG.log(Level.DEBUG, () -> "closed");
    notifyListeners(PodTlsListener::closed);
  }

  private static void record(Runnable event) {
    guarded(
        "the flight recorder",
        () -> {
          if (FlightRecord.isRunning()) {
            event.run();
          }
        });
  }

  private void notifyListeners(Consumer<PodTlsListener> event) {
    for (Entry entry : listeners) {
      guarded("a listener", () -> event.accept(entry.listener));
    }
  }

  private static void guarded(String receiver, Runnable report) {
    try {
      report.run();
    } catch (RuntimeException | Error e) {
      LOG.log(Level.WARNING, () -> receiver + " failed", e);
    }
  }

  private static String describe(TlsIdentity identity, Optional<Instant> nextRenewal) {
    BigInteger serial = identity.leaf().getSerialNumber();
    return "serial "
        + serial.toString(16)
        + ", valid until "
        + identity.notAfter()
        + nextRenewal
            .map(at -> ", next renewal " + at)
            .orElse(", renewed by what writes the files");
  }
}
