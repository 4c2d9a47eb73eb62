package io.podtls.jsse;

import java.security.GeneralSecurityException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** The JDK's TLS contexts. */
public final class Contexts {
  private Contexts() {}

  /**
   * Returns a new context with the JDK's default protocols.
   *
   * @param keys what to show; none for a client without a certificate
   * @param trust decides about peers; without a trust manager none is accepted
   */
  public static SSLContext of(KeyManager[] keys, TrustManager... trust) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM cannot make a TLS context", e);
    }
  }
}
