package io.podtls.jsse;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** A chain that a peer shows in a handshake, and the question of JSSE whether to trust it. */
public final class PresentedChain {

  /** What the peer is. */
  public enum Role {
    CLIENT,
    SERVER
  }

  /** One of the six methods of a trust manager, with its arguments. */
  interface Question {
    void ask(X509ExtendedTrustManager manager) throws CertificateException;
  }

  private final X509Certificate[] chain;
  private final String authType;
  private final Role role;
  private final @Nullable Object connection;
  private final Question question;

  PresentedChain(
      X509Certificate[] chain,
      String authType,
      Role role,
      @Nullable Object connection,
      Question question) {
    this.chain = chain;
    this.authType = authType;
    this.role = role;
    this.connection = connection;
    this.question = question;
  }

  public X509Certificate[] certificates() {
    return chain;
  }

  public String authType() {
    return authType;
  }

  public Role role() {
    return role;
  }

  /** Returns the session that is being negotiated, if the connection shows it. */
  public Optional<SSLSession> session() {
    return handshakeOf(connection);
  }

  /** Returns the session that a socket or engine negotiates, if it is for TLS and shows it. */
  public static Optional<SSLSession> handshakeOf(@Nullable Object connection) {
    try {
      if (connection instanceof SSLEngine engine) {
        return Optional.ofNullable(engine.getHandshakeSession());
      }
      if (connection instanceof SSLSocket socket) {
        return Optional.ofNullable(socket.getHandshakeSession());
      }
    } catch (UnsupportedOperationException notShown) {
      // The methods' default.
    }
    return Optional.empty();
  }

  /**
   * Asks a trust manager.
   *
   * @throws CertificateException if it refuses the chain, or cannot check it
   */
  public void checkWith(X509ExtendedTrustManager manager) throws CertificateException {
    ask(question, manager);
  }

  /**
   * Asks a trust manager of the JDK about the chain of a server, and whether it is for the host
   * that the connection is to. This is the check that the JDK makes for connections with an
   * endpoint identification algorithm (RFC 2818 3.1), whatever the connection says about that.
   */
  void checkWithHost(X509ExtendedTrustManager manager) throws CertificateException {
    SSLParameters parameters = parameters();
    String algorithm = parameters.getEndpointIdentificationAlgorithm();
    if (algorithm == null || algorithm.isEmpty()) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      ask(serverQuestion(parameters), manager);
    } else {
      checkWith(manager);
    }
  }

  /** Asks a trust manager of the JDK about the chain of a server, whatever host it is for. */
  void checkWithoutHost(X509ExtendedTrustManager manager) throws CertificateException {
    SSLParameters parameters = parameters();
    parameters.setEndpointIdentificationAlgorithm(null);
    ask(serverQuestion(parameters), manager);
  }

  /** Whether the connection says which host it is to. */
  boolean namesHost() {
    return session()
        .filter(session -> peerHost(session).isPresent() || !serverNames(session).isEmpty())
        .isPresent();
  }

  /** The host that the connection is to; a name that is only asked for by SNI may differ. */
  Optional<String> host() {
    return session().flatMap(PresentedChain::peerHost);
  }

  private static Optional<String> peerHost(SSLSession session) {
    return Optional.ofNullable(session.getPeerHost()).filter(host -> !host.isEmpty());
  }

  private static List<?> serverNames(SSLSession session) {
    try {
      return session instanceof ExtendedSSLSession extended
          ? extended.getRequestedServerNames()
          : List.of();
    } catch (UnsupportedOperationException notShown) {
      return List.of();
    }
  }

  private SSLParameters parameters() {
    if (connection instanceof SSLEngine engine) {
      return engine.getSSLParameters();
    }
    return connection instanceof SSLSocket socket ? socket.getSSLParameters() : new SSLParameters();
  }

  /** The JDK's trust manager looks at nothing else in an engine, and as it does in a socket. */
  private Question serverQuestion(SSLParameters parameters) {
    SSLSession session = session().orElse(null);
    return session == null
        ? manager -> manager.checkServerTrusted(chain, authType)
        : manager ->
            manager.checkServerTrusted(chain, authType, new EngineView(session, parameters));
  }

  private static void ask(Question question, X509ExtendedTrustManager manager)
      throws CertificateException {
    try {
      question.ask(manager);
    } catch (UnsupportedOperationException e) {
      // What the JDK does with a name constraint of a kind that it does not know. Unchecked, it
      // would end the thread and not the handshake.
      throw new CertificateException("the JDK cannot check the chain: " + e.getMessage(), e);
    }
  }
}
