package io.podtls.rotation;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** As much of HTTP/2 (RFC 9113) as it takes to answer each request with 204. */
final class TinyHttp2Server implements AutoCloseable {

  private static final int PREFACE_LENGTH = 24;
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int ACK = 1;
  private static final int END_STREAM_AND_HEADERS = 5;
  private static final byte STATUS_204 = (byte) 0x89; // RFC 7541 appendix A, entry 9.

  private final SSLServerSocket listener;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<SSLSocket> open = new CopyOnWriteArrayList<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();

  TinyHttp2Server(SSLServerSocket listener) {
    this.listener = listener;
    SSLParameters parameters = listener.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    listener.setSSLParameters(parameters);
    threads.execute(this::acceptAll);
  }

  List<Throwable> failures() {
    return failures;
  }

  private void acceptAll() {
    try {
      while (true) {
        SSLSocket socket = (SSLSocket) listener.accept();
        open.add(socket);
        threads.execute(() -> serve(socket));
      }
    } catch (IOException e) {
      if (!listener.isClosed()) {
        failures.add(e);
      }
    }
  }

  private void serve(SSLSocket socket) {
    try (socket) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      in.readFully(new byte[PREFACE_LENGTH]);
      write(socket.getOutputStream(), SETTINGS, 0, 0);
      while (true) {
        int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        in.readFully(new byte[length]);
        if (type == SETTINGS && flags != ACK) {
          write(socket.getOutputStream(), SETTINGS, ACK, 0);
        } else if (type == HEADERS) {
          write(socket.getOutputStream(), HEADERS, END_STREAM_AND_HEADERS, stream, STATUS_204);
        }
      }
    } catch (java.io.EOFException e) {
      // The client has gone.
    } catch (IOException e) {
      if (!listener.isClosed()) {
        failures.add(e);
      }
    }
  }

  private static void write(OutputStream out, int type, int flags, int stream, byte... payload)
      throws IOException {
    byte[] frame = new byte[9 + payload.length];
    frame[2] = (byte) payload.length;
    frame[3] = (byte) type;
    frame[4] = (byte) flags;
    frame[7] = (byte) (stream >> 8);
    frame[8] = (byte) stream;
    System.arraycopy(payload, 0, frame, 9, payload.length);
    out.write(frame);
    out.flush();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (SSLSocket socket : open) {
      socket.close();
    }
    threads.shutdownNow();
  }
}
