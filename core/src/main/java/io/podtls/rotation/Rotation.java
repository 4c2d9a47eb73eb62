package io.podtls.rotation;

import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.identity.TlsIdentity;
import io.podtls.jsse.Contexts;
import io.podtls.jsse.RefusalLog;
import io.podtls.peer.PeerNames;
import io.podtls.peer.Peers;
import io.podtls.trust.TrustBundle;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Generations of identity and trust behind one SSLContext that never changes. A new generation
 * replaces the old one atomically. A running handshake finishes with its old generation; open
 * connections are not affected.
 *
 * <p>Prefer {@link #sslContext()}. {@link #keyManager()} and {@link #trustManager()} are for
 * frameworks that insist on making a context of their own; that one context keeps its sessions over
 * generations, so that a withdrawn anchor takes effect there on full handshakes only.
 *
 * <p><b>Thread safety:</b> safe for use by any number of threads; activations wait for each other,
 * handshakes do not wait.
 */
public final class Rotation implements AutoCloseable {

  /** How long the key manager still returns the key of a replaced generation. */
  static final Duration RETENTION = Duration.ofMinutes(10);

  private final InstantSource clock;
  private final Peers peers;
  private final RefusalLog refusals;
  private final Object lock = new Object();
  private final Epochs epochs = new Epochs();

  /** No key, no trust: holds session settings and defaults, which outlive generations. */
  private final SSLContext settings = Contexts.of(new KeyManager[0]);

  private final SSLContext sslContext = new RotatingContext(this, settings);
  private final X509ExtendedKeyManager keyManager =
      new RotatingKeyManager(this::lend, this::lent, epochs);
  private final X509ExtendedTrustManager trustManager =
      new RotatingTrustManager(this::open, epochs);

  /** By alias. */
  private final Map<String, Superseded> superseded = new ConcurrentHashMap<>();

  private volatile @Nullable Generation current;
  private volatile @Nullable String closed;
  private volatile Supplier<String> beforeTheFirst = () -> "no generation has been activated yet";

  private record Superseded(Generation generation, Instant since) {}

  /**
   * Makes a rotation without a generation.
   *
   * @param clock decides whether a certificate is valid when it is activated, and when a superseded
   *     generation is forgotten
   * @param peers who may be at the other end, in each generation
   * @param refused called with the names and the reason when a peer is not let in, by the thread of
   *     the handshake: at most once per minute per peer, and for at most 20 peers per minute
   */
  public Rotation(InstantSource clock, Peers peers, BiConsumer<PeerNames, String> refused) {
    this.clock = requireNonNull(clock, "clock");
    this.peers = requireNonNull(peers, "peers");
    this.refusals = new RefusalLog(clock, refused);
  }

  /**
   * Makes the next generation, lets it prove itself, and puts it in place. On any failure the
   * current generation stays and no number is used up.
   *
   * <p>The proof: the leaf is valid now by this rotation's clock (a notBefore up to 60 s ahead is
   * taken for clock skew) and is for server or client authentication (RFC 5280 4.2.1.12); an
   * in-memory handshake shows that the key signs for the leaf and that the new trust accepts the
   * chain. The chain is also checked against the previous trust. A failure there is only logged: it
   * is expected when a CA is replaced in one step.
   *
   * <p>An identity that is already in use (the same object) is not verified again, so a withdrawn
   * anchor takes effect at once even if this identity's own chain needs it or has expired.
   *
   * @param identity what peers are shown; empty for a client that only trusts
   * @param trust the anchors that peers' chains must lead to
   * @return the new generation, current from now on
   * @throws InvalidCertificateException if the identity is expired, not yet valid, not for TLS, not
   *     accepted by {@code trust}, or its key does not work
   * @throws IllegalStateException after {@link #close()}
   */
  public Generation activate(Optional<TlsIdentity> identity, TrustBundle trust) {
    requireNonNull(identity, "identity");
    requireNonNull(trust, "trust");
    synchronized (lock) {
      refuseIfClosed();
      Generation previous = current;
      long number = previous == null ? 1 : previous.number() + 1;
      Generation next = new Generation(number, identity, trust, peers, refusals);
      Instant now = clock.instant();
      if (previous == null || !identity.equals(previous.identity())) {
        SelfProbe.prove(next, Optional.ofNullable(previous), now);
      }
      carrySettings(next.sslContext());
      epochs.made(next);
      if (previous == null) {
        current = next;
      } else {
        // Add to superseded before changing current, so that lent() always finds an alias's
        // generation.
        superseded.put(previous.alias(), new Superseded(previous, now));
        current = next;
        if (!previous.isLent()) {
          superseded.remove(previous.alias());
        }
      }
      forgetOld(now);
      return next;
    }
  }

  /**
   * Returns the generation that new handshakes use.
   *
   * @throws IllegalStateException before the first {@link #activate}
   */
  public Generation current() {
    Generation generation = current;
    if (generation == null) {
      throw new IllegalStateException(beforeTheFirst.get());
    }
    return generation;
  }

  /** Returns the generation that new handshakes use, empty before the first one. */
  public Optional<Generation> inUse() {
    return Optional.ofNullable(current);
  }

  /**
   * Returns the context that follows the current generation, the same object at each call. Its
   * engines and sockets are the JDK's own, made by the generation that is current when they are
   * made; so are those of factories and the connections of server sockets that were taken from it
   * earlier. Session timeout and cache size set on its session contexts hold for later generations
   * too. It cannot be initialised again ({@link java.security.KeyManagementException}).
   *
   * <p>Before the first {@link #activate} and after {@link #close()} making an engine or socket and
   * accepting a connection fail with {@link IllegalStateException}.
   */
  public SSLContext sslContext() {
    return sslContext;
  }

  /**
   * Returns the current generation's key as a key manager, the same object at each call. Aliases
   * are generation numbers and answer until 10 minutes after their generation was superseded, by
   * the rotation's clock; an unknown one answers null. After {@link #close()} no alias is chosen
   * any more.
   */
  public X509ExtendedKeyManager keyManager() {
    return keyManager;
  }

  /**
   * Returns the current generation's trust as a trust manager, the same object at each call. It is
   * asked in full handshakes only: a session resumed by a context that outlives a generation does
   * not consult it, which {@link #sslContext()} avoids. After {@link #close()} it accepts no peer.
   */
  public X509ExtendedTrustManager trustManager() {
    return trustManager;
  }

  /**
   * Returns which generation made a connection, so that those of old generations can be drained.
   * Where a framework's own context mixed two generations in one handshake (key of one, trust of
   * the other), it is the older one.
   *
   * @param session the connection's session after its handshake
   * @return the generation's number; empty if it is not known to be this rotation's
   */
  public OptionalLong generationOf(SSLSession session) {
    requireNonNull(session, "session");
    OptionalLong known = epochs.of(session);
    // A session restored from a foreign context's ticket shows its generation by its certificate
    // only.
    return known.isPresent() ? known : generationShowing(session.getLocalCertificates());
  }

  private OptionalLong generationShowing(Certificate @Nullable [] chain) {
    if (chain == null || chain.length == 0 || !(chain[0] instanceof X509Certificate leaf)) {
      return OptionalLong.empty();
    }
    return Stream.concat(
            Stream.ofNullable(current), superseded.values().stream().map(Superseded::generation))
        .filter(generation -> generation.leaf().filter(leaf::equals).isPresent())
        .max(Comparator.comparingLong(Generation::number))
        .map(generation -> OptionalLong.of(generation.number()))
        .orElseGet(OptionalLong::empty);
  }

  /** Refuses handshakes from now on; connections that stand go on. Idempotent, throws nothing. */
  @Override
  public void close() {
    close("closed: no new TLS handshakes");
  }

  /**
   * As {@link #close()}, with the message of later exceptions. If called twice, the first message
   * is kept.
   */
  public void close(String reason) {
    if (closed == null) {
      closed = reason;
    }
  }

  /** Sets what refusals say before the first generation. */
  public void beforeTheFirst(Supplier<String> reason) {
    beforeTheFirst = reason;
  }

  /**
   * Returns the generation for a handshake that is about to begin.
   *
   * @throws IllegalStateException before the first {@link #activate} and after {@link #close()}
   */
  public Generation open() {
    refuseIfClosed();
    return current();
  }

  private void refuseIfClosed() {
    String reason = closed;
    if (reason != null) {
      throw new IllegalStateException(reason);
    }
  }

  /**
   * Returns a key manager that offers one generation's key only, whatever is current, and after
   * {@link #close()} no key.
   */
  public X509ExtendedKeyManager keyManager(Generation one) {
    return new RotatingKeyManager(
        () -> closed == null ? Optional.of(one) : Optional.empty(),
        alias -> Optional.of(one).filter(same -> same.alias().equals(alias)),
        epochs);
  }

  /**
   * Returns a trust manager that accepts what one generation accepts, whatever is current, and
   * after {@link #close()} no peer.
   */
  public X509ExtendedTrustManager trustManager(Generation one) {
    return new RotatingTrustManager(
        () -> {
          refuseIfClosed();
          return one;
        },
        epochs);
  }

  /**
   * The current generation, whose alias will answer until it is superseded and for a time after.
   */
  Optional<Generation> lend() {
    forgetOld(clock.instant());
    Generation generation = closed == null ? current : null;
    while (generation != null) {
      generation.lend();
      Generation after = current;
      if (after == generation) {
        break;
      }
      // Another thread replaced the generation before it was marked as lent, so it may be gone from
      // superseded. Try the new one.
      generation = after;
    }
    return Optional.ofNullable(generation);
  }

  /** The generation behind an alias. */
  Optional<Generation> lent(String alias) {
    forgetOld(clock.instant());
    Generation generation = current;
    if (generation != null && generation.alias().equals(alias)) {
      return Optional.of(generation);
    }
    return Optional.ofNullable(superseded.get(alias)).map(Superseded::generation);
  }

  private void forgetOld(Instant now) {
    if (!superseded.isEmpty()) {
      superseded.values().removeIf(old -> !now.isBefore(old.since().plus(RETENTION)));
    }
  }

  Epochs epochs() {
    return epochs;
  }

  SSLContext settings() {
    return settings;
  }

  /** Sets something that belongs to contexts, for the current generation and all later ones. */
  void configure(Consumer<SSLContext> setting) {
    synchronized (lock) {
      setting.accept(settings);
      if (current != null) {
        setting.accept(current.sslContext());
      }
    }
  }

  private void carrySettings(SSLContext next) {
    carry(settings.getServerSessionContext(), next.getServerSessionContext());
    carry(settings.getClientSessionContext(), next.getClientSessionContext());
  }

  private static void carry(SSLSessionContext from, SSLSessionContext to) {
    to.setSessionTimeout(from.getSessionTimeout());
    to.setSessionCacheSize(from.getSessionCacheSize());
  }
}
