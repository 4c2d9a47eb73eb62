package io.podtls.rotation;

import java.net.Socket;
import java.util.OptionalLong;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * Written on the sessions that a generation takes part in, so that a connection tells its
 * generation whatever made its SSLContext. A session keeps its first stamp: resumption copies it,
 * and where two generations had a part in one handshake the older one counts.
 *
 * @param rotation stands for the {@link Rotation} whose generation it is; two of them in one
 *     program count apart
 * @param generation the generation's number
 */
record Stamp(Object rotation, long generation) {

  private static final String NAME = "io.podtls.generation";

  /** The generation stamped on the session by this rotation, if any. */
  static OptionalLong read(SSLSession session, Object rotation) {
    return session.getValue(NAME) instanceof Stamp stamp && stamp.rotation == rotation
        ? OptionalLong.of(stamp.generation)
        : OptionalLong.empty();
  }

  void on(@Nullable SSLEngine engine) {
    if (engine != null) {
      try {
        on(engine.getHandshakeSession());
      } catch (UnsupportedOperationException e) {
        // An engine that shows no session during its handshake is told by its certificate.
      }
    }
  }

  void on(@Nullable Socket socket) {
    if (socket instanceof SSLSocket tls) {
      try {
        on(tls.getHandshakeSession());
      } catch (UnsupportedOperationException e) {
        // As above.
      }
    }
  }

  private void on(@Nullable SSLSession session) {
    if (session != null && session.getValue(NAME) == null) {
      session.putValue(NAME, this);
    }
  }
}
