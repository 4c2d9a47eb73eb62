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
 * Handshakes of a server and a client, both with the context of one handle, or both with plain
 * contexts of the same key and trust.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class HandshakeBenchmark {
  /** Through whose context. */
  public enum Through {
    /** {@link PodTls#sslContext()}. */
    DELEGATING,
    /** A context of the JDK's. */
    PLAIN
  }

  /** The protocol that the client speaks. */
  @Param({"TLSv1.3", "TLSv1.2"})
  public String protocol;

  /** Whether the client resumes the session of the handshake before. */
  @Param({"false", "true"})
  public boolean resumed;

  /** Through whose context. */
  @Param({"DELEGATING", "PLAIN"})
  public Through through;

  private final Handshakes handshakes = new Handshakes();
  private PodTls tls;
  private SSLContext server;
  private SSLContext client;
  private SSLServerSocket listening;

  /** Makes the handle, the contexts and a server on loopback. */
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
    if (through == Through.DELEGATING) {
      server = tls.sslContext();
      client = tls.sslContext();
    } else {
      // One context, as the delegating one is.
      server = tls.identity().sslContext(trust);
      client = server;
    }
    listening =
        (SSLServerSocket)
            server
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread accepting = new Thread(this::serve, "server");
    accepting.setDaemon(true);
    accepting.start();
  }

  private void serve() {
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

  /** Ends server and handle. */
  @TearDown
  public void close() throws IOException {
    listening.close();
    tls.close();
  }

  /** In memory, through engines. */
  @Benchmark
  public int engines() throws SSLException {
    SSLEngine clientEngine = resumed ? Handshakes.resuming(client) : Handshakes.full(client);
    return handshakes.shake(clientEngine, server.createSSLEngine(), protocol);
  }

  /** Over loopback, through sockets; with the TCP connection and one byte. */
  @Benchmark
  public int sockets() throws IOException {
    ServerSocket target = listening;
    Socket tcp = new Socket(target.getInetAddress(), target.getLocalPort());
    tcp.setTcpNoDelay(true);
    String name = resumed ? "localhost" : null;
    try (SSLSocket socket =
        (SSLSocket)
            client.getSocketFactory().createSocket(tcp, name, target.getLocalPort(), true)) {
      socket.setEnabledProtocols(new String[] {protocol});
      int read = socket.getInputStream().read();
      if (!resumed) {
        socket.getSession().invalidate();
      }
      return read;
    }
  }
}
