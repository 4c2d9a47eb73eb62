package io.podtls.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.podtls.testing.RotationContract.Client;
import io.podtls.testing.RotationContract.Server;
import java.io.EOFException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A server that echoes, and a client that sends it a byte. */
final class Echo {

  private static final int TIMEOUT_SECONDS = 20;
  private static final EventLoopGroup THREADS =
      new MultiThreadIoEventLoopGroup(
          2, new DefaultThreadFactory("echo", true), NioIoHandler.newFactory());

  private Echo() {}

  static Server serve(SslContext tls) throws InterruptedException {
    ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    Channel listener =
        new ServerBootstrap()
            .group(THREADS)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    open.add(channel);
                    channel.pipeline().addLast(tls.newHandler(channel.alloc()), new Answering());
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sync()
            .channel();
    open.add(listener);
    return Server.at(
        ((InetSocketAddress) listener.localAddress()).getPort(), () -> open.close().sync());
  }

  private static final class Answering extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      context.writeAndFlush(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }

  /** Keeps its one connection. */
  static Client client(SslContext tls, int port) {
    return new Connection(tls, port);
  }

  private static final class Connection extends SimpleChannelInboundHandler<ByteBuf>
      implements Client {
    private final SslContext tls;
    private final int port;
    private final BlockingQueue<Integer> answers = new LinkedBlockingQueue<>();
    private Channel channel;

    Connection(SslContext tls, int port) {
      this.tls = tls;
      this.port = port;
    }

    @Override
    public void call() throws Exception {
      if (channel == null) {
        connect();
      }
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {'!'}));
      Integer bytes = answers.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (bytes == null || bytes == 0) {
        throw new EOFException("no answer");
      }
    }

    private void connect() throws Exception {
      channel =
          new Bootstrap()
              .group(THREADS)
              .channel(NioSocketChannel.class)
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel opened) {
                      opened
                          .pipeline()
                          .addLast(
                              tls.newHandler(opened.alloc(), "localhost", port), Connection.this);
                    }
                  })
              .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
              .sync()
              .channel();
      channel
          .pipeline()
          .get(SslHandler.class)
          .handshakeFuture()
          .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf answer) {
      answers.add(answer.readableBytes());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      answers.add(0);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }

    @Override
    public void close() throws Exception {
      if (channel != null) {
        channel.close().sync();
      }
    }
  }
}
