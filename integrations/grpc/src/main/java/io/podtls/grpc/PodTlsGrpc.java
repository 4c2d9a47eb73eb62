package io.podtls.grpc;

import static java.util.Objects.requireNonNull;

import io.grpc.ChannelCredentials;
import io.grpc.ChoiceChannelCredentials;
import io.grpc.ChoiceServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.podtls.PodTls;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Credentials of gRPC that follow a handle: each connection uses the identity and the trust that
 * are current when it is made, and sessions of former ones are not resumed.
 *
 * <pre>{@code
 * Server server = Grpc.newServerBuilderForPort(8443,
 *         PodTlsGrpc.serverCredentials(tls, ClientAuth.REQUIRE))
 *     .maxConnectionAge(1, TimeUnit.HOURS)
 *     .addService(orders).build().start();
 * ManagedChannel channel = Grpc.newChannelBuilderForAddress("orders.shop.svc", 8443,
 *     PodTlsGrpc.channelCredentials(tls)).build();
 * }</pre>
 *
 * <p>They are for both of gRPC's transports on Netty, {@code grpc-netty-shaded} and {@code
 * grpc-netty}, whichever the class path has; the engine is the JDK's. Who may be at the other end
 * is said by the handle's {@linkplain PodTls.Builder#peers peers}. A connection that stands keeps
 * what it was made with: bound its age with {@code maxConnectionAge}.
 *
 * <p><b>Thread safety:</b> credentials are immutable.
 */
public final class PodTlsGrpc {

  private PodTlsGrpc() {}

  /**
   * Returns credentials of a server that asks clients for no certificate, so that it checks no
   * client.
   *
   * @param tls the handle, which need not be ready; remains the caller's to close
   * @return the credentials
   * @throws IllegalStateException if neither transport is on the class path, or the handle is
   *     closed
   */
  public static ServerCredentials serverCredentials(PodTls tls) {
    return serverCredentials(tls, ClientAuth.NONE);
  }

  /**
   * Returns credentials of a server.
   *
   * @param tls the handle, which need not be ready; remains the caller's to close
   * @param clientAuth whether clients must or may show a certificate; one that is shown is checked
   *     against the handle's trust and peers
   * @return the credentials
   * @throws IllegalStateException if neither transport is on the class path, or the handle is
   *     closed
   */
  public static ServerCredentials serverCredentials(PodTls tls, ClientAuth clientAuth) {
    requireNonNull(tls, "tls");
    requireNonNull(clientAuth, "clientAuth");
    return ChoiceServerCredentials.create(
        present(
                () -> ShadedTransport.server(tls.sslContext(), clientAuth),
                () -> NettyTransport.server(tls.sslContext(), clientAuth))
            .toArray(new ServerCredentials[0]));
  }

  /**
   * Returns credentials of a client, which shows the handle's certificate to servers that ask for
   * one and checks the host name of every server: the channel's authority.
   *
   * @param tls the handle, which need not be ready; remains the caller's to close
   * @return the credentials
   * @throws IllegalStateException if neither transport is on the class path, or the handle is
   *     closed
   */
  public static ChannelCredentials channelCredentials(PodTls tls) {
    requireNonNull(tls, "tls");
    return ChoiceChannelCredentials.create(
        present(
                () -> ShadedTransport.channel(tls.sslContext()),
                () -> NettyTransport.channel(tls.sslContext()))
            .toArray(new ChannelCredentials[0]));
  }

  private static <C> List<C> present(Supplier<C> shaded, Supplier<C> netty) {
    List<C> credentials = new ArrayList<>();
    if (isPresent("io.grpc.netty.shaded.io.grpc.netty.NettySslContextServerCredentials")) {
      credentials.add(shaded.get());
    }
    if (isPresent("io.grpc.netty.NettySslContextServerCredentials")) {
      credentials.add(netty.get());
    }
    if (credentials.isEmpty()) {
      throw new IllegalStateException(
          "gRPC has no transport on Netty: add io.grpc:grpc-netty-shaded or io.grpc:grpc-netty to"
              + " the class path");
    }
    return credentials;
  }

  private static boolean isPresent(String className) {
    try {
      Class.forName(className, false, PodTlsGrpc.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException absent) {
      return false;
    }
  }
}
