package io.podtls.tomcat;

import io.podtls.Generation;
import io.podtls.PodTls;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import org.apache.tomcat.util.net.SSLContext;

/** Tomcat's view of a handle. Tomcat makes one engine per connection. */
final class HandleContext implements SSLContext {

  private final PodTls tls;

  HandleContext(PodTls tls) {
    this.tls = tls;
  }

  /** Does nothing: the handle has its managers. */
  @Override
  public void init(KeyManager[] keys, TrustManager[] trust, SecureRandom random) {}

  /** Does nothing: the handle is the caller's. */
  @Override
  public void destroy() {}

  @Override
  public SSLEngine createSSLEngine() {
    return tls.sslContext().createSSLEngine();
  }

  @Override
  public SSLServerSocketFactory getServerSocketFactory() {
    return tls.sslContext().getServerSocketFactory();
  }

  @Override
  public SSLSessionContext getServerSessionContext() {
    return tls.sslContext().getServerSessionContext();
  }

  @Override
  public SSLParameters getSupportedSSLParameters() {
    return tls.sslContext().getSupportedSSLParameters();
  }

  /** Returns the chain in use, for Tomcat's log and manager; none before the first generation. */
  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return current()
        .flatMap(Generation::identity)
        .map(identity -> identity.chain().toArray(X509Certificate[]::new))
        .orElseGet(() -> new X509Certificate[0]);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return current()
        .map(generation -> generation.trust().certificates().toArray(X509Certificate[]::new))
        .orElseGet(() -> new X509Certificate[0]);
  }

  private Optional<Generation> current() {
    return tls.status().generation() == 0 ? Optional.empty() : Optional.of(tls.generation());
  }
}
