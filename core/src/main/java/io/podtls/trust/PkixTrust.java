package io.podtls.trust;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** The JDK's PKIX trust manager over a given set of anchors; null for the JVM's own roots. */
final class PkixTrust {
  private PkixTrust() {}

  static X509ExtendedTrustManager in(@Nullable KeyStore anchors) {
    try {
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(anchors);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509ExtendedTrustManager extended) {
          return extended;
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK has no PKIX trust manager", e);
    }
    throw new IllegalStateException("the JDK's PKIX trust manager is not an extended one");
  }
}
