package io.podtls.testing;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.PodTls;
import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RotationContractTest {

  /** Takes the context of the first generation and keeps it. */
  private static final class FirstContext extends RotationContract {
    @Override
    protected Server start(PodTls tls) throws IOException {
      return JdkHttpsRotationTest.serve(tls.generation().sslContext());
    }
  }

  /** Puts the handle's managers into a context of its own, which outlives generations. */
  private static final class ContextOfItsOwn extends RotationContract {
    @Override
    protected Server start(PodTls tls) throws Exception {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          tls.keyManagerFactory().getKeyManagers(),
          tls.trustManagerFactory().getTrustManagers(),
          null);
      return JdkHttpsRotationTest.serve(context);
    }
  }

  /** Has a client that validates the chain and asks for no host name. */
  private static final class AnyHost extends RotationContract {
    @Override
    protected Server start(PodTls tls) throws IOException {
      return JdkHttpsRotationTest.serve(tls.sslContext());
    }

    @Override
    protected Client client(PodTls tls, int port) throws GeneralSecurityException {
      TrustManagerFactory chains = TrustManagerFactory.getInstance("PKIX");
      chains.init(tls.generation().trust().keyStore());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          new KeyManager[] {tls.generation().keyManager()}, chains.getTrustManagers(), null);
      return () -> {
        try (SSLSocket socket =
            (SSLSocket) context.getSocketFactory().createSocket("localhost", port)) {
          socket.getOutputStream().write(opening());
          socket.getOutputStream().flush();
          socket.getInputStream().read();
        }
      };
    }
  }

  private static void assertFails(ThrowingCallable check, String message) {
    assertThatThrownBy(check).isInstanceOf(AssertionError.class).hasMessageContaining(message);
  }

  @Test
  @DisplayName("a server that keeps its first context fails: it never shows another certificate")
  void firstContextShowsNoOtherCertificate() {
    assertFails(new FirstContext()::twentyRotations, "the handshake after rotation 1 shows");
  }

  @Test
  @DisplayName("a server that keeps its first context fails: calls fail once the CA is replaced")
  void firstContextFailsCalls() {
    assertThatThrownBy(new FirstContext()::caIsReplaced).isInstanceOf(IOException.class);
  }

  @Test
  @DisplayName("a server that keeps its first context fails: a withdrawn CA still counts")
  void firstContextServesTheWithdrawn() {
    assertFails(new FirstContext()::withdrawnClientCa13, "a withdrawn CA is served");
  }

  @Test
  @DisplayName("managers in a context that outlives generations fail: TLS 1.3 resumes")
  void managersResume13() {
    assertFails(new ContextOfItsOwn()::withdrawnClientCa13, "a withdrawn CA is served");
  }

  @Test
  @DisplayName("managers in a context that outlives generations fail: TLS 1.2 resumes")
  void managersResume12() {
    assertFails(new ContextOfItsOwn()::withdrawnClientCa12, "a withdrawn CA is served");
  }

  @Test
  @DisplayName("a client that asks for no host name fails")
  void anyHost() {
    assertFails(new AnyHost()::wrongHostIsRefused, "localhost is called");
  }
}
