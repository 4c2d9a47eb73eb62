package io.podtls.fabric8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Collects the body of one answer, up to a limit. However long it is, a body has to make progress.
 *
 * <p>Thread safety: fed by the transport's threads, awaited by one.
 */
final class AnswerBody implements Consumer<List<ByteBuffer>> {

  /** Five times what etcd stores as one object by default. */
  static final int LONGEST = 8 << 20;

  /** How waiting for a body ended. */
  enum End {
    WHOLE,
    BROKEN_OFF,
    STALLED,
    TOO_LONG
  }

  private final Duration progressWithin;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private boolean tooLong;

  AnswerBody(Duration progressWithin) {
    this.progressWithin = progressWithin;
  }

  @Override
  public synchronized void accept(List<ByteBuffer> pieces) {
    for (ByteBuffer piece : pieces) {
      if (piece.remaining() > LONGEST - bytes.size()) {
        tooLong = true;
        throw new IllegalStateException("longer than " + LONGEST + " bytes");
      }
      byte[] part = new byte[piece.remaining()];
      piece.get(part);
      bytes.writeBytes(part);
    }
  }

  /** Waits for the whole body; ends the exchange if it does not come. */
  End await(Transport.Exchange exchange) throws InterruptedException {
    exchange.readBody();
    End end = End.STALLED;
    try {
      int before = -1;
      while (size() > before && end == End.STALLED) {
        before = size();
        try {
          exchange.done().get(progressWithin.toMillis(), TimeUnit.MILLISECONDS);
          end = End.WHOLE;
        } catch (TimeoutException e) {
          // go on if there was progress
        }
      }
    } catch (ExecutionException e) {
      end = isTooLong() ? End.TOO_LONG : End.BROKEN_OFF;
    } finally {
      if (end != End.WHOLE) {
        exchange.cancel();
      }
    }
    return end;
  }

  private synchronized int size() {
    return bytes.size();
  }

  private synchronized boolean isTooLong() {
    return tooLong;
  }

  synchronized byte[] content() {
    return bytes.toByteArray();
  }
}
