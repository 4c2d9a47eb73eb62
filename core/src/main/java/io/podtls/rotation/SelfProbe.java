package io.podtls.rotation;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.failure.InvalidCertificateException.Violation;
import io.podtls.identity.TlsIdentity;
import io.podtls.jsse.Contexts;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** In-memory handshake of a generation with itself, before peers see it. */
final class SelfProbe {

  private static final System.Logger LOG = System.getLogger("io.podtls");

  /** A handshake takes about ten; so many mean that it makes no progress. */
  private static final int STEPS = 200;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private SelfProbe() {}

  /**
   * Returns if the generation can be used.
   *
   * @throws InvalidCertificateException with everything that is wrong with it
   */
  static void prove(Generation next, Optional<Generation> previous, Instant now) {
    TlsIdentity identity = next.identity().orElse(null);
    if (identity == null) {
      return; // There is nothing to show, and making the context has proven the trust.
    }
    identity.verify(next.trust(), now);
    ProbingPeer peer = new ProbingPeer(next.trust(), asOf(identity, now));
    try {
      shakeHands(next, peer);
    } catch (SSLException | RuntimeException e) {
      Violation violation = peer.refusal().orElseGet(() -> keyFails(identity, e));
      throw new InvalidCertificateException(identity.toString(), List.of(violation));
    }
    previous
        .filter(before -> !before.trust().equals(next.trust()))
        .ifPresent(before -> warnIfStrange(next, identity, before, now));
  }

  /** Now, or the notBefore that only a skewed clock puts ahead of it. */
  private static Instant asOf(TlsIdentity identity, Instant now) {
    return identity.chain().stream()
        .map(certificate -> certificate.getNotBefore().toInstant())
        .filter(now::isBefore)
        .max(Comparator.naturalOrder())
        .orElse(now);
  }

  private static Violation keyFails(TlsIdentity identity, Exception e) {
    return new Violation(
        Rule.KEY_MATCH,
        "its "
            + identity.leaf().getPublicKey().getAlgorithm()
            + " key fails in a TLS handshake: "
            + e.getMessage());
  }

  private static void warnIfStrange(
      Generation next, TlsIdentity identity, Generation previous, Instant now) {
    try {
      identity.verify(previous.trust(), now);
    } catch (InvalidCertificateException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          () ->
              next
                  + " is not trusted under the trust of "
                  + previous
                  + "; peers that have not followed the change will refuse it: "
                  + e.getMessage());
    }
  }

  /**
   * The generation is always the server, a leaf for client authentication too: what signs is the
   * same key with the same code, and the peer asks the question that fits the leaf.
   */
  private static void shakeHands(Generation next, ProbingPeer peer) throws SSLException {
    SSLEngine server = next.sslContext().createSSLEngine();
    server.setUseClientMode(false);
    SSLEngine client = Contexts.of(new KeyManager[0], peer).createSSLEngine();
    client.setUseClientMode(true);
    int record = server.getSession().getPacketBufferSize();
    ByteBuffer toServer = ByteBuffer.allocate(2 * record);
    ByteBuffer toClient = ByteBuffer.allocate(2 * record);
    ByteBuffer plain = ByteBuffer.allocate(server.getSession().getApplicationBufferSize());
    client.beginHandshake();
    server.beginHandshake();
    for (int step = 0; step < STEPS; step++) {
      if (isThrough(client) && isThrough(server)) {
        return;
      }
      advance(client, toServer, toClient, plain);
      advance(server, toClient, toServer, plain);
    }
    throw new SSLException("no end after " + STEPS + " steps");
  }

  private static boolean isThrough(SSLEngine engine) {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
  }

  private static void advance(SSLEngine engine, ByteBuffer out, ByteBuffer in, ByteBuffer plain)
      throws SSLException {
    switch (engine.getHandshakeStatus()) {
      case NEED_WRAP -> engine.wrap(NOTHING, out);
      case NEED_UNWRAP -> {
        in.flip();
        engine.unwrap(in, plain);
        in.compact();
      }
      case NEED_TASK -> {
        for (Runnable task = engine.getDelegatedTask();
            task != null;
            task = engine.getDelegatedTask()) {
          task.run();
        }
      }
      default -> {}
    }
  }
}
