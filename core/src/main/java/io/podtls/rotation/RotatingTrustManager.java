package io.podtls.rotation;

import io.podtls.jsse.ForwardingTrustManager;
import io.podtls.jsse.PresentedChain;
import java.security.cert.CertificateException;
import java.util.function.Supplier;

/**
 * For frameworks that need a trust manager; {@link Rotation#sslContext()} does not use it. Checks a
 * peer with the current generation's trust manager, or always with that of one given generation.
 */
final class RotatingTrustManager extends ForwardingTrustManager {

  private final Supplier<Generation> generations;
  private final Epochs epochs;

  /**
   * @param generations throws {@link IllegalStateException} if there is none, or none any more
   */
  RotatingTrustManager(Supplier<Generation> generations, Epochs epochs) {
    this.generations = generations;
    this.epochs = epochs;
  }

  @Override
  protected void check(PresentedChain presented) throws CertificateException {
    Generation generation = now();
    presented.checkWith(generation.trustManager());
    epochs.joins(presented.session(), generation.number());
  }

  private Generation now() throws CertificateException {
    try {
      return generations.get();
    } catch (IllegalStateException e) {
      // JSSE turns a CertificateException into an alert; a RuntimeException would reach the caller.
      throw new CertificateException(e.getMessage(), e);
    }
  }
}
