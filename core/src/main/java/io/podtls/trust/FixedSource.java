package io.podtls.trust;

import java.time.Duration;

/** One bundle for ever. */
record FixedSource(TrustBundle bundle) implements TrustBundleSource {

  @Override
  public TrustBundle load() {
    return bundle;
  }

  @Override
  public String description() {
    return bundle.toString();
  }

  @Override
  public Duration pollInterval() {
    return Duration.ZERO;
  }

  @Override
  public String toString() {
    return description();
  }
}
