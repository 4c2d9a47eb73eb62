package io.podtls.benchmarks.jmh;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.io.ByteArrayInputStream;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** PEM text of many CAs, to a trust manager that is ready for a handshake. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class BundleBenchmark {
  /** How many CAs there are. */
  @Param({"1", "150", "1000"})
  public int certificates;

  private byte[] pem;

  /** Makes the bundle. */
  @Setup
  public void make() {
    List<X509Certificate> roots = new ArrayList<>();
    for (int i = 0; i < certificates; i++) {
      roots.add(TestCa.root("benchmark CA " + i).certificate());
    }
    pem = TrustBundle.of(roots).toPem().getBytes(US_ASCII);
  }

  /** podtls. */
  @Benchmark
  public TrustManager podtls() {
    return TrustBundle.parse("benchmark", pem).trustManager();
  }

  /** The JDK's CertificateFactory, KeyStore and TrustManagerFactory. */
  @Benchmark
  public TrustManager jdk() throws Exception {
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    int number = 0;
    for (Certificate certificate :
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(pem))) {
      anchors.setCertificateEntry("ca-" + number++, certificate);
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(anchors);
    return factory.getTrustManagers()[0];
  }
}
