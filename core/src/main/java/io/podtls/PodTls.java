package io.podtls;

import static java.util.Objects.requireNonNull;

import io.podtls.engine.Engine;
import io.podtls.engine.Publication;
import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.failure.CertificateDeniedException;
import io.podtls.failure.CertificateFailedException;
import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.failure.InvalidCertificateException.Violation;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.request.CertificateRequest;
import io.podtls.rotation.Generation;
import io.podtls.schedule.TaskQueue;
import io.podtls.signing.CertificateSigner;
import io.podtls.supply.IdentitySink;
import io.podtls.supply.IdentitySource;
import io.podtls.supply.IdentityStore;
import io.podtls.supply.MountedElseRequested;
import io.podtls.supply.MountedIdentity;
import io.podtls.supply.RequestedIdentity;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.Provider;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * An application's TLS, bootstrapped once and kept right until closed: the identity is renewed
 * before it expires, changes of the trust bundle are followed, and both reach the next handshake
 * through one SSLContext that the application keeps for its life.
 *
 * <p><b>Thread safety:</b> safe for use by any number of threads.
 */
public final class PodTls implements AutoCloseable {

  private static final Logger LOG = System.getLogger("io.podtls");

  private final Engine engine;
  private final List<AutoCloseable> owned;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PodTls(Engine engine, List<AutoCloseable> owned) {
    this.engine = engine;
    this.owned = owned;
  }

  /**
   * Prepares a handle whose certificate is issued on request, by whoever stands behind the signer.
   *
   * @param request what to ask for, at the start and at each renewal, each time with a new key
   * @param signer gets it signed; stays the caller's to close, after the handle
   * @return the options, all of them with safe defaults
   */
  public static Builder requesting(CertificateRequest request, CertificateSigner signer) {
    requireNonNull(request, "request");
    requireNonNull(signer, "signer");
    return new Builder(request, signer, null);
  }

  /**
   * Prepares a handle whose key and certificate somebody else writes to files and renews there: the
   * kubelet's podCertificate volume, a mounted Secret, a CSI driver. They are looked at each second
   * and reloaded when they change.
   *
   * @param files where they lie; waited for while bootstrapping if they are not there yet
   * @return the options, all of them with safe defaults
   */
  public static Builder reading(IdentityFiles files) {
    return new Builder(null, null, requireNonNull(files, "files"));
  }

  /**
   * Prepares a handle without an identity: for a client that trusts a bundle, follows its changes,
   * and shows no certificate.
   *
   * @return the options, all of them with safe defaults
   */
  public static Builder withoutIdentity() {
    return new Builder(null, null, null);
  }

  /**
   * Returns the context for servers and clients, the same object at each call. Each handshake uses
   * the identity and the trust that are current when it starts.
   *
   * @return the context
   * @throws IllegalStateException after {@link #close()}
   */
  public SSLContext sslContext() {
    return open().rotation().sslContext();
  }

  /**
   * Returns the current identity as a key manager, the same object at each call; for frameworks
   * that insist on a context of their own. Prefer {@link #sslContext()}.
   *
   * @return the key manager
   * @throws IllegalStateException after {@link #close()}
   */
  public X509ExtendedKeyManager keyManager() {
    return open().rotation().keyManager();
  }

  /**
   * Returns the current trust as a trust manager, the same object at each call; for frameworks that
   * insist on a context of their own. Sessions that such a context resumes do not consult it:
   * prefer {@link #sslContext()}.
   *
   * @return the trust manager
   * @throws IllegalStateException after {@link #close()}
   */
  public X509ExtendedTrustManager trustManager() {
    return open().rotation().trustManager();
  }

  /**
   * Returns the identity in use.
   *
   * @return the identity, valid at this moment
   * @throws IllegalStateException without an identity, and after {@link #close()}
   * @throws InvalidCertificateException if the certificate has expired; handshakes go on showing it
   *     until a renewal succeeds
   */
  public TlsIdentity identity() {
    TlsIdentity identity =
        open()
            .current()
            .orElseThrow(() -> new IllegalStateException("this handle has no identity"));
    if (engine.clock().instant().isAfter(identity.notAfter())) {
      throw new InvalidCertificateException(
          identity.toString(),
          List.of(
              new Violation(
                  Rule.VALIDITY, "it expired at " + identity.notAfter() + " and was not renewed")));
    }
    return identity;
  }

