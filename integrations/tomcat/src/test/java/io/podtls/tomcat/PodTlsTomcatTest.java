package io.podtls.tomcat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.PodTls;
import io.podtls.peer.Peers;
import io.podtls.testing.PodTlsExtension;
import io.podtls.testing.TestAuthority;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.tomcat.util.net.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(PodTlsExtension.class)
class PodTlsTomcatTest {

  @TempDir private Path baseDir;
  private EmbeddedTomcat server;

  @AfterEach
  void stop() throws Exception {
    if (server != null) {
      server.stop();
    }
  }

  private HttpResponse<String> get(TestAuthority authority) throws Exception {
    return HttpClient.newBuilder()
        .sslContext(authority.peer("billing"))
        .build()
        .send(
            HttpRequest.newBuilder(URI.create("https://localhost:" + server.port() + "/")).build(),
            BodyHandlers.ofString());
  }

  @Test
  @DisplayName("a servlet sees the client's certificate, and HTTP/2 is negotiated")
  void clientCertificate(TestAuthority authority) throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      server = new EmbeddedTomcat(baseDir, tls);

      HttpResponse<String> response = get(authority);

      assertThat(response.body()).contains("billing.default.svc");
      assertThat(response.version()).isEqualTo(Version.HTTP_2);
    }
  }

  @Test
  @DisplayName("reloadSslHostConfigs keeps the handle's context, which still follows the handle")
  void reload(TestAuthority authority) throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      server = new EmbeddedTomcat(baseDir, tls);

      ((AbstractHttp11Protocol<?>) server.connector().getProtocolHandler()).reloadSslHostConfigs();
      authority.rotate();

      assertThat(get(authority).sslSession().orElseThrow().getPeerCertificates()[0])
          .isEqualTo(tls.generation().identity().orElseThrow().leaf());
    }
  }

  @Test
  @DisplayName("Tomcat starts before the handle is ready, refuses handshakes, and then serves")
  void startsBeforeReady(TestAuthority authority) throws Exception {
    authority.unavailableFor(Duration.ofHours(1));
    try (PodTls tls =
        PodTls.requesting(authority.request("orders"), authority.signer())
            .trusting(authority.trust())
            .peers(Peers.anyTrusted())
            .scheduler(authority.time())
            .clock(authority.time())
            .start()) {
      server = new EmbeddedTomcat(baseDir, tls);
      assertThatThrownBy(() -> get(authority)).isInstanceOf(IOException.class);

      authority.rotate();

      tls.whenReady().get(30, TimeUnit.SECONDS);
      assertThat(get(authority).statusCode()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("the context shows Tomcat the chain and the CAs in use, and none before")
  void chainAndIssuers(TestAuthority authority) throws Exception {
    authority.unavailableFor(Duration.ofHours(1));
    try (PodTls tls =
        PodTls.requesting(authority.request("orders"), authority.signer())
            .trusting(authority.trust())
            .scheduler(authority.time())
            .clock(authority.time())
            .start()) {
      SSLContext context = PodTlsTomcat.sslContext(tls);
      assertThat(context.getCertificateChain("any")).isEmpty();
      assertThat(context.getAcceptedIssuers()).isEmpty();

      authority.rotate();

      tls.whenReady().get(30, TimeUnit.SECONDS);
      assertThat(context.getCertificateChain("any"))
          .isEqualTo(
              tls.generation().identity().orElseThrow().chain().toArray(X509Certificate[]::new));
      assertThat(context.getAcceptedIssuers())
          .isEqualTo(tls.generation().trust().certificates().toArray(X509Certificate[]::new));
    }
  }
}
