package io.podtls.engine;

import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.failure.BootstrapTimeoutException.Phase;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.PodTlsException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.rotation.Rotation;
import io.podtls.schedule.TaskQueue;
import io.podtls.signing.SigningOutcome;
import io.podtls.supply.IdentitySink;
import io.podtls.supply.IdentitySource;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What keeps a handle right: takes identities from their source and trust from its own, makes
 * generations of them, and tells what happens. All of its work is tasks of one queue.
 *
 * <p><b>Thread safety:</b> {@link #start}, {@link #awaitReady}, {@link #state} and {@link #close}
 * are safe from any thread; the rest is called by tasks of the queue only.
 */
public final class Engine implements IdentitySink, TrustFollower.Reader {

  /** The longest sleep: a suspended machine's monotonic clock stands still, its wall clock not. */
  private static final Duration TICK = Duration.ofSeconds(1);

  /** How long an anchor that only our own identity needs outlives its removal from the bundle. */
  private static final Duration OVERLAP = Duration.ofMinutes(15);

  /** Over how long a fleet that loses an anchor at once spreads its requests. */
  private static final Duration SPREAD = Duration.ofMinutes(1);

  private static final Duration NEXT_ACTIVATION = Duration.ofMinutes(1);

  /** What is seen from outside. */
  public record State(
      Optional<TlsIdentity> identity,
      Optional<TrustBundle> trust,
      long generation,
      Optional<Instant> nextRenewal,
      Optional<SigningOutcome.Pending> pending,
      Optional<PodTlsException> lastFailure) {

    State with(PodTlsException failure) {
      return new State(
          identity, trust, generation, Optional.empty(), pending, Optional.of(failure));
    }
  }

  private record Observation(Phase phase, String sentence, @Nullable PodTlsException failure) {
    Observation with(PodTlsException latest) {
      return new Observation(phase, sentence, latest);
    }

    BootstrapTimeoutException after(Duration waited) {
      String last = failure == null ? "" : "; last failure: " + failure.getMessage();
      return new BootstrapTimeoutException(phase, waited, sentence + last, failure);
    }
  }

  private final TaskQueue queue;
  private final InstantSource clock;
  private final Events events;
  private final Rotation rotation;
  private final TrustFollower follower;
  private final Optional<IdentitySource> identities;
  private final Optional<Publication> publication;
  private final ExpiryWatch expiry;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final AtomicBoolean stopTold = new AtomicBoolean();
  private final long started = System.nanoTime();

  private volatile boolean closing;
  private volatile Observation observation;
  private volatile State state =
      new State(
          Optional.empty(),
          Optional.empty(),
          0,
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  private @Nullable TrustBundle wanted;
  private @Nullable TrustBundle inForce;
  private @Nullable TlsIdentity identity;
  private TaskQueue.@Nullable Entry overlap;
  private boolean overlapOver;
  private TaskQueue.@Nullable Entry activation;
  private long generation;
  private @Nullable Instant nextRenewal;
  private SigningOutcome.@Nullable Pending pending;
  private @Nullable PodTlsException identityFailure;
  private @Nullable PodTlsException trustFailure;
  private @Nullable PodTlsException activationFailure;

  public Engine(
      TaskQueue queue,
      InstantSource clock,
      RandomGenerator random,
      Events events,
      TrustBundleSource trustSource,
      Optional<Publication> publication,
      Function<IdentitySink, Optional<IdentitySource>> identities) {
    this.queue = queue;
    this.clock = clock;
    this.events = events;
    queue.onUncaught(this::broken);
    this.rotation = new Rotation(clock);
    this.publication = publication;
    this.expiry = new ExpiryWatch(events);
    this.follower = new TrustFollower(trustSource, queue, random, this);
    this.identities = identities.apply(this);
    this.observation =
        new Observation(
            Phase.READING_INPUTS, "reading the trust bundle " + trustSource.description(), null);
  }

  public Rotation rotation() {
    return rotation;
  }

  public State state() {
    State seen = state;
    return queue.stopped().map(failure -> seen.with(asMaterial(failure))).orElse(seen);
  }

  public InstantSource clock() {
    return clock;
  }

  /** Starts working; returns at once. */
  public void start() {
    queue.soon(follower::start);
    queue.after(TICK, this::tick);
  }

  /** Completed when there is a generation, exceptionally when there will be none. */
  public CompletableFuture<Void> ready() {
    return ready;
  }

  /**
   * Waits for the first generation.
   *
   * @param timeout counted from when this engine was made
   * @throws BootstrapTimeoutException if there is none in time
   * @throws IllegalStateException if the scheduler is shut down; a tick or two after it was
   */
  public void awaitReady(Duration timeout) throws InterruptedException {
    long nanos =
        timeout.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0
            ? timeout.toNanos()
            : Long.MAX_VALUE;
    long waited = System.nanoTime() - started;
    // In slices: a scheduler that drops its tasks when it is shut down runs none that could tell.
    while (!readyWithin(Math.min(nanos - waited, TICK.toNanos()))) {
      Optional<IllegalStateException> stopped = queue.stopped();
      if (stopped.isPresent()) {
        throw stopped.get();
      }
      waited = System.nanoTime() - started;
      if (waited >= nanos) {
        throw observation.after(Duration.ofNanos(waited));
      }
    }
  }

  private boolean readyWithin(long nanos) throws InterruptedException {
    try {
      ready.get(nanos, TimeUnit.NANOSECONDS);
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("cannot bootstrap", e.getCause());
    } catch (TimeoutException e) {
      return false;
    }
  }

  /** Ends everything; returns within a tenth of a second. */
  public void close() {
    closing = true;
    rotation.close();
    ready.completeExceptionally(new IllegalStateException("this PodTls is closed"));
    queue.close(
        () -> {
          follower.close();
          identities.ifPresent(IdentitySource::close);
        });
  }

  private void tick() {
    queue.after(TICK, this::tick);
    expiry.check(clock.instant());
    identities.ifPresent(IdentitySource::tick);
  }

  // ------------------------------------------------------------------ identities

  @Override
  public TrustBundle trust() {
    if (wanted == null) {
      throw new IllegalStateException("an identity before there is trust");
    }
    return wanted;
  }

  @Override
  public Optional<TlsIdentity> current() {
    return Optional.ofNullable(identity);
  }

  @Override
  public void accept(TlsIdentity next, Instant received, Optional<Instant> renewal) {
    TlsIdentity previous = identity;
    TrustBundle before = inForce;
    TrustBundle bundle = trust();
    activate(Optional.of(next), bundle);
    identity = next;
    endOverlap();
    expiry.watch(next, received);
    identityFailure = null;
    activationFailure = null;
    pending = null;
    nextRenewal = renewal.orElse(null);
    show();
    if (previous == null) {
      events.issued(next, renewal);
    } else {
      events.renewed(previous, next, renewal);
    }
    if (before != null && !before.equals(bundle)) {
      events.trustChanged(before, bundle);
    }
    becomeReady();
  }

  @Override
  public void requested(CertificateRequest request) {
    nextRenewal = null;
    show();
    events.requested(request);
  }

  @Override
  public void pending(SigningOutcome.Pending waiting) {
    pending = waiting;
    show();
    events.pending(waiting);
  }

  @Override
  public void observed(Phase phase, String sentence) {
    observation = new Observation(phase, sentence, null);
  }

  @Override
  public void delayed(RuntimeException failure, Instant nextAttempt) {
    if (closing) {
      return;
    }
    PodTlsException known = known(failure);
    observation = observation.with(known);
    identityFailure = known;
    show();
    events.failed(known, nextAttempt);
  }

  @Override
  public void refused(RuntimeException failure, Instant nextAttempt) {
    if (closing) {
      return;
    }
    if (!ready.isDone()) {
      end(failure);
      return;
    }
    identityFailure = known(failure);
    pending = null;
    nextRenewal = nextAttempt;
    show();
    events.failed(identityFailure, nextAttempt);
  }

  // ------------------------------------------------------------------ trust

  @Override
  public void read(TrustBundle bundle) {
    boolean first = wanted == null;
    wanted = bundle;
    trustFailure = null;
    if (first && identities.isPresent()) {
      identities.get().start();
      return;
    }
    if (identity != null || identities.isEmpty()) {
      follow();
    }
    identities.ifPresent(IdentitySource::trustChanged);
  }

  @Override
  public void readable() {
    trustFailure = null;
    show();
  }

  @Override
  public void unreadable(PodTlsException failure, Duration nextTry) {
    boolean passing = failure instanceof SignerUnavailableException;
    if (wanted == null && !passing) {
      end(failure);
      return;
    }
    observation = observation.with(failure);
    trustFailure = failure;
    show();
    events.failed(failure, clock.instant().plus(nextTry));
  }

  /** Puts the wanted trust in force, with our own anchor beside it while we still need that. */
  private void follow() {
    TrustBundle before = inForce;
    TrustBundle target = missingAnchor().map(this::overlapping).orElse(trust());
    if (target.equals(before)) {
      activationFailure = null;
      show();
      return;
    }
    if (activation != null) {
      activation.cancel();
    }
    try {
      activate(Optional.ofNullable(identity), target);
    } catch (RuntimeException e) {
      activation = queue.after(NEXT_ACTIVATION, this::follow);
      activationFailure = known(e);
      show();
      events.failed(activationFailure, clock.instant().plus(NEXT_ACTIVATION));
      return;
    }
    activationFailure = null;
    show();
    if (before != null) {
      events.trustChanged(before, target);
    }
    becomeReady();
  }

  /** Our own anchor, if it is in force and no longer wanted, and its time is not over. */
  private Optional<X509Certificate> missingAnchor() {
    if (identity == null || inForce == null) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    if (identity.anchorIn(trust(), now).isPresent()) {
      endOverlap();
      return Optional.empty();
    }
    return overlapOver ? Optional.empty() : identity.anchorIn(inForce, now);
  }

  private TrustBundle overlapping(X509Certificate anchor) {
    if (overlap == null) {
      identities.ifPresent(source -> source.replaceWithin(SPREAD));
      overlap =
          queue.after(
              OVERLAP,
              () -> {
                overlapOver = true;
                follow();
              });
    }
    return trust().union(TrustBundle.of(List.of(anchor)));
  }

  private void endOverlap() {
    overlapOver = false;
    if (overlap != null) {
      overlap.cancel();
      overlap = null;
    }
  }

  // ------------------------------------------------------------------ both

  private void activate(Optional<TlsIdentity> next, TrustBundle bundle) {
    generation = rotation.activate(next, bundle).number();
    inForce = bundle;
    publication.ifPresent(files -> files.publish(next, bundle));
  }

  /** Not before whoever came here is through: what is to be kept is kept by then. */
  private void becomeReady() {
    if (!ready.isDone()) {
      queue.soon(() -> ready.complete(null));
    }
  }

  private void end(Throwable failure) {
    ready.completeExceptionally(failure);
    close();
  }

  /** A bootstrap must not wait for something that will not come. */
  private void broken(Throwable failure) {
    if (!ready.isDone()) {
      end(failure);
      return;
    }
    queue
        .stopped()
        .filter(reason -> stopTold.compareAndSet(false, true))
        .ifPresent(reason -> events.stopped(asMaterial(reason), clock.instant()));
  }

  private static PodTlsException asMaterial(IllegalStateException failure) {
    return new InvalidMaterialException("scheduler", String.valueOf(failure.getMessage()), failure);
  }

  private void show() {
    state =
        new State(
            Optional.ofNullable(identity),
            Optional.ofNullable(inForce),
            generation,
            Optional.ofNullable(nextRenewal),
            Optional.ofNullable(pending),
            Optional.ofNullable(identityFailure)
                .or(() -> Optional.ofNullable(trustFailure))
                .or(() -> Optional.ofNullable(activationFailure)));
  }

  private static PodTlsException known(RuntimeException failure) {
    return failure instanceof PodTlsException ours
        ? ours
        : new InvalidMaterialException("identity", "cannot be used: " + failure, failure);
  }
}
