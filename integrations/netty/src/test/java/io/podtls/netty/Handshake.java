package io.podtls.netty;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;

/** A client's and a server's end, and the bytes between them, in memory and in one thread. */
final class Handshake {

  final SslHandler client;
  final SslHandler server;
  private final EmbeddedChannel clientEnd;
  private final EmbeddedChannel serverEnd;

  /** The client's first message is ready then, and not delivered. */
  Handshake(SslHandler client, SslHandler server) {
    this.client = client;
    this.server = server;
    this.serverEnd = new EmbeddedChannel(server, new Quiet());
    this.clientEnd = new EmbeddedChannel(client, new Quiet());
  }

  /** Delivers until neither end has anything to say, and closes both. */
  Handshake finish() {
    while (deliver(clientEnd, serverEnd) | deliver(serverEnd, clientEnd)) {
      // The answer may be the next message.
    }
    clientEnd.close();
    serverEnd.close();
    return this;
  }

  private static boolean deliver(EmbeddedChannel from, EmbeddedChannel to) {
    Object message = from.readOutbound();
    if (message != null && to.isOpen()) {
      to.writeInbound(message);
    }
    return message != null;
  }

  boolean succeeded() {
    return client.handshakeFuture().isSuccess() && server.handshakeFuture().isSuccess();
  }

  /** What ended the handshake, as the given end says it. */
  static Throwable failure(SslHandler end) {
    Throwable cause = end.handshakeFuture().cause();
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** Failures are read from the futures. */
  private static final class Quiet extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {}
  }
}
