package io.podtls.rotation;

import java.security.KeyManagementException;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The one context that an application keeps: every engine and socket made through it is the current
 * generation's own. It claims the provider of the contexts behind it, because that is whose engines
 * and sockets it hands out; nothing is registered.
 */
final class RotatingContext extends SSLContext {

  RotatingContext(Rotation rotation, SSLContext settings) {
    super(new Spi(rotation, settings), settings.getProvider(), settings.getProtocol());
  }

  private static final class Spi extends SSLContextSpi {
    private final Rotation rotation;
    private final SSLContext settings;
    private final SSLSocketFactory socketFactory;
    private final SSLServerSocketFactory serverSocketFactory;
    private final SSLSessionContext serverSessions;
    private final SSLSessionContext clientSessions;

    /** {@code settings} is a context without keys and trust: it holds what outlives generations. */
    Spi(Rotation rotation, SSLContext settings) {
      this.rotation = rotation;
      this.settings = settings;
      // One object each: HttpsURLConnection reuses connections by the identity of the factory.
      this.socketFactory = new RotatingSocketFactory(rotation, settings.getSocketFactory());
      this.serverSocketFactory =
          new RotatingServerSocketFactory(rotation, settings.getServerSocketFactory());
      this.serverSessions =
          new RotatingSessionContext(rotation, SSLContext::getServerSessionContext);
      this.clientSessions =
          new RotatingSessionContext(rotation, SSLContext::getClientSessionContext);
    }

    @Override
    protected void engineInit(
        KeyManager @Nullable [] keys,
        TrustManager @Nullable [] trust,
        @Nullable SecureRandom random)
        throws KeyManagementException {
      throw new KeyManagementException(
          "this context follows its rotation's identity and trust; it cannot be given others");
    }

    @Override
    protected SSLEngine engineCreateSSLEngine() {
      return rotation.open().sslContext().createSSLEngine();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String host, int port) {
      return rotation.open().sslContext().createSSLEngine(host, port);
    }

    @Override
    protected SSLSocketFactory engineGetSocketFactory() {
      return socketFactory;
    }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() {
      return serverSocketFactory;
    }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() {
      return serverSessions;
    }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() {
      return clientSessions;
    }

    @Override
    protected SSLParameters engineGetDefaultSSLParameters() {
      return settings.getDefaultSSLParameters();
    }

    @Override
    protected SSLParameters engineGetSupportedSSLParameters() {
      return settings.getSupportedSSLParameters();
    }
  }
}
