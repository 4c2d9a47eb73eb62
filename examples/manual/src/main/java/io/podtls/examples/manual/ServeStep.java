package io.podtls.examples.manual;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** The second step: what came back is verified against what was asked for, and served with. */
final class ServeStep {
  private ServeStep() {}

  static void run(
      Path folder,
      CertificateRequest request,
      TrustBundleSource peerTrust,
      int port,
      boolean once,
      PrintStream out)
      throws IOException, InterruptedException {
    TlsIdentity identity =
        IdentityFiles.pair(folder.resolve("server.crt"), folder.resolve("server-key.pem")).load();
    TrustBundle trust = peerTrust.load();
    identity.verify(request, trust, Instant.now());
    out.println("verified: " + identity);

    HttpsServer server = HttpsServer.create(new InetSocketAddress(once ? 0 : port), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(identity.sslContext(trust)));
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            byte[] body = "hello\n".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
          }
        });
    server.start();
    try {
      int actual = server.getAddress().getPort();
      String name = request.subjectAlternativeNames().get(0).value();
      out.println("a client that trusts the CA alone sees " + seenAs(name, actual, trust));
      if (!once) {
        out.println("serving https://" + name + ":" + actual + "/ until stopped (Ctrl-C)");
        new CountDownLatch(1).await();
      }
    } finally {
      server.stop(0);
    }
  }

  /** Makes a handshake as a client does for whom the cluster's DNS resolves the name to us. */
  private static String seenAs(String name, int port, TrustBundle trust) throws IOException {
    try (Socket connection = new Socket(InetAddress.getLoopbackAddress(), port);
        SSLSocket tls =
            (SSLSocket)
                trust.sslContext().getSocketFactory().createSocket(connection, name, port, true)) {
      SSLParameters parameters = tls.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      tls.setSSLParameters(parameters);
      tls.startHandshake();
      return name + " (" + tls.getSession().getProtocol() + ")";
    }
  }
}
