package io.podtls.benchmarks.coldstart;

import io.podtls.PodTls;
import io.podtls.fabric8.Fabric8CertificateSigner;
import io.podtls.fabric8.Mounted;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/** A pod's start with podtls. */
final class WithPodtls {
  private WithPodtls() {}

  public static void main(String[] arguments) throws Exception {
    CertificateRequest request =
        CertificateRequest.builder(SignerName.of("kubernetes.io/kube-apiserver-client"))
            .commonName("orders")
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH)
            .build();
    try (Fabric8CertificateSigner signer = Mounted.at(Path.of(System.getenv("SERVICE_ACCOUNT")));
        PodTls tls =
            PodTls.requesting(request, signer)
                .trusting(TrustBundleSource.pemFile(Path.of(System.getenv("PEER_CA"))))
                .bootstrap(Duration.ofSeconds(60))) {
      SSLContext ready = tls.sslContext();
      System.out.println("ready " + ready.getProtocol());
    }
  }
}
