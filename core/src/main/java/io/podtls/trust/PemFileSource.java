package io.podtls.trust;

import static java.util.Objects.requireNonNull;

import io.podtls.files.FileContents;
import io.podtls.files.StableFiles;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A PEM file, parsed again only if its bytes changed. */
final class PemFileSource implements TrustBundleSource {

  private static final System.Logger LOG = System.getLogger("io.podtls");
  private static final Path CLUSTER_CA =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");

  private record Loaded(FileContents contents, TrustBundle bundle) {}

  private final Path file;
  private final StableFiles files;
  private final AtomicBoolean warned = new AtomicBoolean();
  private volatile @Nullable Loaded last;

  private PemFileSource(Path file, String ifMissing) {
    this.file = requireNonNull(file, "file");
    this.files = StableFiles.of(file).whenMissing(ifMissing);
  }

  static PemFileSource of(Path file) {
    return new PemFileSource(
        file,
        "mount a ConfigMap with the CA bundle as a directory, e.g. kube-root-ca.crt (key ca.crt), or"
            + " project a clusterTrustBundle there");
  }

  static PemFileSource clusterCa() {
    return new PemFileSource(
        CLUSTER_CA,
        "it comes with the pod's service account token: is this process in a pod, and is"
            + " automountServiceAccountToken not false? Else mount ConfigMap kube-root-ca.crt and"
            + " name its ca.crt");
  }

  @Override
  public TrustBundle load() {
    FileContents contents = files.read();
    Loaded known = last;
    if (known == null || !known.contents.equals(contents)) {
      known = new Loaded(contents, TrustBundle.parse(file.toString(), contents.of(file)));
      last = known;
    }
    if (warned.compareAndSet(false, true)) {
      warnings().forEach(warning -> LOG.log(Level.WARNING, () -> warning));
    }
    return known.bundle;
  }

  @Override
  public String description() {
    return file.toString();
  }

  @Override
  public List<String> warnings() {
    return files.warnings();
  }

  @Override
  public Duration pollInterval() {
    return Duration.ofSeconds(1);
  }

  @Override
  public String toString() {
    return description();
  }
}
