package io.podtls.benchmarks.issuance;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Passes TCP connections on to the API server and counts their bytes; what is in them it cannot
 * read.
 *
 * <p>Thread safety: safe.
 */
final class CountingProxy implements AutoCloseable {
  private final ServerSocket listening;
  private final int target;
  private final AtomicLong connections = new AtomicLong();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong received = new AtomicLong();

  private CountingProxy(ServerSocket listening, int target) {
    this.listening = listening;
    this.target = target;
  }

  /** In front of a port of this machine. */
  static CountingProxy to(int port) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    CountingProxy proxy = new CountingProxy(new ServerSocket(0, 100, loopback), port);
    start(proxy::accept);
    return proxy;
  }

  int port() {
    return listening.getLocalPort();
  }

  /** Connections so far. */
  long connections() {
    return connections.get();
  }

  /** Bytes from clients so far, TLS included. */
  long sent() {
    return sent.get();
  }

  /** Bytes to clients so far, TLS included. */
  long received() {
    return received.get();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        connections.incrementAndGet();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        start(() -> copy(client, server, sent));
        start(() -> copy(server, client, received));
      }
    } catch (IOException e) {
      // Closed: the end.
    }
  }

  private static void copy(Socket from, Socket to, AtomicLong count) {
    byte[] buffer = new byte[64 * 1024];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        count.addAndGet(read);
        out.write(buffer, 0, read);
      }
    } catch (IOException e) {
      // One side is gone, and the other follows.
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "counting-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}
