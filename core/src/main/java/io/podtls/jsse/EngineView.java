package io.podtls.jsse;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;

/** What a trust manager may look at in a connection, with parameters of our own. */
final class EngineView extends SSLEngine {

  private final SSLSession handshake;
  private final SSLParameters parameters;

  EngineView(SSLSession handshake, SSLParameters parameters) {
    this.handshake = handshake;
    this.parameters = parameters;
  }

  @Override
  public SSLSession getHandshakeSession() {
    return handshake;
  }

  @Override
  public SSLSession getSession() {
    return handshake;
  }

  @Override
  public SSLParameters getSSLParameters() {
    return parameters;
  }

  private static UnsupportedOperationException viewOnly() {
    return new UnsupportedOperationException("only to look at the handshake");
  }

  @Override
  public SSLEngineResult wrap(ByteBuffer[] sources, int offset, int length, ByteBuffer target) {
    throw viewOnly();
  }

  @Override
  public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer[] targets, int offset, int length) {
    throw viewOnly();
  }

  @Override
  public Runnable getDelegatedTask() {
    throw viewOnly();
  }

  @Override
  public void closeInbound() {
    throw viewOnly();
  }

  @Override
  public boolean isInboundDone() {
    throw viewOnly();
  }

  @Override
  public void closeOutbound() {
    throw viewOnly();
  }

  @Override
  public boolean isOutboundDone() {
    throw viewOnly();
  }

  @Override
  public String[] getSupportedCipherSuites() {
    throw viewOnly();
  }

  @Override
  public String[] getEnabledCipherSuites() {
    throw viewOnly();
  }

  @Override
  public void setEnabledCipherSuites(String[] suites) {
    throw viewOnly();
  }

  @Override
  public String[] getSupportedProtocols() {
    throw viewOnly();
  }

  @Override
  public String[] getEnabledProtocols() {
    throw viewOnly();
  }

  @Override
  public void setEnabledProtocols(String[] protocols) {
    throw viewOnly();
  }

  @Override
  public void beginHandshake() {
    throw viewOnly();
  }

  @Override
  public HandshakeStatus getHandshakeStatus() {
    throw viewOnly();
  }

  @Override
  public void setUseClientMode(boolean mode) {
    throw viewOnly();
  }

  @Override
  public boolean getUseClientMode() {
    throw viewOnly();
  }

  @Override
  public void setNeedClientAuth(boolean need) {
    throw viewOnly();
  }

  @Override
  public boolean getNeedClientAuth() {
    throw viewOnly();
  }

  @Override
  public void setWantClientAuth(boolean want) {
    throw viewOnly();
  }

  @Override
  public boolean getWantClientAuth() {
    throw viewOnly();
  }

  @Override
  public void setEnableSessionCreation(boolean flag) {
    throw viewOnly();
  }

  @Override
  public boolean getEnableSessionCreation() {
    throw viewOnly();
  }
}
