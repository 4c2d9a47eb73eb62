package io.podtls.rotation;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** The current generation's trust, asked anew at each call. */
final class RotatingTrustManager extends X509ExtendedTrustManager {

  private final Rotation rotation;

  RotatingTrustManager(Rotation rotation) {
    this.rotation = rotation;
  }

  private Generation now() throws CertificateException {
    try {
      return rotation.open();
    } catch (IllegalStateException e) {
      // A checked answer ends the handshake with an alert; an unchecked one would end the thread.
      throw new CertificateException(e.getMessage(), e);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    now().trust().trustManager().checkClientTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    now().trust().trustManager().checkServerTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    Generation generation = now();
    generation.trust().trustManager().checkClientTrusted(chain, authType, socket);
    rotation.epochs().joins(socket, generation.number());
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    Generation generation = now();
    generation.trust().trustManager().checkServerTrusted(chain, authType, socket);
    rotation.epochs().joins(socket, generation.number());
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    Generation generation = now();
    generation.trust().trustManager().checkClientTrusted(chain, authType, engine);
    rotation.epochs().joins(engine, generation.number());
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    Generation generation = now();
    generation.trust().trustManager().checkServerTrusted(chain, authType, engine);
    rotation.epochs().joins(engine, generation.number());
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    try {
      return now().trust().trustManager().getAcceptedIssuers();
    } catch (CertificateException e) {
      return new X509Certificate[0];
    }
  }
}
