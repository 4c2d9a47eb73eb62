package io.podtls.fabric8;

import io.podtls.failure.PodTlsException;
import io.podtls.jsse.ForwardingTrustManager;
import io.podtls.jsse.PresentedChain;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.security.cert.CertificateException;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts what a source holds at the time of each handshake, and nothing else. A source that cannot
 * be read any more leaves what it last held.
 *
 * <p>Connections to an API server are few and long, so the source is read for each handshake.
 *
 * <p>Thread safety: safe for use by many handshakes at once.
 */
final class FollowingTrustManager extends ForwardingTrustManager {

  private static final System.Logger LOG = System.getLogger("io.podtls");

  private final TrustBundleSource source;
  private TrustBundle bundle;
  private X509ExtendedTrustManager trust;

  FollowingTrustManager(TrustBundleSource source) {
    this.source = source;
    this.bundle = source.load();
    this.trust = bundle.trustManager();
  }

  private synchronized X509ExtendedTrustManager now() {
    try {
      TrustBundle found = source.load();
      if (!found.equals(bundle)) {
        trust = found.trustManager();
        bundle = found;
      }
    } catch (PodTlsException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          () -> source.description() + " cannot be read; what it last held is still trusted",
          e);
    }
    return trust;
  }

  @Override
  protected void check(PresentedChain presented) throws CertificateException {
    presented.checkWith(now());
  }
}
