package io.podtls.rotation;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** Makes each socket with the generation that is current when it is made. */
final class RotatingSocketFactory extends SSLSocketFactory {

  private final Rotation rotation;
  private final SSLSocketFactory settings;

  RotatingSocketFactory(Rotation rotation, SSLSocketFactory settings) {
    this.rotation = rotation;
    this.settings = settings;
  }

  private SSLSocketFactory now() {
    return rotation.open().sslContext().getSocketFactory();
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
  public Socket createSocket() throws IOException {
    return now().createSocket();
  }

  @Override
  public Socket createSocket(String host, int port) throws IOException {
    return now().createSocket(host, port);
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localAddress, int localPort)
      throws IOException {
    return now().createSocket(host, port, localAddress, localPort);
  }

  @Override
  public Socket createSocket(InetAddress address, int port) throws IOException {
    return now().createSocket(address, port);
  }

  @Override
  public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
      throws IOException {
    return now().createSocket(address, port, localAddress, localPort);
  }

  @Override
  public Socket createSocket(Socket socket, String host, int port, boolean autoClose)
      throws IOException {
    return now().createSocket(socket, host, port, autoClose);
  }

  @Override
  public Socket createSocket(Socket socket, @Nullable InputStream consumed, boolean autoClose)
      throws IOException {
    return now().createSocket(socket, consumed, autoClose);
  }
}
