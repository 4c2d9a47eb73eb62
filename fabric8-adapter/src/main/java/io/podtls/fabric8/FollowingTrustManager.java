package io.podtls.fabric8;

import io.podtls.failure.PodTlsException;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts what a source holds at the time of each handshake, and nothing else. A source that cannot
 * be read any more leaves what it last held.
 *
 * <p>Connections to an API server are few and long, so the source is read for each handshake.
 *
 * <p>Thread safety: safe for use by many handshakes at once.
 */
final class FollowingTrustManager extends X509ExtendedTrustManager {

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
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    now().checkServerTrusted(chain, authType, engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    now().checkServerTrusted(chain, authType, socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    now().checkServerTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    now().checkClientTrusted(chain, authType, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    now().checkClientTrusted(chain, authType, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    now().checkClientTrusted(chain, authType);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return now().getAcceptedIssuers();
  }
}
