package io.podtls.rotation;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import org.jspecify.annotations.Nullable;

/**
 * Remembers which generation made a session, for as long as the session is there. A generation's
 * own context identifies its sessions; those of a context that is not ours are remembered one by
 * one. (A value on the session would be simpler, but the JDK makes no stateless ticket of a session
 * that carries one, and a TLS 1.2 server then resumes nothing.)
 */
final class Epochs {

  private final Map<SSLSessionContext, Long> contexts =
      Collections.synchronizedMap(new WeakHashMap<>());
  private final Map<Foreign, Long> foreign = new ConcurrentHashMap<>();
  private final ReferenceQueue<SSLSession> gone = new ReferenceQueue<>();

  /** A session by its identity: BoringSSL's are equal to each other until they have an id. */
  private static final class Foreign extends WeakReference<SSLSession> {
    private final int hash;

    Foreign(SSLSession session, @Nullable ReferenceQueue<SSLSession> gone) {
      super(session, gone);
      hash = System.identityHashCode(session);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other
          || (other instanceof Foreign foreign && get() != null && foreign.get() == get());
    }
  }

  void made(Generation generation) {
    SSLContext context = generation.sslContext();
    contexts.put(context.getServerSessionContext(), generation.number());
    contexts.put(context.getClientSessionContext(), generation.number());
  }

  /**
   * The generation takes part in a handshake of a foreign engine; the first one to do so counts.
   */
  void joins(Optional<SSLSession> handshake, long generation) {
    for (Object old = gone.poll(); old != null; old = gone.poll()) {
      foreign.remove(old);
    }
    handshake.ifPresent(session -> foreign.putIfAbsent(new Foreign(session, gone), generation));
  }

  OptionalLong of(SSLSession session) {
    SSLSessionContext context = session.getSessionContext();
    Long generation = context == null ? null : contexts.get(context);
    if (generation == null) {
      generation = foreign.get(new Foreign(session, null));
    }
    return generation == null ? OptionalLong.empty() : OptionalLong.of(generation);
  }
}
