package io.podtls.fabric8.approval;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URLEncoder;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The API server, read with bounded memory: the client's own operations hold each answer in full,
 * several times, before they parse it, and a tenant that may create objects chooses its size.
 *
 * <p>Nothing is retried. Refusals of the API server are thrown as {@link KubernetesClientException}
 * with their code, as are failures to reach it.
 *
 * <p>Thread safety: safe for use by many threads.
 */
final class BoundedApi {

  /** How long to wait for an answer, and for each part of it. */
  static final Duration ANSWER_WITHIN = Duration.ofSeconds(10);

  /** For the answer to an update, which is not read. */
  private static final String METADATA_ONLY =
      "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

  private static final int LONGEST_REFUSAL = 16 << 10;

  /** Reads an answer. */
  @FunctionalInterface
  interface Reader<T> {
    T read(BoundedJson json) throws IOException;
  }

  /** Receives an object of a list. */
  @FunctionalInterface
  interface Item {
    void read(BoundedJson json) throws IOException;
  }

  private final KubernetesClient client;
  private final HttpClient http;
  private final String base;
  private final int longestText;
  private final int budget;
  private final Set<String> skipped;

  /**
   * Borrows the client's connections, address and credentials.
   *
   * @param longestText as of {@link BoundedJson}
   * @param budget as of {@link BoundedJson}
   * @param skipped as of {@link BoundedJson}
   */
  BoundedApi(KubernetesClient client, int longestText, int budget, Set<String> skipped) {
    this.client = client;
    this.http =
        client
            .getHttpClient()
            .newBuilder()
            .tag(
                new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                    .withRequestRetryBackoffLimit(0)
                    .build())
            .build();
    String url = client.getMasterUrl().toString();
    this.base = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    this.longestText = longestText;
    this.budget = budget;
    this.skipped = skipped;
  }

  /** A value as part of a query. */
  static String encoded(String value) {
    return URLEncoder.encode(value, UTF_8);
  }

  /** Binds what was read to a type of the client. */
  <T> T as(Class<T> type, Map<String, @Nullable Object> fields) {
    return client.getKubernetesSerialization().convertValue(fields, type);
  }

  /** Reads one answer. */
  <T> T get(String path, Reader<T> reader) {
    try (BodyStream body = new BodyStream(ANSWER_WITHIN)) {
      answer(http.newHttpRequestBuilder().uri(base + path), body);
      return reader.read(json(body));
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /**
   * Reads a list in pages.
   *
   * @param objects how many objects a page has
   * @return the version of the list, from which to watch
   */
  String list(String path, int objects, Item item) {
    Page page = new Page();
    String paged = path + (path.contains("?") ? "&" : "?") + "limit=" + objects;
    do {
      String rest = page.rest.isEmpty() ? "" : "&continue=" + encoded(page.rest);
      get(paged + rest, json -> page.read(json, item));
    } while (!page.rest.isEmpty());
    return page.version;
  }

  /**
   * Opens an answer that goes on for long.
   *
   * @param body receives it; closed by the caller
   */
  BoundedJson open(String path, BodyStream body) {
    try {
      answer(http.newHttpRequestBuilder().uri(base + path).forStreaming(), body);
      return json(body);
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  /** Replaces an object; of the answer, nothing is kept. */
  void put(String path, Object object) {
    String json = client.getKubernetesSerialization().asJson(object);
    try (BodyStream body = new BodyStream(ANSWER_WITHIN)) {
      answer(
          http.newHttpRequestBuilder()
              .uri(base + path)
              .method("PUT", "application/json", json)
              .setHeader("Accept", METADATA_ONLY),
          body);
      byte[] rest = new byte[8 << 10];
      while (body.read(rest, 0, rest.length) >= 0) {
        // read to its end, so that the connection can be used again
      }
    } catch (IOException e) {
      throw failure(path, e);
    }
  }

  private BoundedJson json(BodyStream body) {
    return new BoundedJson(body, longestText, budget, skipped);
  }

  private void answer(HttpRequest.Builder request, BodyStream body) throws IOException {
    CompletableFuture<HttpResponse<AsyncBody>> answer = http.consumeBytes(request.build(), body);
    HttpResponse<AsyncBody> response;
    try {
      response = answer.get(ANSWER_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new IOException(text(cause == null ? e : cause), cause);
    } catch (TimeoutException e) {
      abandon(answer);
      throw new IOException("no answer within " + ANSWER_WITHIN.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      abandon(answer);
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
    body.open(response.body());
    if (!response.isSuccessful()) {
      throw refusal(response.code(), body.readNBytes(LONGEST_REFUSAL));
    }
  }

  private static void abandon(CompletableFuture<HttpResponse<AsyncBody>> answer) {
    var unused = answer.thenAccept(late -> late.body().cancel());
  }

  private KubernetesClientException refusal(int code, byte[] body) {
    try {
      Status status =
          client.getKubernetesSerialization().unmarshal(new String(body, UTF_8), Status.class);
      if (status != null && status.getMessage() != null) {
        return new KubernetesClientException(
            base + " answers " + code + ": " + Printable.of(status.getMessage(), 500),
            code,
            status);
      }
    } catch (RuntimeException e) {
      // Plain text of an overloaded API server, or a proxy's page.
    }
    return new KubernetesClientException(base + " answers " + code, code, null);
  }

  private KubernetesClientException failure(String path, IOException failure) {
    String resource = path.replaceFirst("\\?.*", "");
    return new KubernetesClientException(base + resource + ": " + text(failure), failure);
  }

  private static String text(Throwable failure) {
    return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
  }

  /** One page of a list. */
  private static final class Page {
    private String rest = "";
    private String version = "";

    Page read(BoundedJson json, Item item) throws IOException {
      rest = "";
      json.object(
          name -> {
            switch (name) {
              case "metadata" -> {
                Map<String, @Nullable Object> metadata = json.read();
                rest = metadata.get("continue") instanceof String text ? text : "";
                version = metadata.get("resourceVersion") instanceof String text ? text : "";
              }
              case "items" -> json.array(() -> item.read(json));
              default -> json.skip();
            }
          });
      return this;
    }
  }
}
