package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Trust in the API server")
class FollowingTrustManagerTest {

  @TempDir private Path directory;

  private final TestCa first = TestCa.root("kubernetes");
  private final TestCa second = TestCa.root("kubernetes");

  private static X509Certificate[] server(TestCa ca) {
    return new X509Certificate[] {
      ca.leaf(TestCa.newKeyPair().getPublic()).dns("kubernetes").issue()
    };
  }

  private Path write(TestCa... cas) throws Exception {
    return Files.writeString(
        directory.resolve("ca.crt"),
        TrustBundle.of(Arrays.stream(cas).map(TestCa::certificate).toList()).toPem());
  }

  @Test
  @DisplayName("follows a rotation of ca.crt, through the time when both CAs of one name are in it")
  void followsRotation() throws Exception {
    FollowingTrustManager trust =
        new FollowingTrustManager(TrustBundleSource.pemFile(write(first)));
    trust.checkServerTrusted(server(first), "ECDHE_ECDSA");
    assertThatThrownBy(() -> trust.checkServerTrusted(server(second), "ECDHE_ECDSA"))
        .isInstanceOf(CertificateException.class);

    write(first, second);
    trust.checkServerTrusted(server(first), "ECDHE_ECDSA");
    trust.checkServerTrusted(server(second), "ECDHE_ECDSA");
    assertThat(trust.getAcceptedIssuers()).hasSize(2);

    write(second);
    assertThatThrownBy(() -> trust.checkServerTrusted(server(first), "ECDHE_ECDSA"))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  @DisplayName("keeps what ca.crt last held while it is empty, garbage or gone")
  void keepsTheLastGoodOne() throws Exception {
    Path file = write(first);
    FollowingTrustManager trust = new FollowingTrustManager(TrustBundleSource.pemFile(file));

    for (String bad : new String[] {"", "-----BEGIN CERTIFICATE-----\nAAAA"}) {
      Files.writeString(file, bad);
      assertThatCode(() -> trust.checkServerTrusted(server(first), "ECDHE_ECDSA"))
          .doesNotThrowAnyException();
    }
    Files.delete(file);
    trust.checkServerTrusted(server(first), "ECDHE_ECDSA");
  }
}
