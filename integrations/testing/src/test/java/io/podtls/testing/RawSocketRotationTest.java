package io.podtls.testing;

import io.podtls.PodTls;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;

@DisplayName("SSLServerSocket and SSLSocket")
class RawSocketRotationTest extends RotationContract {

  private static final int TIMEOUT_MILLIS = 20_000;

  /** Echoes byte by byte. */
  @Override
  protected Server start(PodTls tls) throws IOException {
    SSLServerSocket listener =
        (SSLServerSocket)
            tls.sslContext()
                .getServerSocketFactory()
                .createServerSocket(0, 100, InetAddress.getLoopbackAddress());
    listener.setNeedClientAuth(true);
    ExecutorService threads = Executors.newCachedThreadPool();
    List<SSLSocket> open = new CopyOnWriteArrayList<>();
    threads.execute(
        () -> {
          while (!listener.isClosed()) {
            try {
              SSLSocket socket = (SSLSocket) listener.accept();
              open.add(socket);
              threads.execute(
                  () -> {
                    echo(socket);
                    open.remove(socket);
                  });
            } catch (IOException e) {
              return; // Closed; a client that is not served fails the test.
            }
          }
        });
    return Server.at(
        listener.getLocalPort(),
        () -> {
          listener.close();
          for (SSLSocket socket : open) {
            socket.close();
          }
          threads.shutdownNow();
        });
  }

  private static void echo(SSLSocket socket) {
    try (socket) {
      for (int b = socket.getInputStream().read(); b >= 0; b = socket.getInputStream().read()) {
        socket.getOutputStream().write(b);
        socket.getOutputStream().flush();
      }
    } catch (IOException e) {
      // The client is refused, or has gone.
    }
  }

  /** Connects at its first call and stays connected. */
  @Override
  protected Client client(PodTls tls, int port) {
    return new Client() {
      private SSLSocket socket;

      @Override
      public void call() throws IOException {
        if (socket == null) {
          socket = (SSLSocket) tls.sslContext().getSocketFactory().createSocket("localhost", port);
          socket.setSoTimeout(TIMEOUT_MILLIS);
        }
        socket.getOutputStream().write(42);
        socket.getOutputStream().flush();
        if (socket.getInputStream().read() != 42) {
          throw new EOFException("no echo");
        }
      }

      @Override
      public void close() throws IOException {
        if (socket != null) {
          socket.close();
        }
      }
    };
  }

  @Override
  protected byte[] opening() {
    return new byte[] {42};
  }
}
