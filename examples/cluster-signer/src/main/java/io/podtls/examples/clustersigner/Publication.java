package io.podtls.examples.clustersigner;

import java.util.List;

/** The places where the CA certificates are published, and their history. */
interface Publication {
  /** Reads the history of what is published. */
  AnchorHistory read();

  /**
   * Publishes the anchors of a history wherever something else is published. Never overwrites what
   * another replica has written since the last read.
   *
   * @return what could not be published where, empty if everything was
   * @throws RuntimeException if the history itself could not be written
   */
  List<String> publish(AnchorHistory history);
}
