package io.podtls.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ChoiceServerCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.podtls.PodTls;
import io.podtls.testing.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PodTlsGrpcTest {

  @Test
  @DisplayName("credentials fit the builders of gRPC's API, whichever transport they choose")
  void unaryCall() throws Exception {
    try (TestAuthority authority = TestAuthority.create();
        PodTls orders = authority.podTls("orders");
        PodTls billing = authority.podTls("billing")) {
      Server server =
          Grpc.newServerBuilderForPort(0, PodTlsGrpc.serverCredentials(orders, ClientAuth.REQUIRE))
              .addService(Unary.service())
              .build()
              .start();
      ManagedChannel channel =
          Grpc.newChannelBuilderForAddress(
                  "localhost", server.getPort(), PodTlsGrpc.channelCredentials(billing))
              .build();
      try {
        assertThat(Unary.call(channel, "orders")).isEqualTo("orders");
      } finally {
        channel.shutdownNow();
        server.shutdownNow();
      }
    }
  }

  @Test
  @DisplayName("one transport is enough, and none is reported with what to add")
  void transportsThatAreAbsent() throws Exception {
    try (TestAuthority authority = TestAuthority.create();
        PodTls tls = authority.podTls("orders")) {
      assertThat(packagesOf(new Without("io.grpc.netty.shaded."), tls))
          .containsExactly("io.grpc.netty");
      assertThat(packagesOf(new Without("io.grpc.netty.Netty"), tls))
          .containsExactly("io.grpc.netty.shaded.io.grpc.netty");
      assertThatThrownBy(() -> packagesOf(new Without("io.grpc.netty."), tls))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("add io.grpc:grpc-netty-shaded or io.grpc:grpc-netty");
    }
  }

  /** The packages of the credentials that are made where some classes are absent. */
  private static List<String> packagesOf(ClassLoader loader, PodTls tls) throws Exception {
    try {
      Object credentials =
          loader
              .loadClass(PodTlsGrpc.class.getName())
              .getMethod("serverCredentials", PodTls.class)
              .invoke(null, tls);
      return ((ChoiceServerCredentials) credentials)
          .getCredentialsList().stream().map(one -> one.getClass().getPackageName()).toList();
    } catch (InvocationTargetException e) {
      throw (Exception) e.getCause();
    }
  }

  /** Loads this artifact's classes itself, and no class whose name begins with the given one. */
  private static final class Without extends ClassLoader {
    private final String absent;

    Without(String absent) {
      super(PodTlsGrpcTest.class.getClassLoader());
      this.absent = absent;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith(absent)) {
        throw new ClassNotFoundException(name);
      }
      if (!name.startsWith("io.podtls.grpc.")) {
        return super.loadClass(name, resolve);
      }
      Class<?> known = findLoadedClass(name);
      if (known != null) {
        return known;
      }
      try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = file.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
