package io.podtls.examples.httpsclient;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.podtls.examples.signing.CertificateAuthority;
import io.podtls.identity.PendingIdentity;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.trust.TrustBundle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("the HTTPS client")
@Timeout(60)
class MainTest {
  @TempDir Path folder;
  private final CertificateAuthority authority =
      CertificateAuthority.create("CA of the client's test", Duration.ofDays(1));
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Path ca;
  private HttpsServer server;

  @BeforeEach
  void writeCa() throws IOException {
    ca = Files.writeString(folder.resolve("ca.crt"), authority.pathPem());
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.stop(0);
    }
  }

  @Test
  @DisplayName("prints the answer and who gave it, and ends with 0")
  void printsWhoAnswered() throws Exception {
    serve(Instant.now(), 200);

    assertThat(run(url("127.0.0.1"), "--ca", ca.toString())).isZero();

    assertThat(out.toString(StandardCharsets.UTF_8))
        .startsWith("200 hello\n  TLSv1.3, TLS_")
        .contains("0 subject (none)\n    names   orders.shop.svc, 127.0.0.1\n")
        .contains("issuer  CN=CA of the client's test\n");
    assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  @DisplayName("ends with 1 when the server answers with an error")
  void httpError() throws Exception {
    serve(Instant.now(), 503);

    assertThat(run(url("127.0.0.1"), "--ca", ca.toString())).isEqualTo(1);
  }

  @Test
  @DisplayName("ends with 3 when the server's certificate is from another CA, naming both")
  void anotherCa() throws Exception {
    serve(Instant.now(), 200);
    CertificateAuthority other = CertificateAuthority.create("another CA", Duration.ofDays(1));
    Files.writeString(ca, other.pathPem());

    assertThat(run(url("127.0.0.1"), "--ca", ca.toString())).isEqualTo(3);

    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith("the server's certificate is not trusted: ")
        .contains("trusted is what leads to:\n  CN=another CA\n")
        .contains("issuer  CN=CA of the client's test");
    assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  @DisplayName("ends with 3 when the server's certificate has expired")
  void expired() throws Exception {
    // Within the five minutes by which the CA's own certificate is backdated.
    serve(Instant.now().minusSeconds(270), 200);

    assertThat(run(url("127.0.0.1"), "--ca", ca.toString())).isEqualTo(3);

    assertThat(err.toString(StandardCharsets.UTF_8)).contains("not trusted: NotAfter");
  }

  @Test
  @DisplayName("ends with 4 when the server's certificate is for other names, listing them")
  void anotherName() throws Exception {
    serve(Instant.now(), 200);

    assertThat(run(url("localhost"), "--ca", ca.toString())).isEqualTo(4);

    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith(
            "the server's certificate is trusted, but it is for orders.shop.svc, 127.0.0.1; not for"
                + " localhost\n");
  }

  @Test
  @DisplayName("ends with 5 when the connection is refused")
  void refusedConnection() throws Exception {
    int unused;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      unused = socket.getLocalPort();
    }

    assertThat(run("https://127.0.0.1:" + unused + "/", "--ca", ca.toString())).isEqualTo(5);

    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith("no connection to 127.0.0.1:" + unused + ": refused, or no route to it");
  }

  @Test
  @DisplayName("ends with 5 when the host name does not resolve, and says so")
  void unknownHost() throws Exception {
    assertThat(run("https://orders.invalid/", "--ca", ca.toString())).isEqualTo(5);

    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo("no connection to orders.invalid: the host name does not resolve\n");
  }

  @Test
  @DisplayName("prints its usage and ends with 0 when asked for help")
  void help() throws Exception {
    assertThat(run("--help")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("Usage: https-client URL");
  }

  @Test
  @DisplayName("ends with 6 when there is no CA bundle, naming the file")
  void noCaBundle() throws Exception {
    Files.writeString(ca, "");

    assertThat(run("https://127.0.0.1/", "--ca", ca.toString())).isEqualTo(6);

    assertThat(err.toString(StandardCharsets.UTF_8)).contains(ca.toString());
  }

  @Test
  @DisplayName("ends with 2 and explains itself when the command line is wrong")
  void wrongUsage() throws Exception {
    assertThat(run()).isEqualTo(2);
    assertThat(run("http://127.0.0.1/")).isEqualTo(2);
    assertThat(run("https://127.0.0.1/", "--ca")).isEqualTo(2);
    assertThat(run("https://127.0.0.1/", "--frobnicate")).isEqualTo(2);

    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("a URL is needed", "--ca needs a value", "unknown option --frobnicate")
        .contains("4 certificate for");
  }

  private int run(String... arguments) throws Exception {
    return Main.run(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        arguments);
  }

  private String url(String host) {
    return "https://" + host + ":" + server.getAddress().getPort() + "/";
  }

  /** Serves with a certificate of four minutes that was issued at the time given. */
  private void serve(Instant issued, int code) throws Exception {
    PendingIdentity pending =
        PendingIdentity.generate(
            CertificateRequest.builder(SignerName.of("example.com/serving"))
                .dnsNames("orders.shop.svc")
                .ipAddresses(InetAddress.getByName("127.0.0.1"))
                .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
                .build());
    TrustBundle trust = TrustBundle.of(List.of(authority.certificate()));
    List<X509Certificate> chain =
        authority.sign(
            new CertificateSigningRequestBuilder()
                .withNewMetadata()
                .withName("test")
                .endMetadata()
                .withNewSpec()
                .withSignerName("example.com/serving")
                .withUsername("test")
                .withUsages("digital signature", "server auth")
                .withRequest(
                    Base64.getEncoder()
                        .encodeToString(pending.pkcs10Pem().getBytes(StandardCharsets.US_ASCII)))
                .endSpec()
                .build(),
            Duration.ofMinutes(4),
            issued);
    TlsIdentity identity = pending.complete(chain, trust, issued);
    SSLContext context = identity.sslContext(trust);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(code, 6);
            exchange.getResponseBody().write("hello\n".getBytes(StandardCharsets.UTF_8));
          }
        });
    server.start();
  }
}
