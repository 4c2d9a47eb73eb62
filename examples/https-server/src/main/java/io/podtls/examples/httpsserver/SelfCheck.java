package io.podtls.examples.httpsserver;

import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

/** Connects to the server as a client that trusts the CA and nothing else. */
final class SelfCheck {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private SelfCheck() {}

  /**
   * What a client saw.
   *
   * @param subject of the request, for people
   * @param answer what came back, for people
   * @param protocol the TLS version
   * @param certificate the server's certificate
   */
  record Seen(String subject, String answer, String protocol, X509Certificate certificate) {}

  /** Sends a GET with the JDK's client; the certificate must name the URL's host. */
  static Seen get(URI url, TrustBundle trust) throws IOException, InterruptedException {
    HttpClient client =
        HttpClient.newBuilder().sslContext(trust.sslContext()).connectTimeout(TIMEOUT).build();
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(url).timeout(TIMEOUT).build(),
            HttpResponse.BodyHandlers.ofString());
    SSLSession session = response.sslSession().orElseThrow();
    return new Seen(
        "GET " + url,
        response.statusCode() + " " + response.body().strip(),
        session.getProtocol(),
        (X509Certificate) session.getPeerCertificates()[0]);
  }

  /**
   * Makes a handshake with the server under another name than its address, as a client does for
   * whom the cluster's DNS resolves that name.
   */
  static Seen handshake(String name, InetAddress address, int port, TrustBundle trust)
      throws IOException {
    try (Socket connection = new Socket(address, port);
        SSLSocket tls =
            (SSLSocket)
                trust.sslContext().getSocketFactory().createSocket(connection, name, port, true)) {
      connection.setSoTimeout((int) TIMEOUT.toMillis());
      SSLParameters parameters = tls.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      tls.setSSLParameters(parameters);
      tls.startHandshake();
      return new Seen(
          "handshake as " + name,
          "accepted",
          tls.getSession().getProtocol(),
          (X509Certificate) tls.getSession().getPeerCertificates()[0]);
    }
  }
}
