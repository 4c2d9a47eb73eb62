package io.podtls.rotation;

import io.podtls.jsse.ForwardingTrustManager;
import io.podtls.jsse.PresentedChain;
import java.security.cert.CertificateException;

/** The trust of the generation that is current at each check. */
final class RotatingTrustManager extends ForwardingTrustManager {

  private final Rotation rotation;

  RotatingTrustManager(Rotation rotation) {
    this.rotation = rotation;
  }

  @Override
  protected void check(PresentedChain presented) throws CertificateException {
    Generation generation = now();
    presented.checkWith(generation.trustManager());
    rotation.epochs().joins(presented.session(), generation.number());
  }

  private Generation now() throws CertificateException {
    try {
      return rotation.open();
    } catch (IllegalStateException e) {
      // A checked answer ends the handshake with an alert; an unchecked one would end the thread.
      throw new CertificateException(e.getMessage(), e);
    }
  }
}