  /**
   * Returns the trust in force. Just after an anchor was withdrawn that the own identity needs, it
   * holds that anchor still; see {@link Builder#trusting}.
   *
   * @return the bundle
   * @throws IllegalStateException after {@link #close()}
   */
  public TrustBundle trust() {
    return open().rotation().current().trust();
  }

  /**
   * Returns how the handle stands at this moment. Works after {@link #close()} too: not ready.
   *
   * @return a snapshot
   */
  public PodTlsStatus status() {
    Optional<Generation> generation = engine.rotation().inUse();
    Optional<Instant> validUntil =
        generation.flatMap(Generation::identity).map(TlsIdentity::notAfter);
    boolean valid = validUntil.map(end -> !engine.clock().instant().isAfter(end)).orElse(true);
    return new PodTlsStatus(
        generation.isPresent() && valid && !closed.get(),
        generation.map(Generation::number).orElse(0L),
        validUntil,
        engine.nextRenewal(),
        engine.pending(),
        engine.lastFailure());
  }

  /**
   * Returns the generation that a connection was made with, so that a server can drain those of old
   * ones; compare with {@link PodTlsStatus#generation()}.
   *
   * @param session the connection's session
   * @return its generation's number, empty if the session is not of this handle or its generation
   *     is long gone
   */
  public OptionalLong generationOf(SSLSession session) {
    return engine.rotation().generationOf(requireNonNull(session, "session"));
  }

  /**
   * Stops renewal, ends the thread, closes every request on its way, and refuses new handshakes.
   * Returns within a tenth of a second and throws nothing; the second time it does nothing. What
   * was lent (signer, scheduler) stays open, unless {@link Builder#closing} said otherwise.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    engine.close();
    closeAll(owned);
  }

  private static void closeAll(List<AutoCloseable> owned) {
    for (AutoCloseable resource : owned) {
      try {
        resource.close();
      } catch (Exception e) {
        LOG.log(Level.WARNING, () -> "cannot close " + resource, e);
      }
    }
  }

  /** The engine, for tests that drive its scheduler themselves. */
  Engine engine() {
    return engine;
  }

  private Engine open() {
    if (closed.get()) {
      throw new IllegalStateException("this PodTls is closed");
    }
    return engine;
  }

  /**
   * Options of a handle, and the one blocking call that makes it.
   *
   * <p><b>Thread safety:</b> not safe; meant for one expression.
   */
  public static final class Builder {
    private final @Nullable CertificateRequest request;
    private final @Nullable CertificateSigner signer;
    private @Nullable IdentityFiles files;
    private TrustBundleSource trust = TrustBundleSource.clusterCa();
    private RenewalPolicy policy = RenewalPolicy.standard();
    private PodTlsListener listener = new PodTlsListener() {};
    private Optional<Provider> provider = Optional.empty();
    private Optional<Path> store = Optional.empty();
    private Optional<Path> publication = Optional.empty();
    private Optional<ScheduledExecutorService> scheduler = Optional.empty();
    private InstantSource clock = InstantSource.system();
    private final List<AutoCloseable> owned = new ArrayList<>();

    private Builder(
        @Nullable CertificateRequest request,
        @Nullable CertificateSigner signer,
        @Nullable IdentityFiles files) {
      this.request = request;
      this.signer = signer;
      this.files = files;
    }

    /**
     * Whom to trust as a peer, and what issued certificates are verified against. If not called:
     * {@link TrustBundleSource#clusterCa()}.
     *
     * <p>The source is read again at its own interval and at its hints. A new anchor counts at
     * once. So does the removal of one, with an exception: an anchor that the own certificate needs
     * stays until a certificate has been issued that does without, but not longer than 15 minutes.
     * Such requests are spread over a minute.
     *
     * @param source where the bundle comes from
     * @return this builder
     */
    public Builder trusting(TrustBundleSource source) {
      trust = requireNonNull(source, "source");
      return this;
    }

