package io.podtls.examples.httpsserver;

import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Connects to the server as a client that trusts the CA and nothing else. */
final class SelfCheck {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private SelfCheck() {}

  /**
   * What a client saw.
   *
   * @param subject the request, for people
   * @param answer the answer, for people
   * @param protocol the TLS version
   * @param certificate the server's certificate
   */
  record Seen(String subject, String answer, String protocol, X509Certificate certificate) {}

  /**
   * Sends a GET to the server under its Service's name, as a client does whose DNS is the
   * cluster's. The certificate must be for that name.
   */
  static Seen get(String name, InetAddress address, int port, TrustBundle trust)
      throws IOException {
    try (SSLSocket tls = connect(name, address, port, trust)) {
      tls.getOutputStream()
          .write(
              "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                  .formatted(name)
                  .getBytes(StandardCharsets.US_ASCII));
      String response = new String(tls.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      String status =
          response.lines().findFirst().orElse("").replaceFirst("^HTTP/1.1 (\\d+).*", "$1");
      String body = response.substring(response.indexOf("\r\n\r\n") + 4).strip();
      return new Seen(
          "GET https://%s:%d/".formatted(name, port),
          status + " " + body,
          tls.getSession().getProtocol(),
          (X509Certificate) tls.getSession().getPeerCertificates()[0]);
    }
  }

  /** Makes a handshake with the server under its Service's name. */
  static void handshake(String name, InetAddress address, int port, TrustBundle trust)
      throws IOException {
    connect(name, address, port, trust).close();
  }

  private static SSLSocket connect(String name, InetAddress address, int port, TrustBundle trust)
      throws IOException {
    Socket connection = new Socket(address, port);
    try {
      SSLSocket tls =
          (SSLSocket)
              trust.sslContext().getSocketFactory().createSocket(connection, name, port, true);
      connection.setSoTimeout((int) TIMEOUT.toMillis());
      SSLParameters parameters = tls.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      tls.setSSLParameters(parameters);
      tls.startHandshake();
      return tls;
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }
}
