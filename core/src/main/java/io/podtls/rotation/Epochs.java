package io.podtls.rotation;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.WeakHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;

/**
 * Remembers which generation made a session, for as long as the session is there. A generation's
 * own context identifies its sessions; those of a context that is not ours are remembered one by
 * one. (A value on the session would be simpler, but the JDK makes no stateless ticket of a session
 * that carries one, and a TLS 1.2 server then resumes nothing.)
 */
final class Epochs {

  private final Map<SSLSessionContext, Long> contexts =
      Collections.synchronizedMap(new WeakHashMap<>());
  private final Map<SSLSession, Long> foreign = Collections.synchronizedMap(new WeakHashMap<>());

  void made(Generation generation) {
    SSLContext context = generation.sslContext();
    contexts.put(context.getServerSessionContext(), generation.number());
    contexts.put(context.getClientSessionContext(), generation.number());
  }

  /**
   * The generation takes part in a handshake of a foreign engine; the first one to do so counts.
   */
  void joins(Optional<SSLSession> handshake, long generation) {
    handshake.ifPresent(session -> foreign.putIfAbsent(session, generation));
  }

  OptionalLong of(SSLSession session) {
    SSLSessionContext context = session.getSessionContext();
    Long generation = context == null ? null : contexts.get(context);
    if (generation == null) {
      generation = foreign.get(session);
    }
    return generation == null ? OptionalLong.empty() : OptionalLong.of(generation);
  }
}
