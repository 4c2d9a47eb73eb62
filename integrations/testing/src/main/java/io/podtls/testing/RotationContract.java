package io.podtls.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.podtls.PodTls;
import io.podtls.peer.Peers;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.EOFException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The contract of rotation, as tests: what a server and a client do while certificates and CAs are
 * replaced. A subclass starts a server around a handle and says how it is called. It needs no
 * cluster, and no library but JUnit.
 *
 * <pre>{@code
 * class OrdersServerTest extends RotationContract {
 *   @Override
 *   protected Server start(PodTls tls) throws Exception {
 *     OrdersServer server = OrdersServer.listening(0, tls.sslContext());
 *     return Server.at(server.port(), server::stop);
 *   }
 * }
 * }</pre>
 *
 * <p>The contract calls the server in two ways: with {@linkplain #client the stack's own client},
 * and with sockets of the JDK that send {@linkplain #opening() some bytes}. A subclass that cannot
 * keep a part of the contract overrides that test, disabled and with the reason.
 */
public abstract class RotationContract {

  private static final Duration REACTION = Duration.ofSeconds(1);
  private static final Duration BOOTSTRAP = Duration.ofSeconds(30);
  private static final Duration OVERLAP = Duration.ofMinutes(1);
  private static final int TIMEOUT_MILLIS = 20_000;
  private static final int ROTATIONS = 20;
  private static final int MANY_ROTATIONS = 1_000;
  private static final int WARM_UP = 100;
  private static final int MORE_THREADS = 5;
  private static final long MORE_BYTES = 8L << 20;

  /** For subclasses. */
  protected RotationContract() {}

  /** A server that runs. */
  public interface Server {

    /** Returns the port on 127.0.0.1 that it listens at. */
    int port();

    /**
     * Stops the server and all that was started for it.
     *
     * @throws Exception any, which fails the test
     */
    void stop() throws Exception;

    /**
     * Returns a server of these parts.
     *
     * @param port the port
     * @param stop stops it
     * @return the server
     */
    static Server at(int port, Stop stop) {
      return new Server() {
        @Override
        public int port() {
          return port;
        }

        @Override
        public void stop() throws Exception {
          stop.run();
        }
      };
    }

    /** What stops a server. */
    @FunctionalInterface
    interface Stop {
      /**
       * Stops it.
       *
       * @throws Exception any, which fails the test
       */
      void run() throws Exception;
    }
  }

  /** A client of one server, which keeps its connections if its kind does. */
  @FunctionalInterface
  public interface Client {

    /**
     * Makes a call and waits for the answer.
     *
     * @throws Exception if the call fails in any way
     */
    void call() throws Exception;

    /**
     * Closes the client; does nothing by default.
     *
     * @throws Exception any, which fails the test
     */
    default void close() throws Exception {}
  }

  /**
   * Starts a server on 127.0.0.1, at a port of the system's choice, that demands a client
   * certificate and speaks TLS 1.2 and 1.3.
   *
   * @param tls the handle to take identity and trust from, closed after the server
   * @return the server, which accepts connections
   * @throws Exception any, which fails the test
   */
  protected abstract Server start(PodTls tls) throws Exception;

  /**
   * Returns a client of the stack that has not connected yet. Default: the JDK's {@link
   * HttpClient}.
   *
   * @param tls the handle to take identity and trust from
   * @param port where the server listens, on the host {@code localhost}
   * @return the client
   * @throws Exception any, which fails the test
   */
  protected Client client(PodTls tls, int port) throws Exception {
    HttpClient http = HttpClient.newBuilder().sslContext(tls.sslContext()).build();
    HttpRequest get =
        HttpRequest.newBuilder(URI.create("https://localhost:" + port + "/"))
            .timeout(Duration.ofMillis(TIMEOUT_MILLIS))
            .build();
    return () -> http.send(get, HttpResponse.BodyHandlers.discarding());
  }

  /**
   * Returns what a socket sends first, so that the server answers with a byte at least. Default: a
   * GET of HTTP/1.1.
   *
   * @return the bytes
   */
  protected byte[] opening() {
    return "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(US_ASCII);
  }

  /**
   * Returns the application protocols that a socket offers (ALPN, RFC 7301). Default: none.
   *
   * @return the protocols, such as {@code h2}
   */
  protected List<String> applicationProtocols() {
    return List.of();
  }

  /**
   * The contract: 20 rotations of server and client, no failed call.
   *
   * @throws Exception if it is not kept
   */
  @Test
  @DisplayName(
      "20 rotations: kept and fresh connections work, the next handshake shows the new certificate")
  @Timeout(120)
  protected void twentyRotations() throws Exception {
    try (Stage stage = new Stage()) {
      Client kept = stage.client();
      kept.call();
      for (int i = 1; i <= ROTATIONS; i++) {
        stage.authority.rotate();
        kept.call();
        assertEquals(
            shown(stage.served),
            handshake(stage.calling.sslContext(), stage.server.port()),
            "the certificate that the handshake after rotation " + i + " shows");
        stage.client().call();
      }
    }
  }

  /**
   * The contract: the CA is replaced while calls are made, and none fails.
   *
   * @throws Exception if it is not kept
   */
  @Test
  @DisplayName("the CA is replaced, old -> both -> new, under load: no call fails")
  @Timeout(120)
  protected void caIsReplaced() throws Exception {
    try (Stage stage = new Stage()) {
      Client kept = stage.client();
      kept.call();
      AtomicBoolean done = new AtomicBoolean();
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        List<Future<Integer>> load = new ArrayList<>();
        load.add(threads.submit(() -> repeat(kept::call, done)));
        load.add(
            threads.submit(
                () ->
                    repeat(
                        () -> handshake(stage.calling.sslContext(), stage.server.port()), done)));
        TrustBundle old = stage.authority.trust().load();
        stage.authority.rotateCa(OVERLAP);
        assertEquals(2, stage.served.generation().trust().certificates().size(), "both CAs");
        stage.client().call();
        stage.authority.advance(OVERLAP);
        assertEquals(stage.authority.trust().load(), stage.served.generation().trust(), "new CA");
        assertNotEquals(old, stage.served.generation().trust(), "new CA");
        stage.client().call();
        done.set(true);
        for (Future<Integer> calls : load) {
          assertTrue(calls.get() > 0, "calls were made meanwhile");
        }
      } finally {
        done.set(true);
        threads.shutdownNow();
      }
    }
  }

  /**
   * The contract: a server does not resume a TLS 1.3 session with a client of a withdrawn CA.
   *
   * @throws Exception if it is not kept
   */
  @Test
  @DisplayName("a client whose CA is withdrawn is refused, with a session to resume: TLS 1.3")
  @Timeout(120)
  protected void withdrawnClientCa13() throws Exception {
    withdrawnClientCa("TLSv1.3");
  }

  /**
   * The contract: a server does not resume a TLS 1.2 session with a client of a withdrawn CA.
   *
   * @throws Exception if it is not kept
   */
  @Test
  @DisplayName("a client whose CA is withdrawn is refused, with a session to resume: TLS 1.2")
  @Timeout(120)
  protected void withdrawnClientCa12() throws Exception {
    withdrawnClientCa("TLSv1.2");
  }

  private void withdrawnClientCa(String protocol) throws Exception {
    try (TestAuthority authority = TestAuthority.create();
        TestAuthority others = TestAuthority.create();
        PodTls tls =
            PodTls.requesting(authority.request("orders"), authority.signer())
                .trusting(TrustBundleSource.combined(authority.trust(), others.trust()))
                .peers(Peers.anyTrusted())
                .scheduler(authority.time())
                .clock(authority.time())
                .bootstrap(BOOTSTRAP)) {
      Server server = start(tls);
      try {
        SSLContext known = authority.peer("billing");
        SSLContext withdrawn = others.peer("billing", authority.trust());
        handshake(withdrawn, server.port(), protocol);
        handshake(withdrawn, server.port(), protocol);

        others.rotateCa(Duration.ZERO);
        authority.advance(REACTION);

        assertThrows(
            IOException.class,
            () -> handshake(withdrawn, server.port(), protocol),
            "a client of a withdrawn CA is served");
        handshake(known, server.port(), protocol);
      } finally {
        server.stop();
      }
    }
  }

  /**
   * The contract: the stack's client checks the server's name.
   *
   * @throws Exception if it is not kept
   */
  @Test
  @DisplayName("the client refuses a server whose certificate names another host")
  @Timeout(120)
  protected void wrongHostIsRefused() throws Exception {
    try (Stage stage = new Stage()) {
      stage.client().call();
    }
    try (TestAuthority authority = TestAuthority.create();
        PodTls named =
            PodTls.requesting(elsewhere(authority), authority.signer())
                .trusting(authority.trust())
                .peers(Peers.anyTrusted())
                .bootstrap(BOOTSTRAP);
        PodTls calling = authority.podTls("billing")) {
      Server server = start(named);
      try {
        Client client = client(calling, server.port());
        assertThrows(
            Exception.class, client::call, "localhost is called, elsewhere.default.svc answers");
        client.close();
      } finally {
        server.stop();
      }
    }
  }

  private static CertificateRequest elsewhere(TestAuthority authority) {
    return CertificateRequest.builder(authority.request("elsewhere").signerName())
        .dnsNames("elsewhere.default.svc")
        .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH, KeyUsage.CLIENT_AUTH)
        .build();
  }

  /**
   * The contract: 1,000 rotations leave no thread and no memory behind.
   *
   * @throws Exception if it is not kept
   */
  @Test
  @DisplayName("1,000 rotations: heap and threads are flat")
  @Timeout(300)
  protected void thousandRotations() throws Exception {
    try (Stage stage = new Stage(BOOTSTRAP)) {
      Client kept = stage.client();
      SSLContext peer = stage.authority.peer("billing");
      for (int i = 1; i <= WARM_UP; i++) {
        rotateAndCall(stage, kept, peer, i);
      }
      int threads = Thread.getAllStackTraces().size();
      long bytes = bytesInUse();
      for (int i = WARM_UP + 1; i <= MANY_ROTATIONS; i++) {
        rotateAndCall(stage, kept, peer, i);
      }
      int moreThreads = Thread.getAllStackTraces().size() - threads;
      long moreBytes = bytesInUse() - bytes;
      assertTrue(moreThreads <= MORE_THREADS, () -> moreThreads + " more threads");
      assertTrue(moreBytes <= MORE_BYTES, () -> moreBytes + " more bytes of heap");
    }
  }

  private void rotateAndCall(Stage stage, Client kept, SSLContext peer, int rotation)
      throws Exception {
    // What a handle keeps of former generations, it keeps for a time.
    stage.authority.time().moveWallClock(Duration.ofMinutes(1));
    stage.authority.rotate();
    if (rotation % 10 == 0) {
      kept.call();
      assertEquals(
          shown(stage.served),
          handshake(peer, stage.server.port()),
          "the certificate that the handshake after rotation " + rotation + " shows");
    }
  }

  private static long bytesInUse() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  private static X509Certificate shown(PodTls tls) {
    return tls.generation().identity().orElseThrow().leaf();
  }

  private interface Step {
    void run() throws Exception;
  }

  private static int repeat(Step step, AtomicBoolean done) throws Exception {
    int times = 0;
    while (!done.get()) {
      step.run();
      times++;
    }
    return times;
  }

  private X509Certificate handshake(SSLContext client, int port) throws IOException {
    return handshake(client, port, "TLSv1.3");
  }

  /** Connects, sends the opening and waits for a byte; returns what the server showed. */
  private X509Certificate handshake(SSLContext client, int port, String protocol)
      throws IOException {
    try (SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket("localhost", port)) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setProtocols(new String[] {protocol});
      parameters.setApplicationProtocols(applicationProtocols().toArray(new String[0]));
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      socket.getOutputStream().write(opening());
      socket.getOutputStream().flush();
      if (socket.getInputStream().read() < 0) {
        throw new EOFException("the server hung up without an answer");
      }
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  /** An authority, a server around one handle and a handle for clients. */
  private final class Stage implements AutoCloseable {
    private final TestAuthority authority = TestAuthority.create();
    private final List<Client> clients = new ArrayList<>();
    private final PodTls served;
    private final PodTls calling;
    private final Server server;

    /** Rotates the server's and the clients' handle. */
    Stage() throws Exception {
      served = authority.podTls("orders");
      calling = authority.podTls("billing");
      server = start(served);
    }

    /** Rotates the server's handle; the clients' handle is on real time. */
    Stage(Duration timeout) throws Exception {
      served = authority.podTls("orders");
      calling =
          PodTls.requesting(authority.request("billing"), authority.signer())
              .trusting(authority.trust())
              .bootstrap(timeout);
      server = start(served);
    }

    Client client() throws Exception {
      Client client = RotationContract.this.client(calling, server.port());
      clients.add(client);
      return client;
    }

    @Override
    public void close() throws IOException {
      try {
        for (Client client : clients) {
          client.close();
        }
        server.stop();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException("cannot stop", e);
      } finally {
        calling.close();
        served.close();
        authority.close();
      }
    }
  }
}
