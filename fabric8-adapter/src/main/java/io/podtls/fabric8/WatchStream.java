package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.podtls.fabric8.JsonObject.JsonException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One watch: an HTTP answer whose body is a JSON object a line, for as long as both sides like.
 *
 * <p>Thread safety: fed by the HTTP client's threads, one at a time; closed by any thread.
 */
final class WatchStream implements AsyncBody.Consumer<List<ByteBuffer>>, AutoCloseable {

  /** Hears of a watch, on the HTTP client's threads. */
  interface Listener {
    /**
     * Something happened to an object.
     *
     * @param type ADDED, MODIFIED, DELETED or BOOKMARK
     * @param object the object, of a bookmark its resourceVersion only
     */
    void event(String type, JsonObject object);

    /**
     * The watch is over; the last call, and none after {@link WatchStream#close()}.
     *
     * @param cause why, or null if the server ended it in good order
     */
    void ended(@Nullable ApiException cause);
  }

  private static final int LONGEST_LINE = 8 << 20;

  private final Listener listener;
  private final Consumer<WatchStream> whenOver;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private int status;
  private boolean over;
  private @Nullable AsyncBody body;

  /**
   * Prepares a watch.
   *
   * @param whenOver hears that it has ended or was closed, before the listener does
   */
  WatchStream(Listener listener, Consumer<WatchStream> whenOver) {
    this.listener = listener;
    this.whenOver = whenOver;
  }

  /** Follows the answer, once there is one. */
  void follow(CompletableFuture<HttpResponse<AsyncBody>> answer) {
    CompletableFuture<?> unused = answer.whenComplete(this::answered);
  }

  private void answered(HttpResponse<AsyncBody> response, @Nullable Throwable failure) {
    if (failure != null) {
      end(ApiServer.noAnswer(failure));
    } else if (take(response)) {
      CompletableFuture<?> unused =
          response.body().done().whenComplete((done, broken) -> bodyEnded(response, broken));
      response.body().consume();
    } else {
      response.body().cancel();
    }
  }

  private synchronized boolean take(HttpResponse<AsyncBody> response) {
    status = response.code();
    body = response.body();
    return !over;
  }

  @Override
  public void consume(List<ByteBuffer> chunk, AsyncBody from) {
    for (ByteBuffer buffer : chunk) {
      while (buffer.hasRemaining()) {
        byte next = buffer.get();
        if (next == '\n' && HttpResponse.isSuccessful(status)) {
          deliver(line.toByteArray());
          line.reset();
        } else if (line.size() < LONGEST_LINE) {
          line.write(next);
        } else {
          end(ApiException.noAnswer("the watch sent a line without an end", null));
        }
      }
    }
    if (!isOver()) {
      from.consume();
    }
  }

  private void deliver(byte[] json) {
    if (new String(json, UTF_8).isBlank() || isOver()) {
      return;
    }
    try {
      JsonObject event = JsonObject.parse(json);
      String type = event.text("type");
      JsonObject object = event.object("object");
      if (type.equals("ERROR")) {
        end(ApiException.answer((int) object.number("code"), object, Optional.empty()));
      } else {
        listener.event(type, object);
      }
    } catch (JsonException e) {
      end(ApiException.noAnswer("the watch sent what is no event", e));
    }
  }

  private void bodyEnded(HttpResponse<AsyncBody> response, @Nullable Throwable broken) {
    if (!HttpResponse.isSuccessful(response.code())) {
      end(ApiServer.refusal(response, line.toByteArray(), Instant.now()));
    } else if (broken != null) {
      end(ApiServer.noAnswer(broken));
    } else if (line.size() > 0) {
      end(ApiException.noAnswer("the watch ended within an event: " + line.size() + " B", null));
    } else {
      end(null);
    }
  }

  private void end(@Nullable ApiException cause) {
    if (stop()) {
      listener.ended(cause);
    }
  }

  @Override
  public void close() {
    stop();
  }

  private boolean stop() {
    AsyncBody open;
    synchronized (this) {
      if (over) {
        return false;
      }
      over = true;
      open = body;
    }
    if (open != null) {
      open.cancel();
    }
    whenOver.accept(this);
    return true;
  }

  /** Whether it has ended or was closed. */
  synchronized boolean isOver() {
    return over;
  }
}
