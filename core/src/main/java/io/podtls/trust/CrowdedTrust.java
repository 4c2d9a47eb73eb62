package io.podtls.trust;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's decision over a crowd of anchors, asked first with the one anchor that signed the
 * chain. Only a yes of that counts; everything else is decided, and explained, over all anchors.
 *
 * <p>Safe for use by several threads.
 */
final class CrowdedTrust extends X509ExtendedTrustManager {

  private final X509ExtendedTrustManager all;
  private final CrowdedSubjects crowds;
  private final Map<X509Certificate, X509ExtendedTrustManager> alone = new ConcurrentHashMap<>();

  CrowdedTrust(X509ExtendedTrustManager all, CrowdedSubjects crowds) {
    this.all = all;
    this.crowds = crowds;
  }

  @FunctionalInterface
  private interface Check {
    void by(X509ExtendedTrustManager trust) throws CertificateException;
  }

  private void check(X509Certificate @Nullable [] chain, Check check) throws CertificateException {
    Optional<X509Certificate> anchor =
        chain == null || chain.length == 0 ? Optional.empty() : crowds.anchorOf(chain);
    if (anchor.isPresent()) {
      try {
        check.by(
            alone.computeIfAbsent(
                anchor.get(), found -> PkixTrust.in(PkixTrust.storeOf(Set.of(found)))));
        return;
      } catch (CertificateException e) {
        // Another path may be better, and a refusal should name all that was tried.
      }
    }
    check.by(all);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain, trust -> trust.checkClientTrusted(chain, authType, socket));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain, trust -> trust.checkClientTrusted(chain, authType, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain, trust -> trust.checkClientTrusted(chain, authType));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain, trust -> trust.checkServerTrusted(chain, authType, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain, trust -> trust.checkServerTrusted(chain, authType, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain, trust -> trust.checkServerTrusted(chain, authType));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return all.getAcceptedIssuers();
  }
}
