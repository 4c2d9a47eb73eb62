package io.podtls.trust;

import java.nio.file.Path;
import javax.net.ssl.SSLContext;

/** A place that a trust bundle comes from, read anew at each {@link #load()}. */
public interface TrustBundleSource {
  /**
   * Reads the bundle as it is now; throws InvalidMaterialException or SignerUnavailableException
   * (an API-backed source).
   */
  TrustBundle load();

  /** Where the bundle comes from, e.g. the path, for messages. */
  String description();

  /**
   * Asks for hints that the bundle may have changed; an accelerator, polling stays in charge. The
   * default gives none. Closing the result ends the hints.
   */
  default AutoCloseable onChange(Runnable hint) {
    return () -> {};
  }

  /** Trusts the bundle as it is now; for a context that follows changes use PodTls. */
  default SSLContext sslContext() {
    return load().sslContext();
  }

  static TrustBundleSource clusterCa() {
    return pemFile(Path.of("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"));
  }

  static TrustBundleSource pemFile(Path file) {
    throw new UnsupportedOperationException();
  }

  static TrustBundleSource fixed(TrustBundle bundle) {
    throw new UnsupportedOperationException();
  }

  /** The union of several sources. */
  static TrustBundleSource combined(TrustBundleSource first, TrustBundleSource... others) {
    throw new UnsupportedOperationException();
  }

  /** The JVM's own roots; only when asked for by this name. */
  static TrustBundleSource jvmRoots() {
    throw new UnsupportedOperationException();
  }
}
