package io.podtls.trust;

import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.peer.Peers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;

/**
 * A place that a trust bundle comes from, read again at each {@link #load()}.
 *
 * <p><b>Thread safety:</b> implementations are safe for use by several threads; those made here
 * are.
 */
public interface TrustBundleSource {

  /**
   * Reads the bundle as it is now. While nothing has changed, the result equals the last one.
   *
   * @return the bundle, never an empty one
   * @throws InvalidMaterialException if what is there is no trust bundle: missing, empty,
   *     truncated, garbage; the message names the place and what was found
   * @throws io.podtls.failure.SignerUnavailableException if the place is behind an API that does
   *     not answer
   */
  TrustBundle load();

  /**
   * Returns where the bundle comes from, for messages.
   *
   * @return e.g. the file's path
   */
  String description();

  /**
   * Returns what may surprise a user of this source, each as a sentence: for a file mounted through
   * {@code subPath}, that it will never be seen to change. The same is logged once as a WARNING
   * when a source made here is first loaded.
   *
   * @return the warnings, none by default
   */
  default List<String> warnings() {
    return List.of();
  }

  /**
   * Returns how often it makes sense to ask for changes: {@link #load()} at this interval is cheap.
   *
   * @return an interval, not negative; zero for a source that never changes; a minute by default, a
   *     second for a file
   */
  default Duration pollInterval() {
    return Duration.ofMinutes(1);
  }

  /**
   * Returns the sources that this one is the union of, for callers that follow each at its own
   * interval.
   *
   * @return at least one, itself by default
   */
  default List<TrustBundleSource> parts() {
    return List.of(this);
  }

  /**
   * Asks for hints that the bundle may have changed. Hints are an accelerator and may be missing,
   * late or wrong: polling stays in charge. The default gives none.
   *
   * @param hint run at each hint, on a thread of the source's choice; must not block
   * @return ends the hints when closed
   */
  default AutoCloseable onChange(Runnable hint) {
    requireNonNull(hint, "hint");
    return () -> {};
  }

  /**
   * Returns a client context that trusts the bundle as it is now. A server must show a certificate
   * for the host of the call. The context does not follow changes; for one that does, use PodTls.
   *
   * @return a new context: this trust and no key
   * @throws InvalidMaterialException as {@link #load()}
   */
  default SSLContext sslContext() {
    return load().sslContext();
  }

  /**
   * Returns a client context that trusts the bundle as it is now, as {@link #sslContext()} does.
   *
   * @param peers who may be at the other end, see {@link TrustBundle#sslContext(Peers)}
   * @return a new context: this trust and no key
   * @throws InvalidMaterialException as {@link #load()}
   */
  default SSLContext sslContext(Peers peers) {
    return load().sslContext(peers);
  }

  /**
   * The cluster's CA bundle that comes with a service account: {@code
   * /var/run/secrets/kubernetes.io/serviceaccount/ca.crt}.
   *
   * <p>Kubernetes promises that it verifies the API server. In many clusters it also verifies
   * certificates of the built-in signers; whether it verifies your peers is the operator's to say.
   *
   * @return the source; nothing is read yet
   */
  static TrustBundleSource clusterCa() {
    return PemFileSource.clusterCa();
  }

  /**
   * A PEM file: a mounted ConfigMap, a ClusterTrustBundle projection, a file of the image. Reads
   * through the {@code ..data} link of Kubernetes volumes, so that a swap is seen whole.
   *
   * @param file the file; need not exist before {@link #load()}
   * @return the source; nothing is read yet
   */
  static TrustBundleSource pemFile(Path file) {
    return PemFileSource.of(file);
  }

  /**
   * A bundle that never changes.
   *
   * @param bundle the bundle
   * @return the source
   */
  static TrustBundleSource fixed(TrustBundle bundle) {
    return new FixedSource(requireNonNull(bundle, "bundle"));
  }

  /**
   * The union of several sources. It fails if one of them does: a part that cannot be read is not
   * the same as a part without certificates. A handle reads each part at its own interval, and all
   * of them at a hint of one.
   *
   * @param first a source
   * @param others more of them
   * @return the source; nothing is read yet
   */
  static TrustBundleSource combined(TrustBundleSource first, TrustBundleSource... others) {
    List<TrustBundleSource> parts = new ArrayList<>();
    parts.add(requireNonNull(first, "first"));
    for (TrustBundleSource other : others) {
      parts.add(requireNonNull(other, "others"));
    }
    return new CombinedSource(parts);
  }

  /**
   * The JVM's own roots (its {@code cacerts}, or what {@code javax.net.ssl.trustStore} names): the
   * public web's authorities. Nothing else in this library falls back to them.
   *
   * @return the source; nothing is read yet
   */
  static TrustBundleSource jvmRoots() {
    return new JvmRootsSource();
  }
}
