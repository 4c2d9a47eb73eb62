package io.podtls.rotation;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/**
 * Accepts plain connections and lays TLS over each with the generation that is current then. What
 * is set on the server socket is kept by an unbound one of the JDK's own, so that it means and
 * refuses what it does there, and is given to every accepted socket.
 */
final class RotatingServerSocket extends SSLServerSocket {

  private final Rotation rotation;
  private final SSLServerSocket settings;

  RotatingServerSocket(Rotation rotation, SSLServerSocket settings) throws IOException {
    this.rotation = rotation;
    this.settings = settings;
  }

  @Override
  public Socket accept() throws IOException {
    rotation.open();
    Socket plain = super.accept();
    try {
      SSLSocket socket =
          (SSLSocket)
              rotation
                  .open()
                  .sslContext()
                  .getSocketFactory()
                  .createSocket(plain, (InputStream) null, true);
      socket.setUseClientMode(settings.getUseClientMode());
      socket.setSSLParameters(settings.getSSLParameters());
      socket.setEnableSessionCreation(settings.getEnableSessionCreation());
      return socket;
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw e;
    }
  }

  @Override
  public String[] getEnabledCipherSuites() {
    return settings.getEnabledCipherSuites();
  }

  @Override
  public void setEnabledCipherSuites(String[] suites) {
    settings.setEnabledCipherSuites(suites);
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return settings.getSupportedCipherSuites();
  }

  @Override
  public String[] getSupportedProtocols() {
    return settings.getSupportedProtocols();
  }

  @Override
  public String[] getEnabledProtocols() {
    return settings.getEnabledProtocols();
  }

  @Override
  public void setEnabledProtocols(String[] protocols) {
    settings.setEnabledProtocols(protocols);
  }

  @Override
  public void setNeedClientAuth(boolean need) {
    settings.setNeedClientAuth(need);
  }

  @Override
  public boolean getNeedClientAuth() {
    return settings.getNeedClientAuth();
  }

  @Override
  public void setWantClientAuth(boolean want) {
    settings.setWantClientAuth(want);
  }

  @Override
  public boolean getWantClientAuth() {
    return settings.getWantClientAuth();
  }

  @Override
  public void setUseClientMode(boolean clientMode) {
    settings.setUseClientMode(clientMode);
  }

  @Override
  public boolean getUseClientMode() {
    return settings.getUseClientMode();
  }

  @Override
  public void setEnableSessionCreation(boolean flag) {
    settings.setEnableSessionCreation(flag);
  }

  @Override
  public boolean getEnableSessionCreation() {
    return settings.getEnableSessionCreation();
  }

  @Override
  public SSLParameters getSSLParameters() {
    return settings.getSSLParameters();
  }

  @Override
  public void setSSLParameters(SSLParameters parameters) {
    settings.setSSLParameters(parameters);
  }
}
