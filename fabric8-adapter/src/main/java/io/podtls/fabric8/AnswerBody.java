package io.podtls.fabric8;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Collects the body of one answer, and notices when the rest of it will never come: a body has to
 * make progress, however long it is.
 *
 * <p>Thread safety: fed by the HTTP client's threads, awaited by one.
 */
final class AnswerBody implements AsyncBody.Consumer<List<ByteBuffer>> {

  private final Duration progressWithin;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  AnswerBody(Duration progressWithin) {
    this.progressWithin = progressWithin;
  }

  @Override
  public synchronized void consume(List<ByteBuffer> chunk, AsyncBody from) {
    for (ByteBuffer buffer : chunk) {
      byte[] part = new byte[buffer.remaining()];
      buffer.get(part);
      bytes.writeBytes(part);
    }
    from.consume();
  }

  /** Waits for the whole body; empty if it broke off or stopped coming. */
  Optional<byte[]> of(HttpResponse<AsyncBody> response) throws InterruptedException {
    CompletableFuture<Void> done = response.body().done();
    response.body().consume();
    int before = -1;
    try {
      while (size() > before) {
        before = size();
        try {
          done.get(progressWithin.toMillis(), TimeUnit.MILLISECONDS);
          return Optional.of(content());
        } catch (TimeoutException e) {
          // go on if there was progress
        }
      }
    } catch (ExecutionException e) {
      return Optional.empty();
    } finally {
      response.body().cancel();
    }
    return Optional.empty();
  }

  private synchronized int size() {
    return bytes.size();
  }

  private synchronized byte[] content() {
    return bytes.toByteArray();
  }
}
