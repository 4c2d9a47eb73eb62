package io.podtls.examples.httpsclient;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Finds out which certificates a server shows, after it was not trusted: with a handshake that is
 * broken off as soon as they are there. Nothing is ever sent to such a server.
 */
final class PresentedChain {
  private static final int TIMEOUT_MILLIS = 10_000;

  private PresentedChain() {}

  /** Returns the certificates, leaf first; empty if the server shows none. */
  static List<X509Certificate> of(String host, int port) throws IOException {
    Refusing looker = new Refusing();
    try (Socket connection = new Socket()) {
      connection.connect(new InetSocketAddress(host, port), TIMEOUT_MILLIS);
      connection.setSoTimeout(TIMEOUT_MILLIS);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {looker}, null);
      try (SSLSocket tls =
          (SSLSocket) context.getSocketFactory().createSocket(connection, host, port, true)) {
        tls.startHandshake();
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS", e);
    } catch (IOException e) {
      if (looker.shown.isEmpty()) {
        throw e;
      }
    }
    return looker.shown;
  }

  /** Records what is shown and trusts nothing. */
  private static final class Refusing implements X509TrustManager {
    private volatile List<X509Certificate> shown = List.of();

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
        throws CertificateException {
      shown = List.of(chain);
      throw new CertificateException("only looking");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
        throws CertificateException {
      throw new CertificateException("no server here");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
