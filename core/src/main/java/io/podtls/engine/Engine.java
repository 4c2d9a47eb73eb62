package io.podtls.engine;

import io.podtls.engine.Failures.Concern;
import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.failure.PodTlsException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.Peers;
import io.podtls.request.CertificateRequest;
import io.podtls.rotation.Generation;
import io.podtls.rotation.Rotation;
import io.podtls.schedule.TaskQueue;
import io.podtls.signing.SigningOutcome.Pending;
import io.podtls.supply.IdentitySink;
import io.podtls.supply.IdentitySource;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Coordinator of a handle: takes identities from their source and trust from its own, makes
 * generations of them, and reports what happens. All of its work is tasks of one queue.
 *
 * <p>From a changed file to a handshake: {@code MountedIdentity} reads a certificate and passes it
 * to {@link #accept}; {@link TrustFollower} reads a bundle from its source, such as {@code
 * PemFileSource}, and passes it to {@link #read} and so to {@link TrustInForce}. Both end in {@link
 * Rotation#activate}, which makes a new {@link Generation}. {@code RotatingContext} makes the next
 * engines and sockets with it.
 *
 * <p><b>Thread safety:</b> {@link #start}, {@link #close} and what the status needs are safe from
 * any thread; the rest is called by tasks of the queue only.
 */
public final class Engine implements IdentitySink, TrustFollower.Reader, TaskQueue.Supervisor {

  /** The longest sleep: the monotonic clock of a suspended machine stands still. */
  private static final Duration TICK = Duration.ofSeconds(1);

  /** The time over which a fleet that loses an anchor at once spreads its requests. */
  private static final Duration SPREAD = Duration.ofMinutes(1);

  private final TaskQueue queue;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Events events;
  private final Rotation rotation;
  private final TrustBundleSource trustSource;
  private final Optional<PublishedFiles> publication;
  private final Function<IdentitySink, Optional<IdentitySource>> supply;
  private final ExpiryWatch expiry;
  private final TrustInForce trustInForce;
  private final Readiness ready;
  private final AtomicBoolean stopReported = new AtomicBoolean();

  private final Failures failures;
  private volatile Optional<Instant> nextRenewal = Optional.empty();
  private volatile Optional<Pending> pending = Optional.empty();
  private volatile boolean closing;

  private Optional<IdentitySource> identities = Optional.empty();
  private @Nullable TrustFollower follower;
  private @Nullable TrustBundle wanted;

  /**
   * Makes an engine that does nothing before {@link #start}.
   *
   * @param peers who may be at the other end of a connection
   * @param supply makes the source of identities, if the handle has one
   */
  public Engine(
      TaskQueue queue,
      InstantSource clock,
      RandomGenerator random,
      Events events,
      TrustBundleSource trustSource,
      Peers peers,
      Optional<PublishedFiles> publication,
      Function<IdentitySink, Optional<IdentitySource>> supply) {
    this.queue = queue;
    this.clock = clock;
    this.random = random;
    this.events = events;
    this.rotation =
        new Rotation(
            clock, peers, (names, reason) -> queue.soon(() -> events.peerRefused(names, reason)));
    this.trustSource = trustSource;
    this.publication = publication;
    this.supply = supply;
    this.expiry = new ExpiryWatch(events);
    this.failures = new Failures(queue);
    this.trustInForce =
        new TrustInForce(
            queue, clock, rotation, this::trust, this::activate, this::replaceIdentity);
    this.ready = new Readiness(queue, "reading the trust bundle " + trustSource.description());
  }

  /** Returns the generations, and the context that follows them. */
  public Rotation rotation() {
    return rotation;
  }

  /** Returns the wall clock. */
  public InstantSource clock() {
    return clock;
  }

  /** Returns when the next request or the next try goes out, empty while none is planned. */
  public Optional<Instant> nextRenewal() {
    return closing || queue.stopped().isPresent() ? Optional.empty() : nextRenewal;
  }

  /** Returns the request in flight as it was last seen waiting. */
  public Optional<Pending> pending() {
    return closing ? Optional.empty() : pending;
  }

  /** Returns the last failure since the last success of the same kind. */
  public Optional<PodTlsException> lastFailure() {
    return failures.last();
  }

  /** Starts the work; returns at once. */
  public void start() {
    queue.supervisedBy(this);
    rotation.beforeTheFirst(() -> "this PodTls is not ready: " + ready.awaited());
    follower = new TrustFollower(trustSource, queue, random, this);
    identities = supply.apply(this);
    queue.soon(follower::start);
    queue.every(TICK, () -> expiry.check(clock.instant()));
  }

  /** Returns the wait for the first generation. */
  public Readiness ready() {
    return ready;
  }

  /** Ends everything; returns within a tenth of a second. */
  public void close() {
    close("this PodTls is closed: no new TLS handshakes");
  }

  private void close(String reason) {
    closing = true;
    rotation.close(reason);
    ready.fail(new IllegalStateException("this PodTls is closed"));
    queue.close(
        () -> {
          if (follower != null) {
            follower.close();
          }
          identities.ifPresent(IdentitySource::close);
          events.closed();
        });
  }

  // ------------------------------------------------------------------ identities

  @Override
  public Duration longestPause() {
    return ready.longestPause();
  }

  @Override
  public TrustBundle trust() {
    if (wanted == null) {
      throw new IllegalStateException("an identity before there is trust");
    }
    return wanted;
  }

  @Override
  public Optional<TlsIdentity> current() {
    return rotation.inUse().flatMap(Generation::identity);
  }

  @Override
  public void accept(TlsIdentity next, Instant received, Optional<Instant> renewal) {
    Optional<TlsIdentity> previous = current();
    Optional<TrustBundle> before = rotation.inUse().map(Generation::trust);
    TrustBundle bundle = trust();
    activate(Optional.of(next), bundle);
    trustInForce.reached();
    expiry.watch(next, received);
    failures.clear(Concern.IDENTITY);
    pending = Optional.empty();
    nextRenewal = renewal;
    previous.ifPresentOrElse(
        old -> events.renewed(old, next, renewal), () -> events.issued(next, renewal));
    before.filter(old -> !old.equals(bundle)).ifPresent(old -> events.trustChanged(old, bundle));
    becomeReady();
  }

  @Override
  public void requested(CertificateRequest request) {
    nextRenewal = Optional.empty();
    events.requested(request);
  }

  @Override
  public void pending(Pending waiting) {
    pending = Optional.of(waiting);
    events.pending(waiting);
  }

  @Override
  public void observed(Phase phase, String sentence) {
    ready.observed(phase, sentence);
  }

  @Override
  public void delayed(Throwable failure, Instant nextAttempt) {
    if (!closing) {
      report(Concern.IDENTITY, Failures.known(failure), nextAttempt);
    }
  }

  @Override
  public void refused(Throwable failure, Instant nextAttempt) {
    if (closing) {
      return;
    }
    if (!ready.isDecided()) {
      end(failure);
      return;
    }
    pending = Optional.empty();
    nextRenewal = Optional.of(nextAttempt);
    report(Concern.IDENTITY, Failures.known(failure), nextAttempt);
  }

  // ------------------------------------------------------------------ trust

  @Override
  public void read(TrustBundle bundle) {
    boolean first = wanted == null;
    wanted = bundle;
    failures.clear(Concern.TRUST);
    if (first && identities.isPresent()) {
      identities.get().start();
      queue.every(TICK, identities.get()::tick);
      return;
    }
    if (identities.isEmpty() || current().isPresent()) {
      trustInForce.update();
    }
    identities.ifPresent(IdentitySource::trustChanged);
  }

  @Override
  public void readable() {
    failures.clear(Concern.TRUST);
  }

  @Override
  public void unreadable(PodTlsException failure, Duration nextTry) {
    boolean passing = failure instanceof SignerUnavailableException;
    if (wanted == null && !passing) {
      end(failure);
      return;
    }
    report(Concern.TRUST, failure, clock.instant().plus(nextTry));
  }

  private void activate(TrustBundle target) {
    Optional<Generation> before = rotation.inUse();
    activate(before.flatMap(Generation::identity), target);
    before.ifPresent(generation -> events.trustChanged(generation.trust(), target));
    becomeReady();
  }

  private void replaceIdentity() {
    identities.ifPresent(source -> source.replaceWithin(SPREAD));
  }

  // ------------------------------------------------------------------ both

  private void activate(Optional<TlsIdentity> identity, TrustBundle bundle) {
    rotation.activate(identity, bundle);
    publication.ifPresent(files -> files.publish(identity, bundle));
  }

  /** After the running task, so that what it keeps is kept by then. */
  private void becomeReady() {
    if (!ready.isDecided()) {
      queue.soon(ready::succeed);
    }
  }

  private void report(Concern concern, PodTlsException failure, Instant nextAttempt) {
    ready.observed(failure);
    failures.put(concern, failure);
    events.failed(failure, nextAttempt);
  }

  private void end(Throwable failure) {
    failures.put(Concern.IDENTITY, Failures.known(failure));
    ready.fail(failure);
    close("this PodTls could not bootstrap: " + failure.getMessage());
  }

  /** A value per generation was built. */
  void built(PerGeneration<?> value) {
    failures.clear(value);
  }

  /** A value per generation could not be built; called by any thread. */
  void notBuilt(PerGeneration<?> value, Throwable failure, Instant nextAttempt) {
    PodTlsException known = Failures.known(failure);
    failures.put(value, known);
    queue.soon(() -> events.failed(known, nextAttempt));
  }

  @Override
  public void failed(Throwable failure, Duration nextTry) {
    if (!ready.isDecided()) {
      end(failure);
    } else if (!closing) {
      events.failed(Failures.known(failure), clock.instant().plus(nextTry));
    }
  }

  @Override
  public void rejected(IllegalStateException failure) {
    if (!ready.isDecided()) {
      end(failure);
    } else if (stopReported.compareAndSet(false, true)) {
      events.stopped(Failures.known(failure), clock.instant());
    }
  }
}
