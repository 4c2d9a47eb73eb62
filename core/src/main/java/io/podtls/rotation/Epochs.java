package io.podtls.rotation;

import java.net.Socket;
import java.util.Collections;
import java.util.Map;
import java.util.OptionalLong;
import java.util.WeakHashMap;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * Remembers which generation made a session, for as long as the session is there.
 *
 * <p>The context that a session belongs to tells, but a client's session belongs to one only once
 * it can be resumed, so clients' sessions are marked as well. Servers' are not: the JDK keeps a
 * session that carries a value out of stateless tickets. Servers' sessions in a context that is not
 * ours are remembered here instead.
 */
final class Epochs {

  private static final String NAME = "io.podtls.generation";

  /** Of these epochs, and not of another rotation in the same program. */
  private record Mark(Epochs epochs, long generation) {}

  private final Map<SSLSessionContext, Long> contexts =
      Collections.synchronizedMap(new WeakHashMap<>());
  private final Map<SSLSession, Long> served = Collections.synchronizedMap(new WeakHashMap<>());

  void made(Generation generation) {
    SSLContext context = generation.sslContext();
    contexts.put(context.getServerSessionContext(), generation.number());
    contexts.put(context.getClientSessionContext(), generation.number());
  }

  /** A handshake has come to a point where this generation takes part in it as a client. */
  void connecting(@Nullable SSLSession handshake, long generation) {
    // Resumption copies the mark, and of two generations in one handshake the older one counts.
    if (handshake != null && handshake.getValue(NAME) == null) {
      handshake.putValue(NAME, new Mark(this, generation));
    }
  }

  /** A handshake in a foreign context has come to a point where this generation serves it. */
  void serving(@Nullable SSLSession handshake, long generation) {
    if (handshake != null) {
      served.putIfAbsent(handshake, generation);
    }
  }

  OptionalLong of(SSLSession session) {
    if (session.getValue(NAME) instanceof Mark mark && mark.epochs == this) {
      return OptionalLong.of(mark.generation);
    }
    SSLSessionContext context = session.getSessionContext();
    Long made = context == null ? null : contexts.get(context);
    if (made == null) {
      made = served.get(session);
    }
    return made == null ? OptionalLong.empty() : OptionalLong.of(made);
  }

  /** The session that the engine is about to agree on, if it shows it. */
  static @Nullable SSLSession handshake(@Nullable SSLEngine engine) {
    return engine == null ? null : supported(engine::getHandshakeSession);
  }

  static @Nullable SSLSession handshake(@Nullable Socket socket) {
    return socket instanceof SSLSocket tls ? supported(tls::getHandshakeSession) : null;
  }

  private static @Nullable SSLSession supported(Supplier<@Nullable SSLSession> handshake) {
    try {
      return handshake.get();
    } catch (UnsupportedOperationException e) {
      return null; // A foreign engine; its certificate may still tell.
    }
  }
}
