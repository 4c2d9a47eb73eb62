package io.podtls.fabric8;

import java.lang.reflect.Method;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Connections made with the JDK's HTTP client, with the given trust and without a proxy. Once
 * retired and idle, its threads and connections end.
 *
 * <p>Thread safety: safe for use by many threads.
 */
final class OwnTransport implements Transport {

  private static final Duration CONNECT_WITHIN = Duration.ofSeconds(10);

  private final ThreadGroup threads = new ThreadGroup("podtls-api-server");
  private final Set<OwnExchange> underWay = ConcurrentHashMap.newKeySet();
  private final HttpClient client;
  private volatile boolean retired;

  /**
   * Prepares connections; none is made before the first request.
   *
   * @param trust verifies the server
   * @param executor runs callbacks and TLS; stays the caller's
   */
  OwnTransport(TrustManager trust, Executor executor) {
    try {
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, new TrustManager[] {trust}, null);
      client = inGroup(HttpClient.newBuilder().sslContext(tls).executor(executor));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS", e);
    }
  }

  /** Builds the client where the thread that it starts belongs to our group. */
  private HttpClient inGroup(HttpClient.Builder builder) {
    CompletableFuture<HttpClient> built = new CompletableFuture<>();
    builder.proxy(HttpClient.Builder.NO_PROXY).connectTimeout(CONNECT_WITHIN);
    Thread builderThread =
        new Thread(
            threads,
            () -> {
              try {
                built.complete(builder.build());
              } catch (RuntimeException | Error e) {
                built.completeExceptionally(e);
              }
            },
            "podtls-api-server");
    builderThread.setDaemon(true);
    builderThread.start();
    return built.join();
  }

  /** Threads for any number of clients, which end one second after their last work. */
  static Executor executor() {
    ThreadGroup group = Thread.currentThread().getThreadGroup();
    return new ThreadPoolExecutor(
        0,
        Integer.MAX_VALUE,
        1,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> {
          // Not in the group of the client whose thread asks for it, and which may end.
          Thread thread = new Thread(group, task, "podtls-api-server");
          thread.setDaemon(true);
          return thread;
        });
  }

  @Override
  public Exchange send(Request request, Consumer<List<ByteBuffer>> body) {
    HttpRequest.Builder message = HttpRequest.newBuilder(URI.create(request.uri()));
    request.headers().forEach(message::setHeader);
    String content = request.body();
    if (content == null) {
      message.method(request.method(), HttpRequest.BodyPublishers.noBody());
    } else {
      message
          .setHeader("Content-Type", "application/json")
          .method(request.method(), HttpRequest.BodyPublishers.ofString(content));
    }
    OwnExchange exchange = new OwnExchange(body);
    underWay.add(exchange);
    exchange.send(client, message.build());
    return exchange;
  }

  @Override
  public void retire() {
    retired = true;
    endIfIdle();
  }

  private void over(OwnExchange exchange) {
    underWay.remove(exchange);
    endIfIdle();
  }

  private void endIfIdle() {
    if (retired && underWay.isEmpty()) {
      end(client, threads);
    }
  }

  /** JDK 21 and newer have a method for it; before that, an interrupt ends the client's thread. */
  private static void end(HttpClient client, ThreadGroup threads) {
    try {
      Method shutdownNow = HttpClient.class.getMethod("shutdownNow");
      shutdownNow.invoke(client);
    } catch (ReflectiveOperationException e) {
      threads.interrupt();
    }
  }

  private final class OwnExchange
      implements Exchange, HttpResponse.BodyHandler<Void>, BodySubscriber<Void> {

    private final Consumer<List<ByteBuffer>> body;
    private final CompletableFuture<Head> head = new CompletableFuture<>();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private @Nullable CompletableFuture<HttpResponse<Void>> response;
    private Flow.@Nullable Subscription subscription;
    private boolean reading;
    private boolean cancelled;

    OwnExchange(Consumer<List<ByteBuffer>> body) {
      this.body = body;
    }

    void send(HttpClient through, HttpRequest message) {
      CompletableFuture<HttpResponse<Void>> sent = through.sendAsync(message, this);
      synchronized (this) {
        response = sent;
      }
      CompletableFuture<?> unused =
          sent.whenComplete(
              (whole, failure) -> {
                if (failure == null) {
                  done.complete(null);
                } else {
                  head.completeExceptionally(failure);
                  done.completeExceptionally(failure);
                }
                over(this);
              });
    }

    @Override
    public BodySubscriber<Void> apply(ResponseInfo info) {
      head.complete(new OwnHead(info));
      return this;
    }

    @Override
    public CompletableFuture<Head> head() {
      return head;
    }

    /** Completed with the body: until then the exchange can be cancelled. */
    @Override
    public CompletionStage<Void> getBody() {
      return done;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      synchronized (this) {
        subscription = given;
        if (!reading || cancelled) {
          return;
        }
      }
      given.request(1);
    }

    @Override
    public void readBody() {
      Flow.Subscription given;
      synchronized (this) {
        reading = true;
        given = subscription;
      }
      if (given != null) {
        given.request(1);
      }
    }

    @Override
    public void onNext(List<ByteBuffer> pieces) {
      try {
        body.accept(pieces);
      } catch (RuntimeException e) {
        done.completeExceptionally(e);
        cancel();
        return;
      }
      Flow.Subscription given;
      synchronized (this) {
        given = cancelled ? null : subscription;
      }
      if (given != null) {
        given.request(1);
      }
    }

    @Override
    public void onError(Throwable failure) {
      done.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      done.complete(null);
    }

    @Override
    public CompletableFuture<Void> done() {
      return done;
    }

    @Override
    public void cancel() {
      CompletableFuture<HttpResponse<Void>> sent;
      synchronized (this) {
        cancelled = true;
        sent = response;
      }
      if (sent != null) {
        sent.cancel(true);
      }
    }
  }

  private record OwnHead(ResponseInfo info) implements Head {
    @Override
    public int status() {
      return info.statusCode();
    }

    @Override
    public List<String> values(String header) {
      return info.headers().allValues(header);
    }
  }
}
