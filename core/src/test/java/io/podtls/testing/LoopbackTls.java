package io.podtls.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

/** One real handshake over loopback, both sides in this process. */
public final class LoopbackTls {
  private LoopbackTls() {}

  /** The sessions that the two sides ended up with. */
  public record Sessions(SSLSession client, SSLSession server) {}

  /** Shakes hands under one protocol; the server demands a client certificate, or none. */
  public static Sessions handshake(
      SSLContext client, SSLContext server, String protocol, boolean clientAuthentication)
      throws Exception {
    try (SSLServerSocket listener =
        (SSLServerSocket)
            server
                .getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      listener.setNeedClientAuth(clientAuthentication);
      CompletableFuture<SSLSession> accepted =
          CompletableFuture.supplyAsync(
              () -> {
                try (SSLSocket socket = (SSLSocket) listener.accept()) {
                  socket.setSoTimeout(20_000);
                  SSLSession session = socket.getSession();
                  socket.getOutputStream().write(socket.getInputStream().read());
                  socket.getOutputStream().flush();
                  return session;
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      SSLSession connected;
      try (SSLSocket socket =
          (SSLSocket)
              client
                  .getSocketFactory()
                  .createSocket(InetAddress.getLoopbackAddress(), listener.getLocalPort())) {
        socket.setSoTimeout(20_000);
        socket.setEnabledProtocols(new String[] {protocol});
        socket.startHandshake();
        socket.getOutputStream().write(42);
        socket.getOutputStream().flush();
        if (socket.getInputStream().read() != 42) {
          throw new IOException("no echo");
        }
        connected = socket.getSession();
      }
      // Closed first: under TLS 1.3 the server's close waits for the client's.
      return new Sessions(connected, accepted.get(20, TimeUnit.SECONDS));
    }
  }
}
