package io.podtls.supply;

import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.failure.CertificateDeniedException;
import io.podtls.failure.CertificateFailedException;
import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.identity.PendingIdentity;
import io.podtls.identity.TlsIdentity;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.request.CertificateRequest;
import io.podtls.schedule.TaskQueue;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import io.podtls.signing.SigningOutcome.Denied;
import io.podtls.signing.SigningOutcome.Failed;
import io.podtls.signing.SigningOutcome.Issued;
import io.podtls.signing.SigningOutcome.Pending;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.Provider;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Requests identities from a signer: the first at start, each next one at its renewal time. At most
 * one request is in flight. Each request has a new key, unless a kept request is resumed. {@link
 * RenewalTimer} waits for the renewal time, {@link RequestInFlight} for the outcome of a request.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public final class RequestedIdentity implements IdentitySource {

  private static final Logger LOG = System.getLogger("io.podtls");

  /** A notBefore further ahead than this is not waited for. */
  private static final Duration FURTHEST_AHEAD = Duration.ofHours(1);

  /**
   * What is requested, and from which signer.
   *
   * @param provider makes and uses the keys; the JDK's own providers if empty
   */
  public record Order(
      CertificateRequest request,
      CertificateSigner signer,
      Optional<Provider> provider,
      RenewalPolicy policy) {

    PendingIdentity generate() {
      return provider
          .map(given -> PendingIdentity.generate(request, given))
          .orElseGet(() -> PendingIdentity.generate(request));
    }
  }

  /**
   * An issued certificate that is not usable yet: its notBefore is ahead, or the trust bundle lacks
   * its CA.
   */
  private record Held(PendingIdentity pending, List<X509Certificate> chain, Instant from) {}

  private final Order order;
  private final Optional<IdentityStore> store;
  private final TaskQueue queue;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final RequestSpacing spacing;
  private final RenewalTimer renewal;
  private final IdentitySink sink;
  private @Nullable RequestInFlight inFlight;
  private @Nullable Held held;
  private TaskQueue.@Nullable Entry pause;
  private boolean retriedForKeyMismatch;
  private Optional<PendingIdentity> resumable = Optional.empty();

  public RequestedIdentity(
      Order order,
      Optional<IdentityStore> store,
      TaskQueue queue,
      InstantSource clock,
      RandomGenerator random,
      IdentitySink sink) {
    this.order = order;
    this.store = store;
    this.queue = queue;
    this.clock = clock;
    this.random = random;
    this.spacing = new RequestSpacing(random);
    this.renewal = new RenewalTimer(queue, clock, random, this::request);
    this.sink = sink;
  }

  @Override
  public void start() {
    if (store.isEmpty()) {
      request();
      return;
    }
    boolean serving = restored(store.get());
    resumable = store.get().pending();
    if (!serving) {
      request();
    }
  }

  private boolean restored(IdentityStore kept) {
    return kept.load(sink.trust(), clock.instant())
        .filter(
            found -> {
              Instant planned = order.policy.renewalTime(found.identity(), found.received());
              try {
                sink.accept(found.identity(), found.received(), Optional.of(planned));
              } catch (RuntimeException | Error e) {
                LOG.log(Level.INFO, () -> "the kept identity is not used: " + e);
                return false;
              }
              renewal.plan(planned);
              return true;
            })
        .isPresent();
  }

  @Override
  public void tick() {
    if (held != null && pause == null && !clock.instant().isBefore(held.from)) {
      Held waited = held;
      held = null;
      issued(waited.pending, waited.chain);
    } else {
      renewal.tick();
    }
  }

  @Override
  public void trustChanged() {
    if (held != null && pause != null && passes(held)) {
      issued(held.pending, held.chain);
    }
  }

  private boolean passes(Held certificate) {
    try {
      certificate.pending.complete(certificate.chain, sink.trust(), clock.instant());
      return true;
    } catch (RuntimeException | Error e) {
      return false;
    }
  }

  @Override
  public void replaceWithin(Duration spread) {
    renewal.replaceWithin(spread);
  }

  @Override
  public void close() {
    renewal.cancel();
    held = null;
    if (pause != null) {
      pause.cancel();
      pause = null;
    }
    if (inFlight != null) {
      inFlight.close();
      inFlight = null;
    }
  }

  private void request() {
    close();
    try {
      PendingIdentity pending = resumable.orElseGet(order::generate);
      resumable = Optional.empty();
      store.ifPresent(kept -> kept.keep(pending));
      inFlight =
          new RequestInFlight(
              pending,
              order.signer,
              queue,
              clock,
              random,
              sink,
              outcome -> decided(pending, outcome));
    } catch (RuntimeException | Error e) {
      refused(e, spacing.afterInvalid());
      return;
    }
    inFlight.start();
  }

  private void decided(PendingIdentity pending, SigningOutcome outcome) {
    inFlight = null;
    if (outcome instanceof Issued issued) {
      issued(pending, issued.chain());
    } else if (outcome instanceof Denied denied) {
      refused(
          new CertificateDeniedException(denied.object(), denied.reason(), denied.message()),
          spacing.afterDenial());
    } else if (outcome instanceof Failed failed) {
      refused(
          new CertificateFailedException(failed.object(), failed.reason(), failed.message()),
          spacing.afterFailure());
    } else if (outcome instanceof Pending) {
      throw new IllegalArgumentException("a pending request is not decided");
    }
  }

  private void issued(PendingIdentity pending, List<X509Certificate> chain) {
    Instant now = clock.instant();
    Instant next;
    TlsIdentity identity;
    try {
      identity = pending.complete(chain, sink.trust(), now);
      next = order.policy.renewalTime(identity, now);
      sink.accept(identity, now, Optional.of(next));
    } catch (InvalidCertificateException e) {
      unusable(e, pending, chain, now);
      return;
    } catch (RuntimeException | Error e) {
      refused(e, spacing.afterInvalid());
      return;
    }
    close();
    spacing.reset();
    retriedForKeyMismatch = false;
    renewal.plan(next);
    store.ifPresent(kept -> kept.keep(identity, now));
  }

  private void unusable(
      InvalidCertificateException failure,
      PendingIdentity pending,
      List<X509Certificate> chain,
      Instant now) {
    Instant notBefore =
        chain.stream()
            .filter(one -> one.getPublicKey().equals(pending.publicKey()))
            .map(leaf -> leaf.getNotBefore().toInstant())
            .findFirst()
            .orElse(Instant.MIN);
    if (only(Rule.VALIDITY, failure)
        && notBefore.isAfter(now)
        && notBefore.isBefore(now.plus(FURTHEST_AHEAD))) {
      held = new Held(pending, chain, notBefore);
      sink.observed(
          Phase.AWAITING_ISSUANCE,
          "the certificate is not valid before " + notBefore + "; the local clock says " + now);
      sink.delayed(failure, notBefore);
    } else if (!retriedForKeyMismatch
        && failure.violations().stream().anyMatch(broken -> broken.rule() == Rule.KEY_MATCH)) {
      // The certificate is for another key, probably another request's. Request once more; a second
      // mismatch counts as a failure.
      retriedForKeyMismatch = true;
      sink.delayed(failure, now);
      request();
    } else {
      store.ifPresent(IdentityStore::forgetPending);
      refused(failure, spacing.afterInvalid());
      if (only(Rule.PEER_TRUST, failure)) {
        // The signer may already use a CA that the bundle does not hold yet: keep the certificate
        // and check it against the next bundle.
        held = new Held(pending, chain, now);
      }
    }
  }

  private static boolean only(Rule rule, InvalidCertificateException failure) {
    return failure.violations().stream().allMatch(broken -> broken.rule() == rule);
  }

  private void refused(Throwable failure, Duration wait) {
    close();
    pause =
        queue.after(
            wait,
            () -> {
              pause = null;
              request();
            });
    sink.refused(failure, clock.instant().plus(wait));
  }
}
