package io.podtls.benchmarks.coldstart;

import io.podtls.PodTls;
import io.podtls.PodTlsListener;
import io.podtls.fabric8.Fabric8CertificateSigner;
import io.podtls.fabric8.Mounted;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.signing.SigningOutcome;
import io.podtls.trust.TrustBundleSource;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A whole bootstrap with podtls for each line on standard input, over one connection; prints how
 * many microseconds it took, the request's name, and when its certificate was in use.
 */
final class WarmWithPodtls {
  private WarmWithPodtls() {}

  private static final class Times implements PodTlsListener {
    private volatile String request = "";
    private volatile Instant inUse = Instant.EPOCH;

    @Override
    public void pending(SigningOutcome.Pending pending) {
      request = pending.object();
    }

    @Override
    public void issued(TlsIdentity identity, Optional<Instant> nextRenewal) {
      inUse = Instant.now();
    }
  }

  public static void main(String[] arguments) throws Exception {
    CertificateRequest request =
        CertificateRequest.builder(SignerName.of("kubernetes.io/kube-apiserver-client"))
            .commonName("orders")
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH)
            .build();
    TrustBundleSource peers = TrustBundleSource.pemFile(Path.of(System.getenv("PEER_CA")));
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (Fabric8CertificateSigner signer = Mounted.at(Path.of(System.getenv("SERVICE_ACCOUNT")))) {
      while (lines.readLine() != null) {
        Times times = new Times();
        long started = System.nanoTime();
        PodTls tls =
            PodTls.requesting(request, signer)
                .trusting(peers)
                .addListener(times)
                .bootstrap(Duration.ofSeconds(60));
        tls.sslContext();
        long micros = (System.nanoTime() - started) / 1000;
        tls.close();
        System.out.println(
            "done " + micros + " " + times.request.replace("csr ", "") + " " + times.inUse);
      }
    }
  }
}
