package io.podtls.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.PodTls;
import io.podtls.failure.CertificateDeniedException;
import io.podtls.failure.CertificateFailedException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.IdentityFiles;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.lang.reflect.Executable;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(PodTlsExtension.class)
class TestAuthorityTest {

  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private TestAuthority authority;
  private RotationContract.Server server;

  @BeforeEach
  void keep(TestAuthority given) {
    authority = given;
  }

  @AfterEach
  void stop() throws Exception {
    if (server != null) {
      server.stop();
    }
  }

  private int get(SSLContext client) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("https://localhost:" + server.port())).build();
    return HttpClient.newBuilder()
        .sslContext(client)
        .build()
        .send(request, BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  @DisplayName("the extension passes one authority to a test and its @BeforeEach")
  void oneAuthorityPerTest(TestAuthority another) {
    assertThat(another).isSameAs(authority);
  }

  @Test
  @DisplayName("a handle serves a peer, and after rotate() it has renewed once")
  void rotates() throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      server = JdkHttpsRotationTest.serve(tls.sslContext());
      assertThat(get(authority.peer("billing"))).isEqualTo(204);

      authority.rotate();

      assertThat(tls.generation().number()).isEqualTo(2);
      assertThat(get(authority.peer("shop/billing"))).isEqualTo(204);
    }
  }

  @Test
  @DisplayName("rotate() says so if no handle is on the authority's time")
  void rotateNeedsItsTime() throws Exception {
    try (PodTls tls =
        PodTls.requesting(authority.request("orders"), authority.signer())
            .trusting(authority.trust())
            .bootstrap(DEADLINE)) {
      assertThatThrownBy(authority::rotate)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(".scheduler(authority.time())");
      assertThat(tls.generation().number()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("rotateCa() overlaps, then withdraws the old CA: its clients are refused")
  void rotatesCa() throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      server = JdkHttpsRotationTest.serve(tls.sslContext());
      SSLContext old = authority.peer("billing", authority.trust());

      authority.rotateCa(Duration.ofMinutes(5));

      assertThat(tls.generation().trust().certificates()).hasSize(2);
      assertThat(get(authority.peer("billing"))).isEqualTo(204);

      authority.advance(Duration.ofMinutes(5));

      assertThat(tls.generation().trust()).isEqualTo(authority.trust().load());
      assertThat(tls.generation().trust().certificates()).hasSize(1);
      assertThat(get(authority.peer("billing"))).isEqualTo(204);
      assertThatThrownBy(() -> get(old)).isInstanceOf(IOException.class);
    }
  }

  @Test
  @DisplayName("deny() refuses a bootstrap with the reason")
  void denies() {
    authority.deny("PolicyViolation");

    assertThatThrownBy(() -> authority.podTls("orders"))
        .isInstanceOfSatisfying(
            CertificateDeniedException.class,
            denied -> assertThat(denied.reason()).isEqualTo("PolicyViolation"));
  }

  @Test
  @DisplayName("fail() fails a renewal, and rotate() ends it")
  void fails() throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      authority.fail("SignerValidationFailure");
      authority.advance(Duration.ofHours(12));

      assertThat(tls.status().lastFailure()).containsInstanceOf(CertificateFailedException.class);
      assertThat(tls.status().ready()).isTrue();

      authority.rotate();

      assertThat(tls.status().lastFailure()).isEmpty();
      assertThat(tls.generation().number()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("unavailableFor() delays a renewal until the time is over")
  void isUnavailable() throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      authority.unavailableFor(Duration.ofHours(13));
      authority.advance(Duration.ofHours(12));

      assertThat(tls.status().lastFailure()).containsInstanceOf(SignerUnavailableException.class);
      assertThat(tls.generation().number()).isEqualTo(1);

      authority.advance(Duration.ofMinutes(62));

      assertThat(tls.status().lastFailure()).isEmpty();
      assertThat(tls.generation().number()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("expire() makes a handle not ready, and rotate() makes it ready")
  void expires() throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      authority.expire();
      assertThat(tls.status().ready()).isFalse();

      authority.rotate();
      assertThat(tls.status().ready()).isTrue();
    }
  }

  @Test
  @DisplayName("files() in a volume are an identity that a handle reads, and follows when swapped")
  void mountsFiles(@TempDir Path directory) throws Exception {
    KubeletVolume volume = new KubeletVolume(directory).write(authority.files("orders"));
    try (PodTls tls =
        PodTls.reading(IdentityFiles.directory(directory))
            .trusting(TrustBundleSource.pemFile(volume.file("ca.crt")))
            .scheduler(authority.time())
            .clock(authority.time())
            .bootstrap(DEADLINE)) {
      volume.write(authority.files("orders"));
      authority.advance(Duration.ofSeconds(5));

      assertThat(tls.generation().number()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("no signature shows a type of Bouncy Castle")
  void signaturesShowNoBouncyCastle() {
    List<Class<?>> types =
        List.of(TestAuthority.class, TestCa.class, TestCa.Leaf.class, VirtualTime.class);
    assertThat(
            types.stream()
                .flatMap(
                    type ->
                        Stream.concat(
                            Arrays.stream(type.getMethods()),
                            Arrays.stream(type.getConstructors())))
                .map(Executable::toGenericString))
        .isNotEmpty()
        .noneMatch(signature -> signature.contains("bouncycastle"));
  }
}
