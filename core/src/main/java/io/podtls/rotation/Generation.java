package io.podtls.rotation;

import io.podtls.identity.TlsIdentity;
import io.podtls.jsse.Contexts;
import io.podtls.jsse.PeersTrustManager;
import io.podtls.jsse.PkixTrust;
import io.podtls.jsse.RefusalLog;
import io.podtls.peer.Peers;
import io.podtls.trust.TrustBundle;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * An identity, a trust bundle and the SSLContext made of the two: what a handshake sees from its
 * first message to its last.
 *
 * <p>Each generation has an SSLContext of its own because session caches and ticket keys belong to
 * one: a session that was made under an anchor that has been removed since cannot be resumed with a
 * later generation (RFC 8446 4.6.1 lets a resumed session go without any certificate).
 *
 * <p><b>Thread safety:</b> immutable for its users.
 */
public final class Generation {

  private final long number;
  private final Optional<TlsIdentity> identity;
  private final TrustBundle trust;
  private final X509ExtendedTrustManager trustManager;
  private final SSLContext sslContext;
  private volatile boolean lent;

  Generation(
      long number,
      Optional<TlsIdentity> identity,
      TrustBundle trust,
      Peers peers,
      RefusalLog refusals) {
    this.number = number;
    this.identity = identity;
    this.trust = trust;
    this.trustManager =
        new PeersTrustManager(PkixTrust.over(trust.certificates()), peers, refusals);
    this.sslContext =
        Contexts.of(
            identity.stream().map(TlsIdentity::keyManager).toArray(KeyManager[]::new),
            trustManager);
  }

  /** Returns which generation of its rotation this is: 1, 2, 3 and so on. */
  public long number() {
    return number;
  }

  /** Returns the identity shown to peers; empty for a client that only trusts. */
  public Optional<TlsIdentity> identity() {
    return identity;
  }

  /** Returns the trust of this generation. */
  public TrustBundle trust() {
    return trust;
  }

  /** Returns what decides about chains and about peers in this generation's handshakes. */
  public X509ExtendedTrustManager trustManager() {
    return trustManager;
  }

  /** Returns this generation's own context, which never changes and knows no other generation. */
  public SSLContext sslContext() {
    return sslContext;
  }

  /** The alias in a key manager that serves several generations. */
  String alias() {
    return Long.toString(number);
  }

  /** Notes that a caller has the alias and will ask for its key. */
  void lend() {
    lent = true;
  }

  boolean isLent() {
    return lent;
  }

  Optional<X509Certificate> leaf() {
    return identity.map(TlsIdentity::leaf);
  }

  /** The number and, where there is one, the identity in words; never a key. */
  @Override
  public String toString() {
    return "generation " + number + identity.map(own -> " (" + own + ")").orElse("");
  }
}
