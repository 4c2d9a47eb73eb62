package io.podtls.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.podtls.identity.TlsIdentity;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A server of another make: once with our context, once with a context that it makes itself. */
class NettyRotationTest {

  private static final TestCa CA = TestCa.root("netty");
  private static final TrustBundle TRUST = TrustBundle.of(List.of(CA.certificate()));
  private static final TlsIdentity CLIENT = TestIdentity.issuedBy(CA);

  private final Rotation rotation = TestIdentity.rotation(new SettableClock(Instant.now()));
  private final EventLoopGroup threads =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final BlockingQueue<OptionalLong> generations = new LinkedBlockingQueue<>();

  private X509Certificate rotate() {
    TlsIdentity identity = TestIdentity.issuedBy(CA);
    rotation.activate(Optional.of(identity), TRUST);
    return identity.leaf();
  }

  @AfterEach
  void stop() {
    threads.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  /** Echoes, and records the generation of each connection whose handshake is through. */
  private int serve(SslContext tls) throws InterruptedException {
    Channel listener =
        new ServerBootstrap()
            .group(threads)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    SslHandler handler = tls.newHandler(channel.alloc());
                    handler
                        .handshakeFuture()
                        .addListener(
                            done -> {
                              if (done.isSuccess()) {
                                generations.add(
                                    rotation.generationOf(handler.engine().getSession()));
                              }
                            });
                    channel.pipeline().addLast(handler, new Echo());
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sync()
            .channel();
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      context.writeAndFlush(message);
    }
  }

  /** Offers to resume what it has seen before. */
  private static Supplier<SSLContext> sameClient() {
    SSLContext context = CLIENT.sslContext(TRUST);
    return () -> context;
  }

  /** Know nothing to resume. */
  private static Supplier<SSLContext> newClients() {
    return () -> CLIENT.sslContext(TRUST);
  }

  private static SSLSocket connect(Supplier<SSLContext> client, int port) throws IOException {
    return EchoServer.connect(client.get().getSocketFactory(), port);
  }

  private void eachRotationReachesTheNextHandshake(SslContext tls, Supplier<SSLContext> client)
      throws Exception {
    int port = serve(tls);
    try (SSLSocket standing = connect(client, port)) {
      assertThat(EchoServer.ask(standing, "hello")).isEqualTo("hello");
      assertThat(generations.poll(20, TimeUnit.SECONDS)).hasValue(1);
      for (long number = 2; number <= 4; number++) {
        X509Certificate leaf = rotate();
        try (SSLSocket next = connect(client, port)) {
          assertThat(EchoServer.ask(next, "hello")).isEqualTo("hello");
          assertThat(next.getSession().getPeerCertificates()[0]).isEqualTo(leaf);
          assertThat(generations.poll(20, TimeUnit.SECONDS)).hasValue(number);
        }
      }
      assertThat(EchoServer.ask(standing, "still there")).isEqualTo("still there");
    }
  }

  @Test
  @DisplayName("a Netty server given the context: each rotation reaches the next handshake")
  void givenTheContext() throws Exception {
    rotate();

    eachRotationReachesTheNextHandshake(
        new JdkSslContext(
            rotation.sslContext(),
            false,
            null,
            IdentityCipherSuiteFilter.INSTANCE,
            null,
            ClientAuth.REQUIRE,
            null,
            false),
        sameClient());
  }

  @Test
  @DisplayName("a Netty server given the managers: each rotation reaches the next full handshake")
  void givenTheManagers() throws Exception {
    rotate();
    X509ExtendedTrustManager peers = rotation.trustManager();

    eachRotationReachesTheNextHandshake(
        SslContextBuilder.forServer(rotation.keyManager())
            .trustManager(peers)
            .clientAuth(ClientAuth.REQUIRE)
            .build(),
        newClients());
  }
}
