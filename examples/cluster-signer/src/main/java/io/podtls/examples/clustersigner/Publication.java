package io.podtls.examples.clustersigner;

/** Where the CA certificates are published, and what of them is kept. */
interface Publication {
  /** What is published. */
  AnchorHistory read();

  /**
   * Publishes, where something else is published; what was read since must not be overwritten.
   *
   * @throws RuntimeException if the history could not be kept
   */
  void publish(AnchorHistory history);
}
