package io.podtls.rotation;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** Echoes lines over TLS on a loopback port of its own. */
final class EchoServer implements AutoCloseable {

  private static final int TIMEOUT_MILLIS = 20_000;

  private final SSLServerSocket listener;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<SSLSocket> open = new CopyOnWriteArrayList<>();
  private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();

  EchoServer(SSLServerSocket listener) throws IOException {
    this.listener = listener;
    if (!listener.isBound()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }
    threads.execute(this::acceptAll);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** What became of the next handshake that has not been asked for: the socket, or the failure. */
  Object outcome() throws InterruptedException {
    Object outcome = outcomes.poll(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    if (outcome == null) {
      throw new AssertionError("no handshake ended");
    }
    return outcome;
  }

  private void acceptAll() {
    while (!listener.isClosed()) {
      try {
        SSLSocket socket = (SSLSocket) listener.accept();
        open.add(socket);
        threads.execute(() -> echo(socket));
      } catch (IOException | RuntimeException e) {
        outcomes.add(e);
        return;
      }
    }
  }

  private void echo(SSLSocket socket) {
    try (socket) {
      try {
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.startHandshake();
      } catch (IOException e) {
        outcomes.add(e);
        return;
      }
      outcomes.add(socket);
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        socket.getOutputStream().write((line + "\n").getBytes(US_ASCII));
      }
    } catch (IOException e) {
      // The peer went away; what it saw is its own test's business.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (SSLSocket socket : open) {
      socket.close();
    }
    threads.shutdownNow();
  }

  /** A connection to the port whose handshake is complete. */
  static SSLSocket connect(SSLSocketFactory factory, int port) throws IOException {
    SSLSocket socket =
        (SSLSocket) factory.createSocket(InetAddress.getLoopbackAddress().getHostAddress(), port);
    try {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.startHandshake();
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Sends a line and returns what comes back, null if the connection ends. */
  static String ask(SSLSocket socket, String line) throws IOException {
    socket.getOutputStream().write((line + "\n").getBytes(US_ASCII));
    StringBuilder answer = new StringBuilder();
    for (int c = socket.getInputStream().read(); c != '\n'; c = socket.getInputStream().read()) {
      if (c < 0) {
        return null;
      }
      answer.append((char) c);
    }
    return answer.toString();
  }
}
