package io.podtls.benchmarks.jmh;

import io.podtls.identity.PendingIdentity;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.Peers;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.rotation.Generation;
import io.podtls.rotation.Rotation;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a rotation costs: the activation itself, its proving handshake included, and the first
 * handshake after it, which cannot resume, beside one that can and one of many full ones.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class RotationBenchmark {

  /** A rotation and two identities to go back and forth between. */
  @State(Scope.Benchmark)
  public static class Rotating {
    final Rotation rotation =
        new Rotation(InstantSource.system(), Peers.none(), (names, reason) -> {});
    final Handshakes handshakes = new Handshakes();
    TrustBundle trust;
    TlsIdentity[] identities;
    SSLContext client;
    int turn;

    /** Issues two identities. */
    @Setup
    public void make() {
      TestCa ca = TestCa.root("benchmark CA");
      trust = TrustBundle.of(List.of(ca.certificate()));
      identities = new TlsIdentity[] {issue(ca), issue(ca)};
      client = trust.sslContext();
      activate();
    }

    private TlsIdentity issue(TestCa ca) {
      PendingIdentity pending =
          PendingIdentity.generate(
              CertificateRequest.builder(SignerName.of("example.com/serving"))
                  .dnsNames("orders.shop.svc")
                  .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
                  .build());
      return pending.complete(
          ca.leafFor(pending.pkcs10Der())
              .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
              .issueChain(),
          trust);
    }

    Generation activate() {
      return rotation.activate(Optional.of(identities[turn++ & 1]), trust);
    }

    int shake() throws SSLException {
      return handshakes.shake(
          Handshakes.resuming(client), rotation.sslContext().createSSLEngine(), "TLSv1.3");
    }
  }

  /** As {@link Rotating}, with a new generation before each measured handshake. */
  @State(Scope.Benchmark)
  public static class JustRotated extends Rotating {
    /** The price of this is not measured here. */
    @Setup(Level.Invocation)
    public void rotate() {
      activate();
    }
  }

  /** A new generation. */
  @Benchmark
  public Generation activation(Rotating rotating) {
    return rotating.activate();
  }

  /** The client's session is of the generation before: a full handshake. */
  @Benchmark
  public int firstHandshakeAfterwards(JustRotated rotating) throws SSLException {
    return rotating.shake();
  }

  /** The client's session is of this generation. */
  @Benchmark
  public int resumedHandshakeBetween(Rotating rotating) throws SSLException {
    return rotating.shake();
  }

  /** The client has no session. */
  @Benchmark
  public int fullHandshakeBetween(Rotating rotating) throws SSLException {
    return rotating.handshakes.shake(
        Handshakes.full(rotating.client),
        rotating.rotation.sslContext().createSSLEngine(),
        "TLSv1.3");
  }
}
