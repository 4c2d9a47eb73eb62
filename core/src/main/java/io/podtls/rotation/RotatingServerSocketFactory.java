package io.podtls.rotation;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;
import org.jspecify.annotations.Nullable;

/** Makes server sockets that serve each connection with the generation current at its accept. */
final class RotatingServerSocketFactory extends SSLServerSocketFactory {

  private static final int DEFAULT_BACKLOG = 0; // ServerSocket's own default, whatever it is.

  private final Rotation rotation;
  private final SSLServerSocketFactory settings;

  RotatingServerSocketFactory(Rotation rotation, SSLServerSocketFactory settings) {
    this.rotation = rotation;
    this.settings = settings;
  }

  @Override
  public String[] getDefaultCipherSuites() {
    return settings.getDefaultCipherSuites();
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return settings.getSupportedCipherSuites();
  }

  @Override
  public ServerSocket createServerSocket() throws IOException {
    rotation.open();
    return new RotatingServerSocket(rotation, (SSLServerSocket) settings.createServerSocket());
  }

  @Override
  public ServerSocket createServerSocket(int port) throws IOException {
    return createServerSocket(port, DEFAULT_BACKLOG, null);
  }

  @Override
  public ServerSocket createServerSocket(int port, int backlog) throws IOException {
    return createServerSocket(port, backlog, null);
  }

  @Override
  public ServerSocket createServerSocket(int port, int backlog, @Nullable InetAddress address)
      throws IOException {
    ServerSocket socket = createServerSocket();
    try {
      socket.bind(new InetSocketAddress(address, port), backlog);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
    return socket;
  }
}
