package io.podtls.request;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a pod knows of itself. */
public final class PodEnvironment {
  private PodEnvironment() {}

  /**
   * From the process's environment, /var/run/secrets/kubernetes.io/serviceaccount and
   * /etc/resolv.conf.
   */
  public static PodEnvironment detect() {
    throw new UnsupportedOperationException();
  }

  /** The same from given inputs. */
  public static PodEnvironment detect(
      Map<String, String> environment, Path serviceAccountDirectory, Path resolvConf) {
    throw new UnsupportedOperationException();
  }

  public String namespace() {
    throw new UnsupportedOperationException();
  }

  public Optional<String> podName() {
    throw new UnsupportedOperationException();
  }

  public Optional<String> podUid() {
    throw new UnsupportedOperationException();
  }

  public Optional<String> serviceAccount() {
    throw new UnsupportedOperationException();
  }

  /** The pod's first address; an exception that says how to supply it if there is none. */
  public InetAddress ip() {
    throw new UnsupportedOperationException();
  }

  public List<InetAddress> ips() {
    throw new UnsupportedOperationException();
  }

  public String clusterDomain() {
    throw new UnsupportedOperationException();
  }

  /** svc.ns.svc and svc.ns.svc.zone. */
  public List<SubjectAlternativeName> serviceNames(String service) {
    throw new UnsupportedOperationException();
  }
}
