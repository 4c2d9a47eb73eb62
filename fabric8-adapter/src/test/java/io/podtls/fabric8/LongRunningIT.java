package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.podtls.PodTls;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.ControlPlane;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.request.PodEnvironment;
import io.podtls.request.SubjectAlternativeName;
import io.podtls.testing.KubeletVolume;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Months in two minutes: certificates of 600 s, renewed at a hundredth of their life. */
@RequiresControlPlane
@DisplayName("A server and a client that run for long")
class LongRunningIT {

  private static final Duration LIFE = Duration.ofSeconds(600);
  private static final long LIMIT = TimeUnit.MINUTES.toNanos(3);

  @TempDir private Path serviceAccount;
  @TempDir private Path trust;

  private final Set<BigInteger> serials = new LinkedHashSet<>();

  @Test
  @DisplayName("renew, follow a CA's replacement, outlive the API server: no handshake fails")
  void noHandshakeFails() throws Exception {
    try (ControlPlane controlPlane = ControlPlane.start()) {
      Cluster cluster = controlPlane.cluster();
      TestPod pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
      cluster.grant(
          pod,
          Cluster.rule(
              "certificates.k8s.io", "certificatesigningrequests", "create", "get", "watch"));
      try (TestSigner signer =
          TestSigner.flawed(
              cluster,
              leaf -> {
                Instant now = Instant.now();
                return leaf.valid(now.minus(Duration.ofMinutes(5)), now.plus(LIFE));
              })) {
        TestCa first = signer.ca();
        KubeletVolume volume = new KubeletVolume(trust).write(Map.of("ca.crt", bundle(first)));
        TrustBundleSource bundle = TrustBundleSource.pemFile(volume.file("ca.crt"));
        try (PodTls server = orders(cluster, pod, signer, bundle);
            PodTls client = PodTls.trusting(bundle).bootstrap(Duration.ofSeconds(10))) {
          HttpsServer https =
              HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
          https.setHttpsConfigurator(new HttpsConfigurator(server.sslContext()));
          https.start();
          try {
            int port = https.getAddress().getPort();

            handshakesUntil("two renewals", client, port, () -> serials.size() >= 3);

            TestCa second = TestCa.root("the CA that comes after");
            volume.write(Map.of("ca.crt", bundle(first, second)));
            handshakesUntil(
                "both CAs are trusted",
                client,
                port,
                () -> trusts(server, second) && trusts(client, second));
            signer.signWith(second);
            handshakesUntil(
                "a certificate of the new CA", client, port, () -> isOf(server, second));
            volume.write(Map.of("ca.crt", bundle(second)));
            handshakesUntil(
                "the old CA is not trusted any more",
                client,
                port,
                () -> !trusts(server, first) && !trusts(client, first));

            controlPlane.stopApiServer();
            handshakesUntil(
                "a renewal fails", client, port, () -> server.status().lastFailure().isPresent());
            controlPlane.startApiServer();
            int before = serials.size();
            handshakesUntil(
                "a renewal again",
                client,
                port,
                () -> serials.size() > before && server.status().lastFailure().isEmpty());
          } finally {
            https.stop(0);
          }
        }
      }
    }
  }

  private PodTls orders(Cluster cluster, TestPod pod, TestSigner signer, TrustBundleSource bundle)
      throws InterruptedException {
    cluster.mountedServiceAccount(pod, serviceAccount);
    URI apiServer = cluster.controlPlane().apiServerUrl();
    Map<String, String> environment =
        Map.of(
            "KUBERNETES_SERVICE_HOST",
            apiServer.getHost(),
            "KUBERNETES_SERVICE_PORT",
            "" + apiServer.getPort(),
            "POD_IP",
            pod.ip().getHostAddress());
    return KubernetesTls.forService("orders")
        .signedBy(signer.name().toString())
        .trusting(bundle)
        .through(ServiceAccount.of(environment, serviceAccount).connect())
        .in(PodEnvironment.detect(environment, serviceAccount, serviceAccount.resolve("none")))
        .names(List.of(SubjectAlternativeName.ipAddress(pod.ip())))
        .expiration(LIFE)
        .renewing(RenewalPolicy.between(0.01, 0.015))
        .bootstrap(Duration.ofSeconds(30));
  }

  /** Connects again and again; the first handshake that fails fails the test. */
  private void handshakesUntil(String what, PodTls client, int port, BooleanSupplier reached)
      throws Exception {
    long start = System.nanoTime();
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime() - start).as("waiting until %s", what).isLessThan(LIMIT);
      InetAddress loopback = InetAddress.getLoopbackAddress();
      try (Socket plain = new Socket(loopback, port);
          SSLSocket socket =
              (SSLSocket)
                  client
                      .sslContext()
                      .getSocketFactory()
                      .createSocket(plain, loopback.getHostAddress(), port, true)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        serials.add(
            ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber());
      }
    }
  }

  private static boolean trusts(PodTls tls, TestCa ca) {
    return tls.generation().trust().certificates().contains(ca.certificate());
  }

  private static boolean isOf(PodTls tls, TestCa ca) {
    return tls.generation()
        .identity()
        .orElseThrow()
        .leaf()
        .getIssuerX500Principal()
        .equals(ca.certificate().getSubjectX500Principal());
  }

  private static String bundle(TestCa... cas) {
    return TrustBundle.of(List.of(cas).stream().map(TestCa::certificate).toList()).toPem();
  }
}
