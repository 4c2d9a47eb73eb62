package io.podtls.examples.clustersigner;

import java.time.Duration;

/**
 * How the certificates of an old and a new CA overlap.
 *
 * @param publishAhead how long a new CA is published before it signs; longer than it takes until a
 *     changed ConfigMap has reached every pod, which is one or two minutes
 * @param longestLeaf the longest lifetime of what the old CA signed: for so long it stays published
 */
record RotationTimes(Duration publishAhead, Duration longestLeaf) {
  RotationTimes {
    if (publishAhead.isNegative() || longestLeaf.isNegative()) {
      throw new IllegalArgumentException("negative: " + publishAhead + ", " + longestLeaf);
    }
  }
}
