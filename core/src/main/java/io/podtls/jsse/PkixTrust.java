package io.podtls.jsse;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** The JDK's PKIX trust manager. */
public final class PkixTrust {
  private PkixTrust() {}

  /** Where a factory takes its anchors from. */
  private interface Anchors {
    void into(TrustManagerFactory factory) throws GeneralSecurityException;
  }

  /** Trusts the anchors, by the system's clock. */
  public static X509ExtendedTrustManager over(Collection<X509Certificate> anchors) {
    KeyStore store = storeOf(anchors);
    return manager(factory -> factory.init(store));
  }

  /** Trusts the anchors, as of the given moment. */
  public static X509ExtendedTrustManager over(Collection<X509Certificate> anchors, Instant at) {
    Set<TrustAnchor> trusted =
        anchors.stream()
            .map(certificate -> new TrustAnchor(certificate, null))
            .collect(Collectors.toSet());
    return manager(
        factory -> {
          PKIXBuilderParameters parameters =
              new PKIXBuilderParameters(trusted, new X509CertSelector());
          parameters.setDate(Date.from(at));
          parameters.setRevocationEnabled(false);
          factory.init(new CertPathTrustManagerParameters(parameters));
        });
  }

  /** Trusts the JVM's own roots. */
  public static X509ExtendedTrustManager overJvmRoots() {
    return manager(factory -> factory.init((KeyStore) null));
  }

  private static X509ExtendedTrustManager manager(Anchors anchors) {
    try {
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      anchors.into(factory);
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

  /** Returns a new store that holds the anchors as {@code ca-1}, {@code ca-2}, and so on. */
  public static KeyStore storeOf(Collection<X509Certificate> anchors) {
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
