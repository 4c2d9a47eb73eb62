package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.identity.TlsIdentity;
import io.podtls.testing.LoopbackTls;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Trust in the API server")
class FollowingTrustManagerTest {

  @TempDir private Path directory;

  private final TestCa first = TestCa.root("kubernetes");
  private final TestCa second = TestCa.root("kubernetes");

  /** A call of an API server that has a certificate of the CA, as localhost. */
  private static void call(FollowingTrustManager trust, TestCa ca) throws Exception {
    call(trust, ca, "localhost");
  }

  private static void call(FollowingTrustManager trust, TestCa ca, String name) throws Exception {
    KeyPair keys = TestCa.newKeyPair();
    TlsIdentity server =
        TlsIdentity.of(keys.getPrivate(), ca.leaf(keys.getPublic()).dns(name).issueChain());
    SSLContext client = SSLContext.getInstance("TLS");
    client.init(null, new TrustManager[] {trust}, null);
    LoopbackTls.handshake(
        client, server.sslContext(TrustBundle.of(List.of(ca.certificate()))), "TLSv1.3", false);
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
    call(trust, first);
    assertThatThrownBy(() -> call(trust, second)).isInstanceOf(SSLException.class);

    write(first, second);
    call(trust, first);
    call(trust, second);
    assertThat(trust.getAcceptedIssuers()).isEmpty();

    write(second);
    assertThatThrownBy(() -> call(trust, first)).isInstanceOf(SSLException.class);
  }

  @Test
  @DisplayName("keeps what ca.crt last held while it is empty, garbage or gone")
  void keepsTheLastGoodOne() throws Exception {
    Path file = write(first);
    FollowingTrustManager trust = new FollowingTrustManager(TrustBundleSource.pemFile(file));

    for (String bad : new String[] {"", "-----BEGIN CERTIFICATE-----\nAAAA"}) {
      Files.writeString(file, bad);
      assertThatCode(() -> call(trust, first)).doesNotThrowAnyException();
    }
    Files.delete(file);
    call(trust, first);
  }

  @Test
  @DisplayName("refuses an API server whose certificate is for another name")
  void refusesAnotherName() throws Exception {
    FollowingTrustManager trust =
        new FollowingTrustManager(TrustBundleSource.pemFile(write(first)));

    assertThatThrownBy(() -> call(trust, first, "kubernetes")).isInstanceOf(SSLException.class);
  }
}
