package io.podtls.benchmarks.cluster;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.ControlPlane;
import io.podtls.controlplane.TestPod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A pod that may request certificates, and what a program needs to act as that pod: the mounted
 * service account and the environment.
 *
 * <p>Thread safety: immutable.
 *
 * @param pod as which programs act
 * @param serviceAccount the folder with token, ca.crt and namespace
 * @param peerCa a PEM file with the CA of the built-in signers
 * @param environment variables for a program: where the API server and the two above are, in the
 *     words of this project and of the clients that it is measured beside
 */
public record Workload(
    TestPod pod, Path serviceAccount, Path peerCa, Map<String, String> environment) {

  /** Copies the environment. */
  public Workload {
    environment = Map.copyOf(environment);
  }

  /** Creates the pod with all rights on requests that anybody here uses. */
  public static Workload in(ControlPlane controlPlane) {
    return in(controlPlane, "create", "get", "list", "watch");
  }

  /** Creates the pod with these rights on CertificateSigningRequests. */
  public static Workload in(ControlPlane controlPlane, String... verbs) {
    Cluster cluster = controlPlane.cluster();
    TestPod pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
    cluster.grant(pod, Cluster.rule("certificates.k8s.io", "certificatesigningrequests", verbs));
    try {
      Path folder = Files.createTempDirectory(controlPlane.folder(), "workload-").toAbsolutePath();
      Path serviceAccount = cluster.mountedServiceAccount(pod, folder.resolve("account")).folder();
      Path peerCa = Files.writeString(folder.resolve("peer-ca.crt"), pem(controlPlane));
      Map<String, String> environment = new LinkedHashMap<>();
      environment.put("KUBERNETES_SERVICE_HOST", controlPlane.apiServerUrl().getHost());
      environment.put(
          "KUBERNETES_SERVICE_PORT", Integer.toString(controlPlane.apiServerUrl().getPort()));
      environment.put("KUBERNETES_CERTS_CA_FILE", serviceAccount.resolve("ca.crt").toString());
      environment.put(
          "KUBERNETES_AUTH_SERVICEACCOUNT_TOKEN", serviceAccount.resolve("token").toString());
      environment.put("KUBECONFIG", "/nowhere");
      environment.put("SERVICE_ACCOUNT", serviceAccount.toString());
      environment.put("PEER_CA", peerCa.toString());
      return new Workload(pod, serviceAccount, peerCa, environment);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String pem(ControlPlane controlPlane) {
    try {
      byte[] der = controlPlane.csrSignerCa().getEncoded();
      return "-----BEGIN CERTIFICATE-----\n"
          + Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(der)
          + "\n-----END CERTIFICATE-----\n";
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }
}
