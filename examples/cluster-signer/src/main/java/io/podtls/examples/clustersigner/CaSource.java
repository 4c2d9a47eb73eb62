package io.podtls.examples.clustersigner;

import io.podtls.examples.signing.CertificateAuthority;

/** The origin of the CA's certificate and key, which is read again from time to time. */
interface CaSource {
  /**
   * Reads the CA as it is now.
   *
   * @throws IllegalStateException if there is none, with what to do about it
   * @throws IllegalArgumentException if what is there cannot be used as a CA
   */
  CertificateAuthority read();

  /** Returns the place, for messages. */
  String description();
}
