package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.TrustManager;

/**
 * An HTTP/1.1 server on loopback whose answers a test writes byte by byte, so that it can be as
 * rude as a network. Each connection is served by a daemon thread of its own.
 */
final class WireServer implements AutoCloseable {

  /** What came in. */
  record Request(int connection, String method, String target, List<String> headers, String body) {
    Optional<String> header(String name) {
      return headers.stream()
          .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith(name + ":"))
          .map(line -> line.substring(name.length() + 1).strip())
          .findFirst();
    }
  }

  /** Writes an answer; the connection is closed after an exception. */
  interface Answer {
    void write(Request request, OutputStream out) throws IOException, InterruptedException;
  }

  /** Not asked: there is no TLS here. */
  private static final TrustManager ANYONE =
      TrustBundle.of(List.of(TestCa.root("ca").certificate())).trustManager();

  private final ServerSocket listener;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final BlockingQueue<Request> unseen = new LinkedBlockingQueue<>();
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();

  WireServer() throws IOException {
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread acceptor = new Thread(this::accept, "wire-server");
    acceptor.setDaemon(true);
    acceptor.start();
  }

  /** The next request that comes in is answered so. */
  WireServer then(Answer answer) {
    answers.add(answer);
    return this;
  }

  /** Waits for the next request that no earlier call has returned. */
  Request next() throws InterruptedException {
    Request next = unseen.poll(10, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no request within 10 s");
    }
    return next;
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  String url() {
    return "http://127.0.0.1:" + listener.getLocalPort();
  }

  /** A connection of the kind that a pod makes, without TLS. */
  ApiServer connect(ApiServer.Authorization authorization) {
    return ApiServer.at(Origin.of(url(), "a test"), authorization, ANYONE, Duration.ofMillis(700));
  }

  ApiServer connect() {
    return connect(Optional::empty);
  }

  /** A connection to somewhere else. */
  static ApiServer connect(Origin origin) {
    return ApiServer.at(origin, Optional::empty, ANYONE, Duration.ofMillis(700));
  }

  // Answers.

  static Answer json(int status, String body, String... headers) {
    return (request, out) -> {
      byte[] bytes = body.getBytes(UTF_8);
      write(out, "HTTP/1.1 " + status + " Reason\r\nContent-Type: application/json\r\n");
      for (String header : headers) {
        write(out, header + "\r\n");
      }
      write(out, "Content-Length: " + bytes.length + "\r\n\r\n");
      out.write(bytes);
      out.flush();
    };
  }

  /** A watch: each part is a chunk of its own; then the body ends cleanly. */
  static Answer chunks(String... parts) {
    return (request, out) -> {
      startOfWatch(out);
      for (String part : parts) {
        chunk(out, part);
      }
      write(out, "0\r\n\r\n");
    };
  }

  /** A watch that breaks off: the connection is closed within the body. */
  static Answer broken(String... parts) {
    return (request, out) -> {
      startOfWatch(out);
      for (String part : parts) {
        chunk(out, part);
      }
      throw new IOException("as scripted");
    };
  }

  /** A watch that stays open and silent after these parts, until the server is closed. */
  static Answer open(String... parts) {
    return (request, out) -> {
      startOfWatch(out);
      for (String part : parts) {
        chunk(out, part);
      }
      Thread.sleep(Duration.ofMinutes(10).toMillis());
    };
  }

  /** No answer at all. */
  static Answer silence() {
    return (request, out) -> Thread.sleep(Duration.ofMinutes(10).toMillis());
  }

  static Answer raw(String bytes) {
    return (request, out) -> {
      write(out, bytes);
      throw new IOException("as scripted");
    };
  }

  private static void startOfWatch(OutputStream out) throws IOException {
    write(
        out,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  }

  private static void chunk(OutputStream out, String part) throws IOException {
    byte[] bytes = part.getBytes(UTF_8);
    write(out, Integer.toHexString(bytes.length) + "\r\n");
    out.write(bytes);
    write(out, "\r\n");
  }

  static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(UTF_8));
    out.flush();
  }

  private void accept() {
    int number = 0;
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        sockets.add(socket);
        int connection = ++number;
        Thread thread = new Thread(() -> serve(connection, socket), "wire-" + connection);
        thread.setDaemon(true);
        thread.start();
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(int connection, Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      while (true) {
        Request request = read(connection, in);
        requests.add(request);
        unseen.add(request);
        answers.take().write(request, socket.getOutputStream());
      }
    } catch (IOException e) {
      // The end of a connection, one way or the other.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Request read(int connection, InputStream in) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      lines.add(line);
    }
    String[] first = lines.get(0).split(" ");
    Request head = new Request(connection, first[0], first[1], lines, "");
    int length = head.header("content-length").map(Integer::parseInt).orElse(0);
    return new Request(
        connection, first[0], first[1], lines, new String(in.readNBytes(length), UTF_8));
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException("closed");
      }
      if (next != '\r') {
        line.write(next);
      }
    }
    return line.toString(UTF_8);
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
