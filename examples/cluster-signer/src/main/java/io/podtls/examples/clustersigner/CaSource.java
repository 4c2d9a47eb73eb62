package io.podtls.examples.clustersigner;

import io.podtls.examples.signing.CertificateAuthority;

/** Where the CA's certificate and key come from; read again and again. */
interface CaSource {
  /**
   * Reads the CA as it is now.
   *
   * @throws IllegalStateException if there is none, saying what is to be done
   * @throws IllegalArgumentException if what is there is none
   */
  CertificateAuthority read();

  /** The place, for messages. */
  String description();
}
