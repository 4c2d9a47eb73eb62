package io.podtls.examples.pods;

import io.podtls.PodTls;
import io.podtls.PodTlsListener;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.HttpsURLConnection;

/**
 * Sends requests at a constant rate: one half over connections that are kept, the other half over a
 * new connection each. Prints each failure, and the totals every second as {@code sent N failed M}.
 * A request that is not sent for ten seconds, because all threads wait for answers, has failed.
 */
final class Load {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int THREADS = 16;

  private final URI url;
  private final PodTls tls;
  private final HttpClient keeping;
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();

  /** Prints changes of the bundle. */
  private static final class Trust implements PodTlsListener {
    @Override
    public void trustChanged(TrustBundle previous, TrustBundle current) {
      System.out.println(Instant.now() + " trust changed");
    }
  }

  private Load(URI url, PodTls tls) {
    this.url = url;
    this.tls = tls;
    this.keeping =
        HttpClient.newBuilder()
            .sslContext(tls.sslContext())
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
  }

  static void run(String url, Options options) throws InterruptedException {
    try (PodTls tls =
        PodTls.trusting(TrustBundleSource.pemFile(Path.of(options.get("--ca"))))
            .addListener(new Trust())
            .bootstrap(Duration.ofSeconds(90))) {
      Load load = new Load(URI.create(url), tls);
      int rate = options.number("--rate", 25);
      BlockingQueue<Runnable> late = new ArrayBlockingQueue<>(rate * (int) TIMEOUT.toSeconds());
      ExecutorService threads = new ThreadPoolExecutor(THREADS, THREADS, 0, TimeUnit.SECONDS, late);
      long begin = System.nanoTime();
      for (long number = 0; ; number++) {
        long early = begin + number * TimeUnit.SECONDS.toNanos(1) / rate - System.nanoTime();
        TimeUnit.NANOSECONDS.sleep(early);
        boolean kept = number % 2 == 0;
        try {
          threads.execute(() -> load.send(kept));
        } catch (RejectedExecutionException e) {
          load.failed.incrementAndGet();
          System.out.println("failure " + Instant.now() + " not sent for " + TIMEOUT);
        }
        if (number % rate == 0) {
          load.report();
        }
      }
    }
  }

  private void send(boolean kept) {
    Instant begin = Instant.now();
    try {
      int status = kept ? overKeptConnection() : overNewConnection();
      if (status != 200) {
        throw new IOException("status " + status);
      }
      answered.incrementAndGet();
    } catch (IOException e) {
      failed.incrementAndGet();
      System.out.println(
          "failure "
              + begin
              + " after "
              + Duration.between(begin, Instant.now()).toMillis()
              + " ms over a "
              + (kept ? "kept" : "new")
              + " connection: "
              + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int overKeptConnection() throws IOException, InterruptedException {
    return keeping
        .send(
            HttpRequest.newBuilder(url).timeout(TIMEOUT).build(),
            HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }

  private int overNewConnection() throws IOException {
    HttpsURLConnection connection = (HttpsURLConnection) url.toURL().openConnection();
    connection.setSSLSocketFactory(tls.sslContext().getSocketFactory());
    connection.setRequestProperty("Connection", "close");
    connection.setConnectTimeout((int) TIMEOUT.toMillis());
    connection.setReadTimeout((int) TIMEOUT.toMillis());
    try (InputStream body = connection.getInputStream()) {
      body.readAllBytes();
    }
    return connection.getResponseCode();
  }

  private void report() {
    System.out.println("sent " + (answered.get() + failed.get()) + " failed " + failed.get());
  }
}
