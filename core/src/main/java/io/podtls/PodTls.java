package io.podtls;

import static java.util.Objects.requireNonNull;

import io.podtls.engine.Engine;
import io.podtls.engine.PerGeneration;
import io.podtls.engine.PublishedFiles;
import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.PodTlsException;
import io.podtls.failure.RequestRefusedException;
import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.Peers;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.request.CertificateRequest;
import io.podtls.rotation.Rotation;
import io.podtls.schedule.TaskQueue;
import io.podtls.signing.CertificateSigner;
import io.podtls.supply.IdentitySink;
import io.podtls.supply.IdentitySource;
import io.podtls.supply.IdentityStore;
import io.podtls.supply.MountedElseRequested;
import io.podtls.supply.MountedIdentity;
import io.podtls.supply.RequestedIdentity;
import io.podtls.trust.TrustBundleSource;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.Provider;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A handle on an application's TLS: its identity is renewed before it expires, changes of the trust
 * bundle are followed, and both reach the next handshake, until the handle is closed.
 *
 * <p>What a handle is comes first, then whom it trusts, then options with safe defaults, then
 * {@link Builder#bootstrap}, which blocks, or {@link Builder#start}, which does not:
 *
 * <pre>{@code
 * try (PodTls tls = PodTls.requesting(request, signer)
 *     .trusting(TrustBundleSource.pemFile(Path.of("/etc/serving-ca/ca.crt")))
 *     .bootstrap(Duration.ofSeconds(90))) {
 *   server.setHttpsConfigurator(new HttpsConfigurator(tls.sslContext()));
 * }
 * }</pre>
 *
 * <p>Use {@link #sslContext()} wherever a {@link SSLContext} is taken, and {@link #perGeneration}
 * where a library builds a context of its own.
 *
 * <p><b>Thread safety:</b> safe for use by any number of threads.
 */
public final class PodTls implements AutoCloseable {

  private static final Logger LOG = System.getLogger("io.podtls");

  private final Engine engine;
  private final Announcer announcer;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PodTls(Engine engine, Announcer announcer) {
    this.engine = engine;
    this.announcer = announcer;
  }

  /**
   * Prepares a handle whose certificate is issued on request.
   *
   * @param request what to request, at the start and at each renewal, each time with a new key
   * @param signer gets it signed; remains the caller's to close, after the handle
   * @return the step that says whom to trust
   */
  public static TrustStep<Requesting> requesting(
      CertificateRequest request, CertificateSigner signer) {
    requireNonNull(request, "request");
    requireNonNull(signer, "signer");
    return source -> new Requesting(request, signer, source);
  }

  /**
   * Prepares a handle whose key and certificate another process writes to files and renews there:
   * the kubelet's podCertificate volume, a mounted Secret, a CSI driver. They are read every second
   * and reloaded when they change.
   *
   * @param files where they are; waited for if they do not exist yet
   * @return the step that says whom to trust
   */
  public static TrustStep<Trusting> reading(IdentityFiles files) {
    requireNonNull(files, "files");
    return source -> new Trusting(source, files);
  }

  /**
   * Prepares a handle without an identity, for a client that shows no certificate.
   *
   * @param source where the trust bundle comes from, as in {@link TrustStep#trusting}
   * @return the options
   */
  public static Trusting trusting(TrustBundleSource source) {
    return new Trusting(source, null);
  }

  /**
   * Returns the context for servers and clients, the same object at each call. Each handshake uses
   * the identity and the trust that are current when it starts. Before the first generation, making
   * an engine or a socket fails with an {@link IllegalStateException} that says what is awaited.
   *
   * @return the context
   * @throws IllegalStateException after {@link #close()}
   */
  public SSLContext sslContext() {
    return open().sslContext();
  }

  /**
   * Returns a supplier of a value that is built once per generation, such as a library's own TLS
   * context: {@code tls.perGeneration(g -> SslContextBuilder.forServer(g.keyManager())...)}.
   *
   * <p>The factory runs on the thread that first calls {@link Supplier#get()} after a rotation,
   * never on the handle's thread, so a slow one delays neither renewal nor rotation. Meanwhile
   * other threads receive the former value without waiting; only before the first value they wait.
   * A factory that throws keeps the former value in use: the failure is reported as {@link
   * PodTlsListener#failed}, shown by {@link PodTlsStatus#lastFailure()}, and the factory is called
   * again by a {@code get()} half a minute later. Without a former value, {@code get()} throws what
   * the factory throws. Former values are not closed.
   *
   * @param factory makes the value; never null
   * @param <T> the value's type
   * @return the supplier, safe for use by any number of threads; its {@code get()} throws {@link
   *     IllegalStateException} before the first generation and after {@link #close()}
   */
  public <T> Supplier<T> perGeneration(Function<Generation, ? extends T> factory) {
    requireNonNull(factory, "factory");
    return new PerGeneration<>(engine, inside -> factory.apply(seen(inside)));
  }

  /**
   * Returns the generation in use: number, identity, trust and managers of one moment. Its identity
   * may have expired; {@link #status()} says whether the handle is ready.
   *
   * @return the generation, equal as long as there is no other one
   * @throws IllegalStateException before the first generation, and after {@link #close()}
   */
  public Generation generation() {
    return seen(open().open());
  }

  /**
   * Returns a factory whose only key manager offers the current identity, for libraries that accept
   * nothing else. It is initialised; calling {@code init} changes nothing.
   *
   * <p><b>Last resort:</b> a context made with it keeps its sessions and tickets over rotations, so
   * it goes on resuming sessions that were made under an identity or trust long gone. Prefer {@link
   * #sslContext()}, or a context {@linkplain #perGeneration per generation}.
   *
   * @return the factory
   * @throws IllegalStateException after {@link #close()}
   */
  public KeyManagerFactory keyManagerFactory() {
    return ManagerFactories.of(open().keyManager(), open().sslContext().getProvider());
  }

  /**
   * Returns a factory whose only trust manager follows the current trust, for libraries that accept
   * nothing else. It is initialised; calling {@code init} changes nothing.
   *
   * <p><b>Last resort:</b> a resumed session does not consult a trust manager, so a context made
   * with it still accepts clients of a CA that has been withdrawn as long as they resume. Prefer
   * {@link #sslContext()}, or a context {@linkplain #perGeneration per generation}.
   *
   * @return the factory
   * @throws IllegalStateException after {@link #close()}
   */
  public TrustManagerFactory trustManagerFactory() {
    return ManagerFactories.of(open().trustManager(), open().sslContext().getProvider());
  }

  /**
   * Adds a listener. It receives events from now on; what happened before is in {@link #status()}.
   *
   * @param listener must not block
   * @return ends the registration when closed
   */
  public PodTlsListener.Registration addListener(PodTlsListener listener) {
    return announcer.add(requireNonNull(listener, "listener"));
  }

  /**
   * Returns a future that completes with this handle when its first generation is in use. It fails
   * with the {@link PodTlsException} of a bootstrap that cannot succeed, such as a denied request,
   * and with an {@link IllegalStateException} if the handle is closed before.
   *
   * <p>Actions that depend on it run on the handle's thread and must not block; the {@code Async}
   * methods of the future run them elsewhere.
   *
   * @return a new future at each call; completing or cancelling it has no effect on the handle
   */
  public CompletableFuture<PodTls> whenReady() {
    CompletableFuture<PodTls> copy = new CompletableFuture<>();
    var unused =
        engine
            .ready()
            .future()
            .whenComplete(
                (done, failure) -> {
                  if (failure == null) {
                    copy.complete(this);
                  } else {
                    copy.completeExceptionally(failure);
                  }
                });
    return copy;
  }

  /**
   * Returns the state of the handle at this moment. After {@link #close()} it is not ready.
   *
   * @return a snapshot
   */
  public PodTlsStatus status() {
    var generation = engine.rotation().inUse();
    Optional<Instant> validUntil =
        generation.flatMap(inUse -> inUse.identity()).map(TlsIdentity::notAfter);
    boolean valid = validUntil.map(end -> !engine.clock().instant().isAfter(end)).orElse(true);
    return new PodTlsStatus(
        generation.isPresent() && valid && !closed.get(),
        generation.map(inUse -> inUse.number()).orElse(0L),
        validUntil,
        engine.nextRenewal(),
        engine.pending(),
        engine.lastFailure());
  }

  /**
   * Returns the generation that a connection was made with, so that a server can drain those of
   * former ones; compare with {@link Generation#number()}.
   *
   * @param session the connection's session
   * @return its generation's number, empty if the session is not of this handle or its generation
   *     is no longer known
   */
  public OptionalLong generationOf(SSLSession session) {
    return engine.rotation().generationOf(requireNonNull(session, "session"));
  }

  /**
   * Stops renewal, ends the thread, closes the attempt in flight, and refuses new handshakes.
   * Returns within a tenth of a second and throws nothing; a second call does nothing. What was
   * lent (signer, scheduler) stays open.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      engine.close();
    }
  }

  private Generation seen(io.podtls.rotation.Generation inside) {
    return new CurrentGeneration(engine.rotation(), inside);
  }

  private Rotation open() {
    if (closed.get()) {
      throw new IllegalStateException("this PodTls is closed");
    }
    return engine.rotation();
  }

  /**
   * The step that says whom a handle trusts.
   *
   * @param <B> the options that follow
   */
  @FunctionalInterface
  public interface TrustStep<B> {

    /**
     * Sets whom to trust as a peer, and what this handle's certificates are verified against.
     *
     * <p>The source is read again at its own interval and at its hints. A new anchor counts at
     * once. So does the removal of one, with an exception: an anchor that this handle's own
     * certificate needs stays until a certificate has been issued that does without, but not longer
     * than 15 minutes. Such requests are spread over a minute.
     *
     * @param source where the bundle comes from
     * @return the options
     */
    B trusting(TrustBundleSource source);
  }

  /**
   * The options that all handles have, and the two calls that make one.
   *
   * <p><b>Thread safety:</b> not safe; meant for one expression.
   *
   * @param <B> the kind of handle
   */
  public abstract static sealed class Builder<B extends Builder<B>> permits Requesting, Trusting {

    private final TrustBundleSource trust;
    private final List<PodTlsListener> listeners = new ArrayList<>();
    private final Map<String, Path> directories = new LinkedHashMap<>();
    private @Nullable ScheduledExecutorService scheduler;
    private InstantSource clock = InstantSource.system();
    private Peers peers = Peers.none();

    private Builder(TrustBundleSource trust) {
      this.trust = requireNonNull(trust, "source");
    }

    /**
     * Adds a listener. Can be called more than once. Default: none; events are logged, and the
     * JDK's flight recorder has events of the category {@code podtls}.
     *
     * @param listener must not block
     * @return this builder
     */
    public B addListener(PodTlsListener listener) {
      listeners.add(requireNonNull(listener, "listener"));
      return self();
    }

    /**
     * Sets a directory that shows another container what is in use: {@code tls.key}, {@code
     * tls.crt}, {@code ca.crt}, and key and chain again as {@code keystore.p12} with the password
     * {@code changeit}. If not called, nothing is written.
     *
     * <p>The files change as a set, as those of a Kubernetes volume do: read them through {@code
     * ..data}. Those with the key are mode 0600, so the other container needs the same user. If the
     * directory cannot be written, that is logged and tried again every minute.
     *
     * @param directory created if it does not exist; used by this handle alone
     * @return this builder
     * @throws IllegalArgumentException if it is the directory of {@link Requesting#keepingIn}
     */
    public B publishingTo(Path directory) {
      setDirectory("publishingTo", directory);
      return self();
    }

    /**
     * Sets who may be at the other end of a connection. Default: {@link Peers#none()}, which checks
     * servers that are called by host name, and refuses every client's certificate.
     *
     * @param peers the clients that may connect; also the servers that may be called, if they are
     *     {@linkplain Peers#insteadOfHostName() instead of the host name}
     * @return this builder
     */
    public B peers(Peers peers) {
      this.peers = requireNonNull(peers, "peers");
      return self();
    }

    /**
     * Sets the scheduler that runs the work. Default: one daemon thread per handle.
     *
     * @param scheduler any number of threads, one task is run at a time; never shut down by the
     *     handle. Steps of a signer run there and may block for as long as an API call takes.
     * @return this builder
     */
    public B scheduler(ScheduledExecutorService scheduler) {
      this.scheduler = requireNonNull(scheduler, "scheduler");
      return self();
    }

    /**
     * Sets the wall clock, by which certificates are valid and renewals are planned. Delays are
     * measured by the scheduler. Default: the system's clock.
     *
     * @param clock the wall clock
     * @return this builder
     */
    public B clock(InstantSource clock) {
      this.clock = requireNonNull(clock, "clock");
      return self();
    }

    /**
     * Makes the handle and waits until it is ready: trust is read, the identity is there, and both
     * are proven with a handshake in memory.
     *
     * <p>While the signer is unavailable it is asked again, 0.2 to 30 s apart. If the call ends
     * with an exception, everything that was started is closed by then, and {@link
     * PodTlsListener#closed()} was called.
     *
     * @param timeout how long to wait, more than zero; kept to a tenth of a second
     * @return the handle, ready for handshakes
     * @throws IllegalArgumentException if the timeout is zero or negative
     * @throws RequestRefusedException if an approver denies the request, or the signer fails it
     * @throws InvalidCertificateException if what was issued is not what was requested, or does not
     *     verify against the trust bundle
     * @throws InvalidMaterialException if there is no trust bundle to be read
     * @throws BootstrapTimeoutException if the time is over, saying what was awaited
     * @throws IllegalStateException if the scheduler is shut down, before or meanwhile
     * @throws InterruptedException if the calling thread is interrupted
     */
    public PodTls bootstrap(Duration timeout) throws InterruptedException {
      if (requireNonNull(timeout, "timeout").isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException("timeout is not positive: " + timeout);
      }
      PodTls handle = start();
      boolean ready = false;
      try {
        prepare();
        handle.engine.ready().await(timeout);
        ready = true;
        return handle;
      } finally {
        if (!ready) {
          handle.close();
        }
      }
    }

    /**
     * Makes the handle and returns at once. Until its first generation it is not ready: {@link
     * #sslContext()} exists and refuses handshakes, {@link #status()} says what is awaited, and
     * {@link #whenReady()} is not completed. It tries for ever; only what can never work, such as a
     * denied request or a trust bundle that is none, ends it: {@link #whenReady()} fails with the
     * reason, and everything is closed.
     *
     * @return the handle
     */
    public PodTls start() {
      TaskQueue queue = scheduler == null ? TaskQueue.onItsOwnThread() : TaskQueue.on(scheduler);
      RandomGenerator random = RandomGenerator.getDefault();
      Announcer announcer = new Announcer();
      listeners.forEach(announcer::add);
      Engine engine =
          new Engine(
              queue,
              clock,
              random,
              announcer,
              trust,
              peers,
              directory("publishingTo").map(files -> new PublishedFiles(files, queue)),
              sink -> supply(sink, queue, clock, random));
      try {
        engine.start();
      } catch (RuntimeException | Error e) {
        engine.close();
        throw e;
      }
      return new PodTls(engine, announcer);
    }

    /** Does what takes time in a fresh JVM, while the engine's thread makes the key. */
    void prepare() {}

    /** Makes the source of identities, if the handle has one. */
    abstract Optional<IdentitySource> supply(
        IdentitySink sink, TaskQueue queue, InstantSource wallClock, RandomGenerator random);

    final Optional<Path> directory(String option) {
      return Optional.ofNullable(directories.get(option));
    }

    final void setDirectory(String option, Path directory) {
      Path absolute = requireNonNull(directory, "directory").toAbsolutePath().normalize();
      directories.forEach(
          (other, path) -> {
            if (!other.equals(option) && path.toAbsolutePath().normalize().equals(absolute)) {
              throw new IllegalArgumentException(
                  option + " and " + other + " are both " + directory + "; each needs its own");
            }
          });
      directories.put(option, directory);
    }

    @SuppressWarnings("unchecked") // each kind extends the builder of itself
    private B self() {
      return (B) this;
    }
  }

  /**
   * Options of a handle whose certificate is issued on request.
   *
   * <p><b>Thread safety:</b> not safe; meant for one expression.
   */
  public static final class Requesting extends Builder<Requesting> {
    private final CertificateRequest request;
    private final CertificateSigner signer;
    private RenewalPolicy policy = RenewalPolicy.standard();
    private @Nullable Provider provider;
    private @Nullable IdentityFiles preferred;

    private Requesting(
        CertificateRequest request, CertificateSigner signer, TrustBundleSource trust) {
      super(trust);
      this.request = request;
      this.signer = signer;
    }

    /**
     * Sets when to renew. Default: {@link RenewalPolicy#standard()}.
     *
     * @param policy the window
     * @return this builder
     */
    public Requesting renewing(RenewalPolicy policy) {
      this.policy = requireNonNull(policy, "policy");
      return this;
    }

    /**
     * Sets the provider that makes and uses the keys, PKCS#11 included. Default: the JDK's own
     * providers. What such a provider has to be for TLS: {@link
     * io.podtls.identity.PendingIdentity#generate(CertificateRequest, Provider)}.
     *
     * @param provider makes the keys and signs with them
     * @return this builder
     */
    public Requesting keyProvider(Provider provider) {
      this.provider = requireNonNull(provider, "provider");
      return this;
    }

    /**
     * Sets a directory that keeps the identity over restarts of the container, e.g. a memory-backed
     * emptyDir, so that a crash loop does not flood the API server with requests. It is used again
     * while it is valid, was issued for the same request (except for the expiration), and verifies
     * against the trust bundle; its renewal stays planned as it was. The key of a request in flight
     * is kept too, so that a container that restarts while it waits goes on waiting for the same
     * request. If not called, nothing is kept.
     *
     * <p>Keys are stored there unencrypted, mode 0600. Key and certificate are replaced as a set.
     * If the directory cannot be written, that is logged and tried again every minute.
     *
     * @param directory created if it does not exist; used by this handle alone
     * @return this builder
     * @throws IllegalArgumentException if it is the directory of {@link #publishingTo}
     */
    public Requesting keepingIn(Path directory) {
      setDirectory("keepingIn", directory);
      return this;
    }

    /**
     * Sets files to take the identity from while they are there and have time left. A request is
     * made only where they are missing, unusable or about to expire, and its certificate gives way
     * to the files' when they are usable again. If not called, all identities are requested.
     *
     * @param files where they are; need not exist
     * @return this builder
     */
    public Requesting preferring(IdentityFiles files) {
      preferred = requireNonNull(files, "files");
      return this;
    }

    @Override
    void prepare() {
      try {
        signer.prepare();
      } catch (RuntimeException | Error e) {
        LOG.log(Level.DEBUG, () -> "the signer is not prepared; its first step shows why", e);
      }
    }

    @Override
    Optional<IdentitySource> supply(
        IdentitySink sink, TaskQueue queue, InstantSource wallClock, RandomGenerator random) {
      RequestedIdentity requested =
          new RequestedIdentity(
              new RequestedIdentity.Order(request, signer, Optional.ofNullable(provider), policy),
              directory("keepingIn").map(files -> new IdentityStore(files, request, queue)),
              queue,
              wallClock,
              random,
              sink);
      return Optional.of(
          preferred == null
              ? requested
              : new MountedElseRequested(
                  new MountedIdentity(preferred, wallClock, sink), requested));
    }
  }

  /**
   * Options of a handle that requests nothing: its identity comes from files, or it has none.
   *
   * <p><b>Thread safety:</b> not safe; meant for one expression.
   */
  public static final class Trusting extends Builder<Trusting> {
    private final @Nullable IdentityFiles files;

    private Trusting(TrustBundleSource trust, @Nullable IdentityFiles files) {
      super(trust);
      this.files = files;
    }

    @Override
    Optional<IdentitySource> supply(
        IdentitySink sink, TaskQueue queue, InstantSource wallClock, RandomGenerator random) {
      return Optional.ofNullable(files).map(given -> new MountedIdentity(given, wallClock, sink));
    }
  }
}
