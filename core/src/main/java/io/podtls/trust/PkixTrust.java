package io.podtls.trust;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Set;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** The JDK's PKIX trust manager over a given set of anchors. */
final class PkixTrust {
  private PkixTrust() {}

  static X509ExtendedTrustManager over(Set<X509Certificate> anchors) {
    return in(storeOf(anchors));
  }

  /** Trusts what the store says; null for the JVM's own roots. */
  static X509ExtendedTrustManager in(@Nullable KeyStore store) {
    try {
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(store);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509ExtendedTrustManager extended) {
          return extended;
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK's PKIX trust manager cannot be made", e);
    }
    throw new IllegalStateException("the JDK's PKIX trust manager is not an extended one");
  }

  static KeyStore storeOf(Collection<X509Certificate> anchors) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int number = 0;
      for (X509Certificate anchor : anchors) {
        store.setCertificateEntry("ca-" + ++number, anchor);
      }
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("the JDK has no PKCS#12", e);
    }
  }
}
