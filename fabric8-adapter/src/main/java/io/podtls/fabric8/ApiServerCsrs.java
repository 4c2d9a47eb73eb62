package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** CertificateSigningRequests at the API server, {@code certificates.k8s.io/v1}. */
final class ApiServerCsrs implements CsrApi {

  static final String PATH = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

  private final ApiServer server;

  ApiServerCsrs(ApiServer server) {
    this.server = server;
  }

  @Override
  public void prepare() {
    server.prepare();
  }

  @Override
  public Csr create(Draft draft) throws ApiException, InterruptedException {
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("request", draft.request());
    spec.put("signerName", draft.signerName());
    spec.put("usages", draft.usages());
    if (draft.expirationSeconds() != null) {
      spec.put("expirationSeconds", draft.expirationSeconds());
    }
    JsonObject csr =
        JsonObject.of(
            Map.of(
                "apiVersion",
                "certificates.k8s.io/v1",
                "kind",
                "CertificateSigningRequest",
                "metadata",
                Map.of("name", draft.name()),
                "spec",
                spec));
    return Csr.of(server.post(PATH, csr));
  }

  @Override
  public Csr get(String name) throws ApiException, InterruptedException {
    return Csr.of(server.get(PATH + "/" + name));
  }

  @Override
  public AutoCloseable watch(
      String name, @Nullable String resourceVersion, int seconds, Consumer<Event> events) {
    String query =
        "?watch=true&allowWatchBookmarks=true&timeoutSeconds="
            + seconds
            + "&fieldSelector="
            + URLEncoder.encode("metadata.name=" + name, UTF_8)
            + (resourceVersion == null
                ? ""
                : "&resourceVersion=" + URLEncoder.encode(resourceVersion, UTF_8));
    return server.watch(
        PATH + query,
        new WatchStream.Listener() {
          @Override
          public void event(String type, JsonObject object) {
            switch (type) {
              case "ADDED", "MODIFIED" -> events.accept(new Event.Changed(Csr.of(object)));
              case "DELETED" -> events.accept(new Event.Deleted(object.text("metadata", "uid")));
              case "BOOKMARK" ->
                  events.accept(new Event.Bookmark(object.text("metadata", "resourceVersion")));
              default -> {} // a type of some later version
            }
          }

          @Override
          public void ended(@Nullable ApiException cause) {
            events.accept(new Event.Ended(cause));
          }
        });
  }

  @Override
  public void reconnect() {
    server.reconnect();
  }

  @Override
  public void close() {
    server.close();
  }

  @Override
  public String toString() {
    return server.toString();
  }
}
