package io.podtls.rotation;

import io.podtls.jsse.ForwardingTrustManager;
import io.podtls.jsse.PresentedChain;
import java.security.cert.CertificateException;
import java.util.function.Supplier;

/** The trust of one generation: of the one that is current at each check, or of a fixed one. */
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
      // A checked answer ends the handshake with an alert; an unchecked one would end the thread.
      throw new CertificateException(e.getMessage(), e);
    }
  }
}
