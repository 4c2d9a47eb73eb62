package io.podtls.fabric8;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * HTTP connections to one server.
 *
 * <p>Thread safety: implementations are safe for use by many threads.
 */
interface Transport {

  /**
   * What to send.
   *
   * @param method the HTTP method
   * @param uri where to
   * @param headers at most one value each
   * @param body JSON, null for none
   */
  record Request(String method, String uri, Map<String, String> headers, @Nullable String body) {}

  /** The start of an answer. */
  interface Head {
    int status();

    /** The values of a header, none if it is absent. */
    List<String> values(String header);

    default boolean isSuccess() {
      return status() >= 200 && status() < 300;
    }
  }

  /** One request on its way, and its answer. */
  interface Exchange {

    /** The start of the answer; fails if there is none. */
    CompletableFuture<Head> head();

    /** Lets the body come. Called once, after the head. */
    void readBody();

    /** Completed at the end of the body, exceptionally if it broke off. */
    CompletableFuture<?> done();

    /** Ends the exchange wherever it is; idempotent. */
    void cancel();
  }

  /**
   * Sends a request and returns at once.
   *
   * @param request what to send
   * @param body receives the body piece by piece, on threads of the transport, one at a time; what
   *     it throws ends the exchange
   */
  Exchange send(Request request, Consumer<List<ByteBuffer>> body);

  /** Ends the connections as soon as no exchange is under way. No request follows. */
  void retire();
}
