package io.podtls.benchmarks.jmh;

import io.podtls.PodTls;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Handshakes of a server and a client, both with the context of one handle, or both with one plain
 * context of the same key and trust. Each call does one of either kind, in turns of which is first:
 * what disturbs a machine for longer than a handshake then disturbs both alike. The two times are
 * JMH's secondary results; the primary one is their sum.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 10, time = 2)
public class HandshakeBenchmark {

  /** Nanoseconds of an iteration, by whose context the handshakes went through. */
  @AuxCounters(AuxCounters.Type.EVENTS)
  @State(Scope.Thread)
  public static class Times {
    /** Through {@link PodTls#sslContext()}. */
    public double delegating;

    /** Through a context of the JDK's. */
    public double plain;

    /** How many of either kind. */
    public double pairs;
  }

  /** The protocol that the client speaks. */
  @Param({"TLSv1.3", "TLSv1.2"})
  public String protocol;

  /** Whether the client resumes the session of the handshake before. */
  @Param({"false", "true"})
  public boolean resumed;

  private final Handshakes handshakes = new Handshakes();
  private PodTls tls;
  private Side delegating;
  private Side plain;

  /** A context, and a server on loopback that uses it. */
  private record Side(SSLContext context, SSLServerSocket listening) {
    static Side of(SSLContext context) throws IOException {
      SSLServerSocket listening =
          (SSLServerSocket)
              context
                  .getServerSocketFactory()
                  .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
      Thread accepting = new Thread(() -> serve(listening), "server");
      accepting.setDaemon(true);
      accepting.start();
      return new Side(context, listening);
    }
  }

  private interface Handshake {
    int through(Side side) throws IOException;
  }

  /** Makes the handle, the contexts and their servers. */
  @Setup
  public void make() throws Exception {
    FakeCertificateSigner signer =
        FakeCertificateSigner.answering(FakeCertificateSigner.Answer.ISSUE);
    CertificateRequest request =
        CertificateRequest.builder(SignerName.of("example.com/serving"))
            .dnsNames("orders.shop.svc", "localhost")
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
            .build();
    TrustBundle trust = TrustBundle.of(List.of(signer.ca().certificate()));
    tls =
        PodTls.requesting(request, signer)
            .trusting(TrustBundleSource.fixed(trust))
            .bootstrap(Duration.ofSeconds(30));
    delegating = Side.of(tls.sslContext());
    plain = Side.of(tls.generation().identity().orElseThrow().sslContext(trust));
  }

  private static void serve(ServerSocket listening) {
    while (true) {
      try (Socket connection = listening.accept()) {
        connection.setTcpNoDelay(true);
        connection.getOutputStream().write(1);
        connection.getInputStream().read();
      } catch (SSLException e) {
        System.err.println("handshake failed: " + e);
      } catch (IOException e) {
        return;
      }
    }
  }

  /** Ends the servers and the handle. */
  @TearDown
  public void close() throws IOException {
    delegating.listening().close();
    plain.listening().close();
    tls.close();
  }

  /** In memory, through engines. */
  @Benchmark
  public int engines(Times times) throws IOException {
    return pair(times, this::engine);
  }

  /** Over loopback, through sockets; with the TCP connection and one byte. */
  @Benchmark
  public int sockets(Times times) throws IOException {
    return pair(times, this::socket);
  }

  private int pair(Times times, Handshake handshake) throws IOException {
    boolean delegatingFirst = times.pairs % 2 == 0;
    Side first = delegatingFirst ? delegating : plain;
    Side second = delegatingFirst ? plain : delegating;
    long start = System.nanoTime();
    int read = handshake.through(first);
    long middle = System.nanoTime();
    read += handshake.through(second);
    long end = System.nanoTime();
    times.delegating += delegatingFirst ? middle - start : end - middle;
    times.plain += delegatingFirst ? end - middle : middle - start;
    times.pairs++;
    return read;
  }

  private int engine(Side side) throws SSLException {
    SSLContext context = side.context();
    SSLEngine client = resumed ? Handshakes.resuming(context) : Handshakes.full(context);
    return handshakes.shake(client, context.createSSLEngine(), protocol);
  }

  private int socket(Side side) throws IOException {
    ServerSocket target = side.listening();
    Socket tcp = new Socket(target.getInetAddress(), target.getLocalPort());
    tcp.setTcpNoDelay(true);
    String name = resumed ? "localhost" : null;
    SSLSocketFactory factory = side.context().getSocketFactory();
    try (SSLSocket socket =
        (SSLSocket) factory.createSocket(tcp, name, target.getLocalPort(), true)) {
      socket.setEnabledProtocols(new String[] {protocol});
      int read = socket.getInputStream().read();
      if (!resumed) {
        socket.getSession().invalidate();
      }
      return read;
    }
  }
}
