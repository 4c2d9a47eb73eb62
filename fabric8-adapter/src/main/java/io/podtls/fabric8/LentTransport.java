package io.podtls.fabric8;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a KubernetesClient, with its credentials and without its retries, which know
 * nothing of deadlines. Uses only what fabric8 7.5 and 8 have in common.
 *
 * <p>Thread safety: safe for use by many threads.
 */
final class LentTransport implements Transport {

  private final HttpClient client;

  LentTransport(KubernetesClient lender) {
    HttpClient lent = lender.getHttpClient();
    RequestConfig own =
        lent instanceof Interceptor.RequestTags tags ? tags.getTag(RequestConfig.class) : null;
    RequestConfig config = own == null ? lender.getConfiguration().getRequestConfig() : own;
    client =
        lent.newBuilder()
            .tag(new RequestConfigBuilder(config).withRequestRetryBackoffLimit(0).build())
            .build();
  }

  @Override
  public Exchange send(Request request, Consumer<List<ByteBuffer>> body) {
    HttpRequest.Builder message = client.newHttpRequestBuilder().uri(request.uri());
    request.headers().forEach(message::setHeader);
    String content = request.body();
    if (content != null) {
      message.method(request.method(), "application/json", content);
    } else {
      message.forStreaming(); // without a limit on the whole answer, which may be a watch
    }
    LentExchange exchange = new LentExchange();
    exchange.follow(
        client.consumeBytes(
            message.build(),
            (pieces, from) -> {
              try {
                body.accept(pieces);
                from.consume();
              } catch (RuntimeException e) {
                exchange.done.completeExceptionally(e);
                from.cancel();
              }
            }));
    return exchange;
  }

  /** The client is the lender's to close. */
  @Override
  public void retire() {}

  private static final class LentExchange implements Exchange {
    private final CompletableFuture<HttpResponse<AsyncBody>> response = new CompletableFuture<>();
    private final CompletableFuture<Head> head = response.thenApply(LentHead::new);
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private volatile @Nullable CompletableFuture<?> sent;

    void follow(CompletableFuture<HttpResponse<AsyncBody>> answer) {
      sent = answer;
      CompletableFuture<?> unused =
          answer.whenComplete(
              (answered, failure) -> {
                if (failure == null) {
                  response.complete(answered);
                } else {
                  response.completeExceptionally(failure);
                }
              });
    }

    @Override
    public CompletableFuture<Head> head() {
      return head;
    }

    @Override
    public void readBody() {
      AsyncBody body = response.join().body();
      CompletableFuture<?> unused =
          body.done()
              .whenComplete(
                  (end, broken) -> {
                    if (broken == null) {
                      done.complete(null);
                    } else {
                      done.completeExceptionally(broken);
                    }
                  });
      body.consume();
    }

    @Override
    public CompletableFuture<Void> done() {
      return done;
    }

    @Override
    public void cancel() {
      CompletableFuture<?> pending = sent;
      if (pending != null) {
        pending.cancel(true);
      }
      CompletableFuture<?> unused = response.thenAccept(answered -> answered.body().cancel());
    }
  }

  private record LentHead(HttpResponse<AsyncBody> response) implements Head {
    @Override
    public int status() {
      return response.code();
    }

    @Override
    public List<String> values(String header) {
      return response.headers(header);
    }
  }
}
