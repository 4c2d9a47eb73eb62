package io.podtls.rotation;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** A client's and a server's engine, and the records between them. */
final class EngineHandshake {

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SSLEngine client;
  private final SSLEngine server;
  private final ByteBuffer toServer = ByteBuffer.allocate(64 * 1024);
  private final ByteBuffer toClient = ByteBuffer.allocate(64 * 1024);
  private final ByteBuffer plain = ByteBuffer.allocate(64 * 1024);
  private Runnable betweenSteps = () -> {};
  private int steps;

  private EngineHandshake(SSLEngine client, SSLEngine server) {
    this.client = client;
    this.server = server;
    client.setUseClientMode(true);
    server.setUseClientMode(false);
  }

  /** The client keeps sessions for a peer of this name. */
  static EngineHandshake between(SSLContext client, SSLContext server) {
    return between(client.createSSLEngine("localhost", 8443), server.createSSLEngine());
  }

  static EngineHandshake between(SSLEngine client, SSLEngine server) {
    return new EngineHandshake(client, server);
  }

  EngineHandshake protocol(String protocol) {
    client.setEnabledProtocols(new String[] {protocol});
    return this;
  }

  EngineHandshake needClientAuth() {
    server.setNeedClientAuth(true);
    return this;
  }

  EngineHandshake betweenSteps(Runnable action) {
    betweenSteps = action;
    return this;
  }

  SSLEngine client() {
    return client;
  }

  SSLEngine server() {
    return server;
  }

  int steps() {
    return steps;
  }

  /** Until both sides are through, tickets delivered. */
  EngineHandshake complete() throws SSLException {
    client.beginHandshake();
    server.beginHandshake();
    while (!isThrough(client) || !isThrough(server)) {
      if (++steps > 500) {
        throw new AssertionError(
            "stuck: " + client.getHandshakeStatus() + ", " + server.getHandshakeStatus());
      }
      advance(client, toServer, toClient);
      betweenSteps.run();
      advance(server, toClient, toServer);
      betweenSteps.run();
    }
    deliver(toClient, client); // TLS 1.3 sends its tickets after the handshake.
    return this;
  }

  /** Sends some bytes each way and says whether they arrived. */
  boolean carriesData() throws SSLException {
    return carries(client, toServer, server) && carries(server, toClient, client);
  }

  private boolean carries(SSLEngine from, ByteBuffer wire, SSLEngine to) throws SSLException {
    byte[] sent = {1, 2, 3};
    from.wrap(ByteBuffer.wrap(sent), wire);
    plain.clear();
    deliver(wire, to);
    return plain.flip().equals(ByteBuffer.wrap(sent));
  }

  private void deliver(ByteBuffer wire, SSLEngine to) throws SSLException {
    wire.flip();
    while (wire.hasRemaining()) {
      to.unwrap(wire, plain);
    }
    wire.compact();
  }

  private void advance(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws SSLException {
    switch (engine.getHandshakeStatus()) {
      case NEED_WRAP -> engine.wrap(NOTHING, out);
      case NEED_UNWRAP -> {
        in.flip();
        engine.unwrap(in, plain);
        in.compact();
      }
      case NEED_TASK -> engine.getDelegatedTask().run();
      default -> {}
    }
  }

  private static boolean isThrough(SSLEngine engine) {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
  }
}
