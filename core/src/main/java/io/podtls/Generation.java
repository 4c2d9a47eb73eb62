package io.podtls;

import io.podtls.identity.TlsIdentity;
import io.podtls.trust.TrustBundle;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * One generation of a handle: an identity, the trust that goes with it, and what JSSE needs of the
 * two. It never changes: after a renewal or a change of trust the handle has another one.
 *
 * <p>An interface, so that an application's tests can pass a generation of their own to what they
 * give to {@link PodTls#perGeneration}.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public interface Generation {

  /** Returns the number of this generation within its handle: 1, 2, 3 and so on. */
  long number();

  /**
   * Returns the identity that peers are shown.
   *
   * @return the identity, which may have expired; empty for a client that shows no certificate
   */
  Optional<TlsIdentity> identity();

  /**
   * Returns the trust in force. Shortly after an anchor was withdrawn that this handle's own
   * certificate needs, it still holds that anchor; see {@link PodTls.TrustStep#trusting}.
   */
  TrustBundle trust();

  /** Returns the context of this generation, for connections that must not outlive it. */
  SSLContext sslContext();

  /**
   * Returns a key manager of this generation. It offers nothing if there is no identity, and after
   * the handle is closed.
   */
  X509ExtendedKeyManager keyManager();

  /**
   * Returns a trust manager of this generation, which checks the peers' names too. It accepts no
   * peer after the handle is closed.
   */
  X509ExtendedTrustManager trustManager();
}
