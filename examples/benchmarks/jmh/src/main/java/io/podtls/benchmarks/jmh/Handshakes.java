package io.podtls.benchmarks.jmh;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** Two engines that talk to each other in memory. */
final class Handshakes {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final ByteBuffer toServer = ByteBuffer.allocate(64 * 1024);
  private final ByteBuffer toClient = ByteBuffer.allocate(64 * 1024);
  private final ByteBuffer plain = ByteBuffer.allocate(64 * 1024);
  private final ByteBuffer one = ByteBuffer.wrap(new byte[] {1});

  /** A client's engine that may resume an earlier session with the same server. */
  static SSLEngine resuming(SSLContext context) {
    return context.createSSLEngine("orders.shop.svc", 443);
  }

  /** A client's engine that knows no peer, and so no session to resume. */
  static SSLEngine full(SSLContext context) {
    return context.createSSLEngine();
  }

  /** Shakes hands, then sends one byte to the client, with which it reads its session ticket. */
  int shake(SSLEngine client, SSLEngine server, String protocol) throws SSLException {
    toServer.clear();
    toClient.clear();
    client.setUseClientMode(true);
    server.setUseClientMode(false);
    client.setEnabledProtocols(new String[] {protocol});
    client.beginHandshake();
    server.beginHandshake();
    while (client.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING
        || server.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
      step(client, toServer, toClient);
      step(server, toClient, toServer);
    }
    one.clear();
    server.wrap(one, toClient);
    toClient.flip();
    plain.clear();
    while (toClient.hasRemaining()) {
      client.unwrap(toClient, plain);
      runTasks(client);
    }
    toClient.compact();
    return plain.position();
  }

  private void step(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws SSLException {
    switch (engine.getHandshakeStatus()) {
      case NEED_WRAP -> engine.wrap(NOTHING, out);
      case NEED_UNWRAP -> {
        in.flip();
        plain.clear();
        engine.unwrap(in, plain);
        in.compact();
      }
      case NEED_TASK -> runTasks(engine);
      default -> {}
    }
  }

  private static void runTasks(SSLEngine engine) {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }
}
