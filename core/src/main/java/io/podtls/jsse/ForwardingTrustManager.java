package io.podtls.jsse;

import io.podtls.jsse.PresentedChain.Role;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A trust manager that asks other ones: JSSE's six questions as one.
 *
 * <p>A refusal is a {@link CertificateException}, which JSSE turns into a fatal alert.
 */
public abstract class ForwardingTrustManager extends X509ExtendedTrustManager {

  /**
   * Decides about a chain.
   *
   * @throws CertificateException if it is refused
   */
  protected abstract void check(PresentedChain presented) throws CertificateException;

  /**
   * Returns an empty array, whatever is trusted. A server sends these names to its clients, which
   * then show a certificate of one of these CAs or none; an empty list means any (RFC 8446 4.2.4,
   * RFC 5246 7.4.4). A TLS stack that reads the names once, when a context is built, as BoringSSL's
   * does, would go on naming the CAs of that day after the CA was replaced, and clients would send
   * no certificate any more.
   */
  @Override
  public final X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }

  @Override
  public final void checkClientTrusted(
      X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    check(
        new PresentedChain(
            chain,
            authType,
            Role.CLIENT,
            socket,
            manager -> manager.checkClientTrusted(chain, authType, socket)));
  }

  @Override
  public final void checkClientTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    check(
        new PresentedChain(
            chain,
            authType,
            Role.CLIENT,
            engine,
            manager -> manager.checkClientTrusted(chain, authType, engine)));
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(
        new PresentedChain(
            chain,
            authType,
            Role.CLIENT,
            null,
            manager -> manager.checkClientTrusted(chain, authType)));
  }

  @Override
  public final void checkServerTrusted(
      X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    check(
        new PresentedChain(
            chain,
            authType,
            Role.SERVER,
            socket,
            manager -> manager.checkServerTrusted(chain, authType, socket)));
  }

  @Override
  public final void checkServerTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    check(
        new PresentedChain(
            chain,
            authType,
            Role.SERVER,
            engine,
            manager -> manager.checkServerTrusted(chain, authType, engine)));
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(
        new PresentedChain(
            chain,
            authType,
            Role.SERVER,
            null,
            manager -> manager.checkServerTrusted(chain, authType)));
  }
}
