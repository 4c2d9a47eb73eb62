package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.podtls.fabric8.JsonObject.JsonException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One watch: an HTTP answer with a JSON object per line, until either side ends it.
 *
 * <p>Thread safety: fed by the transport's threads, one at a time; closed by any thread.
 */
final class WatchStream implements Consumer<List<ByteBuffer>>, AutoCloseable {

  /** Notified of what a watch receives, on the transport's threads. */
  interface Listener {
    /**
     * Called when an object was added, changed or deleted.
     *
     * @param type ADDED, MODIFIED, DELETED or BOOKMARK
     * @param object the object, of a bookmark its resourceVersion only
     */
    void event(String type, JsonObject object);

    /**
     * Called when the watch is over; the last call, and none after {@link WatchStream#close()}.
     *
     * @param cause why, or null if the server ended it in good order
     */
    void ended(@Nullable ApiException cause);
  }

  private final Listener listener;
  private final Consumer<WatchStream> whenOver;
  private final Function<Throwable, ApiException> failures;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private volatile boolean accepted;
  private volatile boolean over;
  private Transport.@Nullable Exchange exchange;

  /**
   * Prepares a watch.
   *
   * @param whenOver called when it has ended or was closed, before the listener
   * @param failures explains why there is no answer
   */
  WatchStream(
      Listener listener,
      Consumer<WatchStream> whenOver,
      Function<Throwable, ApiException> failures) {
    this.listener = listener;
    this.whenOver = whenOver;
    this.failures = failures;
  }

  /** Follows the exchange whose body this is. */
  void follow(Transport.Exchange started) {
    synchronized (this) {
      exchange = started;
    }
    CompletableFuture<?> unused =
        started.head().whenComplete((head, failure) -> answered(started, head, failure));
  }

  private void answered(
      Transport.Exchange started, Transport.@Nullable Head head, @Nullable Throwable failure) {
    if (head == null) {
      fail(failure == null ? new IllegalStateException("no answer") : failure);
      return;
    }
    accepted = head.isSuccess();
    if (over) {
      started.cancel();
      return;
    }
    CompletableFuture<?> unused =
        started.done().whenComplete((done, broken) -> bodyEnded(head, broken));
    started.readBody();
  }

  /** Ends the watch because it could not be started, or broke. */
  void fail(Throwable failure) {
    end(failures.apply(failure));
  }

  @Override
  public void accept(List<ByteBuffer> pieces) {
    for (ByteBuffer piece : pieces) {
      while (piece.hasRemaining() && !over) {
        byte next = piece.get();
        if (next == '\n' && accepted) {
          deliver(line.toByteArray());
          line.reset();
        } else if (line.size() < AnswerBody.LONGEST) {
          line.write(next);
        } else {
          end(
              ApiException.noAnswer(
                  "the watch sent a line longer than " + AnswerBody.LONGEST + " bytes", null));
        }
      }
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

  private void bodyEnded(Transport.Head head, @Nullable Throwable broken) {
    if (!head.isSuccess()) {
      end(ApiServer.refusal(head, line.toByteArray(), Instant.now()));
    } else if (broken != null) {
      fail(broken);
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
    Transport.Exchange open;
    synchronized (this) {
      if (over) {
        return false;
      }
      over = true;
      open = exchange;
    }
    if (open != null) {
      open.cancel();
    }
    whenOver.accept(this);
    return true;
  }

  /** Whether it has ended or was closed. */
  boolean isOver() {
    return over;
  }
}