    /**
     * Files to take the identity from while they are there and have time left; a request is made
     * only where they are missing, unusable or about to expire, and its certificate gives way to
     * the files' when they are right again. If not called: requests only.
     *
     * @param files where they lie; need not exist
     * @return this builder
     * @throws IllegalStateException unless the handle was prepared by {@link PodTls#requesting}
     */
    public Builder preferring(IdentityFiles files) {
      requireRequest("preferring");
      this.files = requireNonNull(files, "files");
      return this;
    }

    /**
     * When to renew. If not called: {@link RenewalPolicy#standard()}. Identities from files are
     * renewed by whoever writes them.
     *
     * @param policy the window
     * @return this builder
     * @throws IllegalStateException unless the handle was prepared by {@link PodTls#requesting}
     */
    public Builder renewing(RenewalPolicy policy) {
      requireRequest("renewing");
      this.policy = requireNonNull(policy, "policy");
      return this;
    }

    /**
     * Who hears what happens. If not called: nobody; there is the log, and the JDK's flight
     * recorder has events of the category {@code podtls}.
     *
     * @param listener must not block
     * @return this builder
     */
    public Builder listener(PodTlsListener listener) {
      this.listener = requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Who makes and uses the keys, PKCS#11 included. If not called: the JDK's own providers. What
     * such a provider has to be for TLS: {@link
     * io.podtls.identity.PendingIdentity#generate(CertificateRequest, Provider)}.
     *
     * @param provider makes the keys and signs with them
     * @return this builder
     * @throws IllegalStateException unless the handle was prepared by {@link PodTls#requesting}
     */
    public Builder keyProvider(Provider provider) {
      requireRequest("keyProvider");
      this.provider = Optional.of(requireNonNull(provider, "provider"));
      return this;
    }

    /**
     * What runs the work and tells the time. If not called: one daemon thread of the handle's own,
     * and the system's clock.
     *
     * @param scheduler any number of threads, one task is run at a time; never shut down by the
     *     handle. Steps of a signer run there and may block for as long as an API call takes.
     * @param clock the wall clock; delays are the scheduler's
     * @return this builder
     */
    public Builder runningOn(ScheduledExecutorService scheduler, InstantSource clock) {
      this.scheduler = Optional.of(requireNonNull(scheduler, "scheduler"));
      this.clock = requireNonNull(clock, "clock");
      return this;
    }

    /**
     * A directory that keeps the identity over restarts of the container, e.g. a memory-backed
     * emptyDir, so that a crash loop does not flood the API server with requests. It is used again
     * while it is valid, was issued for the same request (but for the expiration), and verifies
     * against the trust bundle; its renewal stays planned as it was. The key of a request on its
     * way is kept too: whoever restarts while waiting goes on waiting for the same request. If not
     * called: nothing is kept.
     *
     * <p>Keys lie there unencrypted, mode 0600. Key and certificate are replaced as a set. If the
     * directory cannot be written, that is logged and tried again each minute.
     *
     * @param directory made if it is not there; this handle's alone
     * @return this builder
     * @throws IllegalStateException unless the handle was prepared by {@link PodTls#requesting}
     * @throws IllegalArgumentException if it is the directory of {@link #publishingTo}
     */
    public Builder keepingIn(Path directory) {
      requireRequest("keepingIn");
      requireDistinct(requireNonNull(directory, "directory"), publication);
      store = Optional.of(directory);
      return this;
    }

    /**
     * A directory that shows a neighbour container what is in use: {@code tls.key}, {@code
     * tls.crt}, {@code ca.crt}, and key and chain once more as {@code keystore.p12} with the
     * password {@code changeit}. If not called: nothing is written.
     *
     * <p>The files change as a set, as those of a Kubernetes volume do: read them through {@code
     * ..data}. Those with the key are mode 0600, so the neighbour needs the same user. If the
     * directory cannot be written, that is logged and tried again each minute.
     *
     * @param directory made if it is not there; this handle's alone
     * @return this builder
     * @throws IllegalArgumentException if it is the directory of {@link #keepingIn}
     */
    public Builder publishingTo(Path directory) {
      requireDistinct(requireNonNull(directory, "directory"), store);
      publication = Optional.of(directory);
      return this;
    }

    /**
     * What to close together with the handle, after it, such as a signer made for it alone; also
     * when it does not come up. If not called: nothing. Can be called more than once.
     *
     * @param resource its {@code close()} returns at once
     * @return this builder
     */
    public Builder closing(AutoCloseable resource) {
      owned.add(requireNonNull(resource, "resource"));
      return this;
    }

    /**
     * Makes the handle: reads trust, gets the identity, proves both with a handshake in memory.
     *
     * <p>While the signer's side is unavailable it is asked again, 0.2 to 30 s apart. Whatever ends
     * the call with an exception, everything that was started is closed by then.
     *
     * @param timeout how long to wait, more than zero; kept to a tenth of a second
     * @return the handle, ready for handshakes
     * @throws IllegalArgumentException if the timeout is zero or negative
     * @throws CertificateDeniedException if an approver refuses the request
     * @throws CertificateFailedException if the signer fails it
     * @throws InvalidCertificateException if what was issued is not what was asked for, or does not
     *     verify against the trust bundle
     * @throws InvalidMaterialException if there is no trust bundle to be read
     * @throws BootstrapTimeoutException if the time is over, saying what was waited for
     * @throws IllegalStateException if the scheduler is shut down, before or meanwhile
     * @throws InterruptedException if the calling thread is interrupted
     */
    public PodTls bootstrap(Duration timeout) throws InterruptedException {
      PodTls handle = null;
      boolean done = false;
      try {
        if (requireNonNull(timeout, "timeout").isNegative() || timeout.isZero()) {
          throw new IllegalArgumentException("timeout is not positive: " + timeout);
        }
        handle = start();
        prepare();
        handle.engine.awaitReady(timeout);
        done = true;
        return handle;
      } finally {
        if (handle == null) {
          closeAll(owned);
        } else if (!done) {
          handle.close();
        }
      }
    }

    /** What takes time in a fresh JVM, while the engine's thread reads trust and makes the key. */
    private void prepare() {
      if (signer != null) {
        try {
          signer.prepare();
        } catch (RuntimeException e) {
          LOG.log(Level.DEBUG, () -> "the signer is not prepared; its first step will tell", e);
        }
      }
    }

    /** Makes a handle that is not ready yet; returns at once. */
    PodTls start() {
      TaskQueue queue = scheduler.map(TaskQueue::on).orElseGet(TaskQueue::onItsOwnThread);
      RandomGenerator random = RandomGenerator.getDefault();
      Engine engine =
          new Engine(
              queue,
              clock,
              random,
              new Announcer(listener),
              trust,
              publication.map(directory -> new Publication(directory, queue)),
              identities(queue, random));
      try {
        engine.start();
      } catch (RuntimeException | Error e) {
        engine.close();
        throw e;
      }
      return new PodTls(engine, List.copyOf(owned));
    }

    private Function<IdentitySink, Optional<IdentitySource>> identities(
        TaskQueue queue, RandomGenerator random) {
      IdentityFiles mounted = files;
      if (request != null && signer != null) {
        RequestedIdentity.Order order =
            new RequestedIdentity.Order(request, signer, provider, policy);
        return sink -> {
          RequestedIdentity loop =
              new RequestedIdentity(
                  order,
                  store.map(directory -> new IdentityStore(directory, order.request(), queue)),
                  queue,
                  clock,
                  random,
                  sink);
          return Optional.of(
              mounted == null
                  ? loop
                  : new MountedElseRequested(new MountedIdentity(mounted, clock, sink), loop));
        };
      }
      return sink ->
          Optional.ofNullable(mounted).map(given -> new MountedIdentity(given, clock, sink));
    }

    private static void requireDistinct(Path directory, Optional<Path> other) {
      Path absolute = directory.toAbsolutePath().normalize();
      if (other
          .map(Path::toAbsolutePath)
          .map(Path::normalize)
          .filter(absolute::equals)
          .isPresent()) {
        throw new IllegalArgumentException(
            "keepingIn and publishingTo are both "
                + directory
                + "; each of them needs a directory of its own");
      }
    }

    private void requireRequest(String option) {
      if (request == null) {
        throw new IllegalStateException(option + " is for handles that request a certificate");
      }
    }
  }
}
