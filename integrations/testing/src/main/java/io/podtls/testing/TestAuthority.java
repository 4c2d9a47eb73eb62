package io.podtls.testing;

import static java.util.Objects.requireNonNull;

import io.podtls.PodTls;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.PendingIdentity;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.Peers;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority in memory, for tests of an application's TLS without a cluster: it signs
 * what handles request, its CA is what they trust, and a test says when certificates rotate, expire
 * or are refused.
 *
 * <pre>{@code
 * try (TestAuthority authority = TestAuthority.create();
 *     PodTls tls = authority.podTls("orders");
 *     OrdersServer server = new OrdersServer(tls.sslContext())) {
 *   get(server.uri(), authority.peer("billing"));
 *   authority.rotate();
 *   get(server.uri(), authority.peer("billing"));
 * }
 * }</pre>
 *
 * <p>Handles that a test makes itself, or has its framework make, use {@link #signer()} and {@link
 * #trust()}, and {@link #time()} as their scheduler and clock, so that this authority can move them
 * on. Handshakes are the JDK's and go by the machine's clock, whatever {@link #time()} says:
 * certificates are valid by both, expired ones by {@link #time()} alone.
 *
 * <p><b>Thread safety:</b> safe for use by any number of threads.
 */
public final class TestAuthority implements AutoCloseable {

  private static final SignerName SIGNER = SignerName.of("example.com/test");
  private static final Duration LIFETIME = Duration.ofHours(24);
  private static final Duration BOOTSTRAP = Duration.ofSeconds(30);

  /** Longer than a handle waits after a hint, and than the period of its ticks. */
  private static final Duration REACTION = Duration.ofSeconds(2);

  private final VirtualTime time = VirtualTime.passing();
  private final Instant notBefore = time.instant().minus(Duration.ofMinutes(5));
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong issued = new AtomicLong();
  private final Trust trust = new Trust();
  private final CertificateSigner signer = new Signer();
  private volatile TestCa ca = TestCa.root("podtls test CA");
  private volatile @Nullable Function<String, SigningOutcome> refusal;
  private volatile Instant unavailableUntil = Instant.MIN;
  private volatile Instant lastNotAfter = Instant.MIN;

  private TestAuthority() {
    trust.add(ca.certificate());
  }

  /**
   * Returns an authority with a CA of its own. Certificates are for 24 hours, keys are P-256.
   *
   * @return the authority, which issues whatever is requested
   */
  public static TestAuthority create() {
    return new TestAuthority();
  }

  /**
   * Returns the scheduler and clock of this authority's handles. It passes as real time does, so
   * that a bootstrap that blocks works; {@link VirtualTime#advance} moves it ahead.
   */
  public VirtualTime time() {
    return time;
  }

  /** Returns the signer to make handles with. */
  public CertificateSigner signer() {
    return signer;
  }

  /** Returns the trust to make handles with: this authority's CA, and the next one as well. */
  public TrustBundleSource trust() {
    return trust;
  }

  /**
   * Returns a request as a Service's pods make it, for servers and clients.
   *
   * @param service {@code orders}, or {@code shop/orders} in another namespace than {@code default}
   * @return a request for the names of the Service, {@code localhost} and {@code 127.0.0.1}
   */
  public CertificateRequest request(String service) {
    int slash = requireNonNull(service, "service").indexOf('/');
    String namespace = slash < 0 ? "default" : service.substring(0, slash);
    String full = service.substring(slash + 1) + "." + namespace + ".svc";
    try {
      return CertificateRequest.builder(SIGNER)
          .dnsNames(full, full + ".cluster.local", "localhost")
          .ipAddresses(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))
          .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH, KeyUsage.CLIENT_AUTH)
          .build();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }

  /**
   * Returns a handle that is ready: an identity for the Service, trust in this authority and in any
   * peer that it signed, on {@link #time()}.
   *
   * @param service as in {@link #request}
   * @return the handle, the caller's to close
   * @throws io.podtls.failure.PodTlsException what a bootstrap throws, if this authority refuses
   * @throws InterruptedException if the calling thread is interrupted
   */
  public PodTls podTls(String service) throws InterruptedException {
    return PodTls.requesting(request(service), signer)
        .trusting(trust)
        .peers(Peers.anyTrusted())
        .scheduler(time)
        .clock(time)
        .bootstrap(BOOTSTRAP);
  }

  /**
   * Returns the context of a pod of another Service: with a new certificate, and trust in this
   * authority as it is now. It does not follow changes.
   *
   * @param service the peer's Service, as in {@link #request}
   * @return a context for clients and servers
   */
  public SSLContext peer(String service) {
    return peer(service, trust);
  }

  /**
   * Returns the context of a peer that this authority signed and that trusts another one.
   *
   * @param service the peer's Service, as in {@link #request}
   * @param trusted whom it trusts, as it is now
   * @return a context for clients and servers
   */
  public SSLContext peer(String service, TrustBundleSource trusted) {
    return identity(service).sslContext(trusted.load(), Peers.anyTrusted());
  }

  /**
   * Returns the files that a pod of the Service has mounted: {@code tls.key} and {@code tls.crt} of
   * a new identity, and {@code ca.crt}, for a {@link KubeletVolume}.
   *
   * @param service as in {@link #request}
   * @return the contents by name
   */
  public Map<String, String> files(String service) {
    TlsIdentity identity = identity(service);
    return Map.of(
        "tls.key", identity.exportPrivateKeyUnencrypted(),
        "tls.crt", identity.chainPem(),
        "ca.crt", trust.load().toPem());
  }

  private TlsIdentity identity(String service) {
    PendingIdentity pending = PendingIdentity.generate(request(service));
    return pending.complete(sign(pending), TrustBundle.of(List.of(ca.certificate())));
  }

  private List<X509Certificate> sign(PendingIdentity pending) {
    Instant notAfter = time.instant().plus(LIFETIME);
    lastNotAfter = notAfter;
    return ca.leafFor(pending.pkcs10Der())
        .usages(pending.request().usages())
        .valid(notBefore, notAfter)
        .issueChain();
  }

  /**
   * Has every handle on {@link #time()} renew its certificate, once, and returns when the new ones
   * are in use: the next handshake shows them. Ends refusals and outages.
   *
   * <p>Timers move ahead by a certificate's life; the wall clock stays.
   *
   * @throws IllegalStateException if there are handles, but none on {@link #time()}
   */
  public void rotate() {
    long before = issued.get();
    renew();
    if (before > 0 && issued.get() == before) {
      throw new IllegalStateException(
          "no handle renewed its certificate: make them with .scheduler(authority.time())"
              + ".clock(authority.time()), or with authority.podTls(...), and close them later");
    }
  }

  private void renew() {
    refusal = null;
    unavailableUntil = Instant.MIN;
    time.moveTimers(LIFETIME);
  }

  /**
   * Replaces the CA as an operator does: handles trust the new one beside the old one, then have
   * their certificates renewed by the new one, then the old one is withdrawn. Returns when the new
   * certificates are in use. Ends refusals and outages.
   *
   * @param overlap after how much of {@link #time()} the old CA is withdrawn, counted from the
   *     return of this call; zero: before it returns
   * @throws IllegalArgumentException if it is negative
   */
  public void rotateCa(Duration overlap) {
    if (requireNonNull(overlap, "overlap").isNegative()) {
      throw new IllegalArgumentException("overlap is negative: " + overlap);
    }
    X509Certificate old = ca.certificate();
    TestCa next = TestCa.root("podtls test CA");
    trust.add(next.certificate());
    time.moveTimers(REACTION);
    ca = next;
    renew();
    if (overlap.isZero()) {
      trust.remove(old);
      time.moveTimers(REACTION);
    } else {
      var unused = time.schedule(() -> trust.remove(old), overlap.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /**
   * Lets every certificate issued so far expire by {@link #time()}, whose wall clock moves past
   * their end. This authority is unavailable until {@link #rotate()}: handles are not ready, and
   * their listeners have been called.
   */
  public void expire() {
    unavailableUntil = Instant.MAX;
    Duration left = Duration.between(time.instant(), lastNotAfter);
    time.moveWallClock(left.isNegative() ? Duration.ZERO : left.plusSeconds(1));
    time.moveTimers(REACTION);
  }

  /**
   * Denies requests from now on, as an approver does, until {@link #rotate()}.
   *
   * @param reason machine-readable, e.g. {@code PolicyViolation}
   */
  public void deny(String reason) {
    requireNonNull(reason, "reason");
    refusal = request -> new SigningOutcome.Denied(request, reason, "denied by a test");
  }

  /**
   * Fails requests from now on, as a signer does that cannot sign them, until {@link #rotate()}.
   *
   * @param reason machine-readable, e.g. {@code SignerValidationFailure}
   */
  public void fail(String reason) {
    requireNonNull(reason, "reason");
    refusal = request -> new SigningOutcome.Failed(request, reason, "failed by a test");
  }

  /**
   * Makes this authority unreachable; handles try again, 0.2 to 30 s apart.
   *
   * @param outage how long by {@link #time()}, unless {@link #rotate()} ends it; zero or less: not
   *     at all
   */
  public void unavailableFor(Duration outage) {
    unavailableUntil = time.instant().plus(outage);
  }

  /**
   * Moves {@link #time()} on and returns when what falls due meanwhile is done, such as renewals
   * and the end of an overlap.
   *
   * @param by how far
   */
  public void advance(Duration by) {
    time.advance(by);
    time.moveTimers(REACTION);
  }

  /** Stops {@link #time()}; handles on it are to be closed before. */
  @Override
  public void close() {
    time.shutdown();
  }

  private SigningOutcome decide(PendingIdentity pending, String request) {
    if (time.instant().isBefore(unavailableUntil)) {
      throw new SignerUnavailableException(request + ": made unavailable by a test", null);
    }
    Function<String, SigningOutcome> refused = refusal;
    if (refused != null) {
      return refused.apply(request);
    }
    List<X509Certificate> chain = sign(pending);
    issued.incrementAndGet();
    return new SigningOutcome.Issued(request, chain);
  }

  /** Decides at the first step of an attempt. */
  private final class Signer implements CertificateSigner {
    @Override
    public Attempt begin(PendingIdentity pending, Runnable wakeUp) {
      String request = "test request " + requests.incrementAndGet();
      return new Attempt() {
        @Override
        public SigningOutcome advance() {
          return decide(pending, request);
        }

        @Override
        public void close() {}
      };
    }
  }

  /** The CAs that are in force, with a hint at each change. */
  private static final class Trust implements TrustBundleSource {
    private final List<X509Certificate> anchors = new CopyOnWriteArrayList<>();
    private final List<Runnable> hints = new CopyOnWriteArrayList<>();

    void add(X509Certificate anchor) {
      anchors.add(anchor);
      hints.forEach(Runnable::run);
    }

    void remove(X509Certificate anchor) {
      anchors.remove(anchor);
      hints.forEach(Runnable::run);
    }

    @Override
    public TrustBundle load() {
      return TrustBundle.of(anchors);
    }

    @Override
    public String description() {
      return "the test authority's CA";
    }

    @Override
    public AutoCloseable onChange(Runnable hint) {
      hints.add(hint);
      return () -> hints.remove(hint);
    }
  }
}
