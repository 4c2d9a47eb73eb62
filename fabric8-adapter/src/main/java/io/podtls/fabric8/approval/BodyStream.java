package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.client.http.AsyncBody;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer as a stream that asks for the next chunk only when the last one has been
 * read, and that waits for it no longer than allowed.
 *
 * <p>Thread safety: fed by the HTTP client's threads, read by one thread, closed by any.
 */
final class BodyStream extends InputStream implements AsyncBody.Consumer<List<ByteBuffer>> {

  private final Duration patience;
  private final Deque<ByteBuffer> chunks = new ArrayDeque<>();
  private @Nullable AsyncBody body;
  private @Nullable Throwable broken;
  private boolean requested;
  private boolean ended;

  /**
   * A stream without a body yet.
   *
   * @param patience how long to wait for the next chunk
   */
  BodyStream(Duration patience) {
    this.patience = patience;
  }

  /** Reads this body. A stream that was closed before cancels it. */
  void open(AsyncBody answer) {
    boolean closed;
    synchronized (this) {
      body = answer;
      closed = ended;
    }
    if (closed) {
      answer.cancel();
    } else {
      var unused = answer.done().whenComplete((done, failure) -> end(failure));
    }
  }

  @Override
  public synchronized void consume(List<ByteBuffer> chunk, AsyncBody from) {
    requested = false;
    if (!ended) {
      chunks.addAll(chunk);
    }
    notifyAll();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public synchronized int read(byte[] to, int offset, int length) throws IOException {
    ByteBuffer chunk = next();
    if (chunk == null) {
      return -1;
    }
    int count = Math.min(length, chunk.remaining());
    chunk.get(to, offset, count);
    return count;
  }

  private synchronized @Nullable ByteBuffer next() throws IOException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      while (!chunks.isEmpty() && !chunks.getFirst().hasRemaining()) {
        chunks.removeFirst();
      }
      if (!chunks.isEmpty()) {
        return chunks.getFirst();
      }
      if (ended) {
        return atEnd();
      }
      if (!requested && body != null) {
        requested = true;
        body.consume(); // may deliver before it returns
        continue;
      }
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw new SocketTimeoutException("nothing came for " + patience.toSeconds() + " s");
      }
      try {
        wait(left / 1_000_000 + 1);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      }
    }
  }

  private @Nullable ByteBuffer atEnd() throws IOException {
    if (broken != null) {
      throw new IOException("the answer broke off: " + broken.getMessage(), broken);
    }
    return null;
  }

  private synchronized void end(@Nullable Throwable failure) {
    if (!ended) {
      ended = true;
      broken = failure;
    }
    notifyAll();
  }

  /** Ends the answer; a read under way ends as at the end of the body. */
  @Override
  public void close() {
    AsyncBody open;
    synchronized (this) {
      ended = true;
      chunks.clear();
      open = body;
      notifyAll();
    }
    if (open != null) {
      open.cancel();
    }
  }
}
