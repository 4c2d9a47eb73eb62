package io.podtls.examples.clustersigner;

import java.time.Duration;

/**
 * The times by which the certificates of an old and a new CA overlap.
 *
 * @param publishAhead how long a new CA is published before it signs; longer than a changed
 *     ConfigMap takes to reach every pod, which is one or two minutes
 * @param longestLeaf the longest lifetime of a certificate of the old CA, which stays published for
 *     as long
 */
record RotationTimes(Duration publishAhead, Duration longestLeaf) {
  RotationTimes {
    if (publishAhead.isNegative() || longestLeaf.isNegative()) {
      throw new IllegalArgumentException("negative: " + publishAhead + ", " + longestLeaf);
    }
  }
}
