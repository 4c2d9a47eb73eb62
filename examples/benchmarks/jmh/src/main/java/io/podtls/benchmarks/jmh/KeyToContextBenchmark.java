package io.podtls.benchmarks.jmh;

import io.kubernetes.client.util.CSRUtils;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
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
import org.openjdk.jmh.infra.Blackhole;
import org.shredzone.acme4j.util.CSRBuilder;

/**
 * What a client computes for one certificate: a key, a PKCS#10 and, of a certificate that was
 * issued before for an equal request, an SSLContext. The signer's part is left out.
 *
 * <p>podtls verifies what was issued; the others do not. okhttp-tls knows no PKCS#10: it signs a
 * certificate instead, one signature against one.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
public class KeyToContextBenchmark {
  private static final char[] NO_PASSWORD = new char[0];

  /** The kind of key; the peers do not know all of them. */
  public abstract static class Keys {
    PendingIdentity issuedFor;
    List<X509Certificate> chain;
    KeyPair issuedKeys;
    X509Certificate ca;
    TrustBundle trust;
    CertificateRequest request;

    void make(KeyAlgorithm algorithm) throws Exception {
      TestCa root = TestCa.root("benchmark CA");
      ca = root.certificate();
      trust = TrustBundle.of(List.of(ca));
      request =
          CertificateRequest.builder(SignerName.of("example.com/serving"))
              .dnsNames("orders.shop.svc", "orders.shop.svc.cluster.local")
              .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
              .keyAlgorithm(algorithm)
              .build();
      issuedFor = PendingIdentity.generate(request);
      chain =
          root.leafFor(issuedFor.pkcs10Der())
              .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
              .issueChain();
      issuedKeys = generate(algorithm);
    }
  }

  /** Every kind of key. */
  @State(Scope.Benchmark)
  public static class AllKeys extends Keys {
    /** As podtls names it. */
    @Param({"ECDSA_P256", "ECDSA_P384", "ECDSA_P521", "RSA_2048", "RSA_3072", "ED25519"})
    public KeyAlgorithm algorithm;

    /** Issues what is measured. */
    @Setup
    public void make() throws Exception {
      make(algorithm);
    }
  }

  /** What everybody knows. */
  @State(Scope.Benchmark)
  public static class CommonKeys extends Keys {
    /** As podtls names it. */
    @Param({"ECDSA_P256", "RSA_2048"})
    public KeyAlgorithm algorithm;

    private HeldCertificate held;

    /** Issues what is measured. */
    @Setup
    public void make() throws Exception {
      make(algorithm);
      held = held(algorithm);
    }
  }

  /** podtls, with verification. */
  @Benchmark
  public SSLContext podtls(AllKeys keys, Blackhole sink) {
    PendingIdentity pending = PendingIdentity.generate(keys.request);
    sink.consume(pending.pkcs10Pem());
    return keys.issuedFor.complete(keys.chain, keys.trust).sslContext(keys.trust);
  }

  /** okhttp-tls, which signs a certificate instead of a request. */
  @Benchmark
  public SSLContext okhttpTls(CommonKeys keys, Blackhole sink) {
    sink.consume(held(keys.algorithm));
    return new HandshakeCertificates.Builder()
        .heldCertificate(keys.held)
        .addTrustedCertificate(keys.ca)
        .build()
        .sslContext();
  }

  /** acme4j's CSR builder, and the JDK's key stores. */
  @Benchmark
  public SSLContext acme4j(CommonKeys keys, Blackhole sink) throws Exception {
    CSRBuilder builder = new CSRBuilder();
    builder.addDomains("orders.shop.svc", "orders.shop.svc.cluster.local");
    builder.sign(generate(keys.algorithm));
    sink.consume(builder.toString());
    return context(keys);
  }

  /** client-java's CSR helper, which knows no names but the subject, and the JDK's key stores. */
  @Benchmark
  public SSLContext clientJava(CommonKeys keys, Blackhole sink) throws Exception {
    sink.consume(
        CSRUtils.sign(
            generate(keys.algorithm),
            keys.algorithm == KeyAlgorithm.RSA_2048 ? "SHA256withRSA" : "SHA256withECDSA",
            "CN=orders"));
    return context(keys);
  }

  private static HeldCertificate held(KeyAlgorithm algorithm) {
    HeldCertificate.Builder builder =
        new HeldCertificate.Builder()
            .addSubjectAlternativeName("orders.shop.svc")
            .addSubjectAlternativeName("orders.shop.svc.cluster.local");
    return (algorithm == KeyAlgorithm.RSA_2048 ? builder.rsa2048() : builder.ecdsa256()).build();
  }

  private static KeyPair generate(KeyAlgorithm algorithm) throws Exception {
    KeyPairGenerator generator;
    switch (algorithm) {
      case RSA_2048 -> {
        generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
      }
      default -> {
        generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
      }
    }
    return generator.generateKeyPair();
  }

  private static SSLContext context(Keys keys) throws Exception {
    KeyStore identity = KeyStore.getInstance("PKCS12");
    identity.load(null, null);
    identity.setKeyEntry(
        "orders",
        keys.issuedKeys.getPrivate(),
        NO_PASSWORD,
        keys.chain.toArray(Certificate[]::new));
    KeyManagerFactory keyManagers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keyManagers.init(identity, NO_PASSWORD);
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    anchors.setCertificateEntry("ca", keys.ca);
    TrustManagerFactory trustManagers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trustManagers.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
    return context;
  }
}
