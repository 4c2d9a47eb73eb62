package io.podtls.trust;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.jsse.PkixTrust;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The roots that the JDK's own default trust manager accepts, read once. */
final class JvmRootsSource implements TrustBundleSource {

  private volatile @Nullable TrustBundle roots;

  @Override
  public TrustBundle load() {
    TrustBundle known = roots;
    if (known == null) {
      known = read();
      roots = known;
    }
    return known;
  }

  private TrustBundle read() {
    X509Certificate[] accepted;
    try {
      accepted = PkixTrust.overJvmRoots().getAcceptedIssuers();
    } catch (IllegalStateException e) {
      throw new InvalidMaterialException(description(), "cannot be read", e);
    }
    if (accepted.length == 0) {
      throw new InvalidMaterialException(description(), "hold no certificate", null);
    }
    return TrustBundle.of(List.of(accepted));
  }

  @Override
  public String description() {
    return "the JVM's own roots";
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
