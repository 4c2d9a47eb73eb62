package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.request.SignerName;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A watch on the CertificateSigningRequests of one signerName, for approvers and signers, whose
 * memory does not depend on how large the requests are.
 *
 * <pre>{@code
 * RequestWatch watch = RequestWatch.start(client, SignerName.of("example.com/serving"),
 *     request -> {
 *       if (request.state() != WatchedRequest.State.APPROVED) {
 *         return false;                      // nothing to sign, not to be remembered
 *       }
 *       queue.add(request.id());             // and watch.read(id) when its turn comes
 *       return true;
 *     });
 * }</pre>
 *
 * <p>Any pod that may create requests chooses how many there are and how large they are, up to some
 * 1.5 MB each. The watch therefore lists in pages, reads each answer as a stream and keeps a
 * bounded part of one request at a time ({@link WatchedRequest}). Of requests that the listener
 * asks to remember, it keeps the name and the uid.
 *
 * <p>The watch reconnects until it is closed: a watch that broke off goes on from where it ended,
 * after a pause that grows up to 30 seconds while attempts fail; if that is not possible, all
 * requests are listed again.
 *
 * <p>It needs the verbs {@code list} and {@code watch} on certificatesigningrequests, and {@code
 * get} for {@link #read}.
 *
 * <p><b>Thread safety:</b> safe for use by many threads.
 */
public final class RequestWatch implements AutoCloseable {

  /**
   * Receives what a watch reports, on the watch's one thread. Exceptions are logged and otherwise
   * ignored.
   *
   * <p><b>Thread safety:</b> called by one thread at a time.
   */
  @FunctionalInterface
  public interface Listener {
    /**
     * Called for each request when the requests are listed, and each time a request is created or
     * changed. Decided requests are reported as well.
     *
     * @param request the request as it was read; valid after the call, but keep its {@link
     *     WatchedRequest#id() id} only, so that memory stays bounded
     * @return whether the watch is to remember the request and to report its end; false for a
     *     request that needs nothing more
     */
    boolean changed(WatchedRequest request);

    /**
     * Called when a request that the watch remembers was deleted, or was replaced by another one of
     * the same name. Does nothing by default.
     *
     * @param id the request that is gone
     */
    default void gone(RequestId id) {}

    /** Called before the requests are listed, at the start and again. Does nothing by default. */
    default void listing() {}

    /**
     * Called after all requests were reported: at the start, and each time they were listed again.
     * Does nothing by default.
     */
    default void listed() {}

    /**
     * Called when the requests cannot be listed or watched. Does nothing by default; the watch logs
     * the first failure in a row as WARNING.
     *
     * @param failure the reason
     * @param nextAttempt the time until the next attempt
     */
    default void failed(RuntimeException failure, Duration nextAttempt) {}
  }

  /** The path of all requests. */
  static final String PATH = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

  private static final System.Logger LOG = System.getLogger(RequestWatch.class.getName());

  /** Requests per page of a list. A page of the largest requests is some 40 MB on the wire. */
  private static final int PAGE = 20;

  /** The base64 of 64 KiB. */
  private static final int LONGEST_TEXT = 87_384;

  /** For metadata, spec and status each. */
  private static final int BUDGET = 128 << 10;

  /** How long the API server keeps a watch open. */
  private static final Duration WATCH = Duration.ofMinutes(4);

  /** How much longer than that a silent watch is believed to be alive. */
  private static final Duration GRACE = Duration.ofSeconds(15);

  private static final Duration SHORTEST_WATCH = Duration.ofSeconds(1);

  private final BoundedApi api;
  private final ConditionWriter writer;
  private final SignerName signer;
  private final Listener listener;
  private final Thread thread;
  private final Backoff backoff =
      new Backoff(Integer.MAX_VALUE, () -> ThreadLocalRandom.current().nextDouble());
  private final Map<String, String> remembered = new HashMap<>(); // uids by name; the thread's own
  private final Object monitor = new Object();
  private @Nullable BodyStream open; // guarded by monitor
  private boolean relist; // guarded by monitor
  private volatile boolean listed;
  private volatile boolean failing;
  private volatile boolean closed;

  private RequestWatch(KubernetesClient client, SignerName signer, Listener listener) {
    this.api = api(client);
    this.writer = new ConditionWriter(api);
    this.signer = signer;
    this.listener = listener;
    this.thread = new Thread(this::run, "podtls-request-watch");
    thread.setDaemon(true);
  }

  /**
   * Starts a watch and returns at once. If the API server cannot be reached or refuses, the watch
   * tries again until it is closed.
   *
   * @param client the client to watch with; stays the caller's, and must not be closed before the
   *     watch
   * @param signer the signer whose requests are reported
   * @param listener receives them
   * @return the running watch, to be closed by the caller
   */
  public static RequestWatch start(KubernetesClient client, SignerName signer, Listener listener) {
    RequestWatch watch =
        new RequestWatch(
            requireNonNull(client, "client"),
            requireNonNull(signer, "signer"),
            requireNonNull(listener, "listener"));
    watch.thread.start();
    return watch;
  }

  /** Access to requests that is bounded as this watch's is. */
  static BoundedApi api(KubernetesClient client) {
    return new BoundedApi(client, LONGEST_TEXT, BUDGET, Set.of("metadata.managedFields"));
  }

  /**
   * {@return whether all requests were reported and changes are being watched for}
   *
   * <p>False until the first list is complete, and while the API server refuses the watch or cannot
   * be reached. A connection that falls silent without an end is noticed within 5 minutes.
   */
  public boolean isWatching() {
    return listed && !failing && !closed;
  }

  /**
   * Reads a request as it is now.
   *
   * @param id the request
   * @return the request, empty if it is gone or if another one has its name
   * @throws KubernetesClientException if the API server refuses or does not answer within 10
   *     seconds
   */
  public Optional<WatchedRequest> read(RequestId id) {
    return read(api, id);
  }

  static Optional<WatchedRequest> read(BoundedApi api, RequestId id) {
    try {
      return Optional.of(
              api.get(PATH + "/" + BoundedApi.encoded(id.name()), json -> request(api, json)))
          .filter(request -> request.id().equals(id));
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Writes the condition Denied to a request, whether or not it is {@linkplain
   * WatchedRequest#tooLarge() too large}, without loading the answer. A request that is too large
   * loses labels and annotations that were not read.
   *
   * <p>Needs {@code update} on certificatesigningrequests/approval and {@code approve} on the
   * signer.
   *
   * @param request the request as it was read
   * @param reason the reason for programs, in CamelCase
   * @param message the sentence for people; cut to 2,000 printable characters
   * @return false if nothing was written because the request has changed or is gone
   * @throws KubernetesClientException if the API server refuses or does not answer within 10
   *     seconds
   */
  public boolean deny(WatchedRequest request, String reason, String message) {
    return writer.write(request, "Denied", reason, Printable.message(message))
        == ConditionWriter.Outcome.WRITTEN;
  }

  /**
   * Writes the condition Failed to a request, as {@link #deny} writes Denied.
   *
   * <p>Needs {@code update} on certificatesigningrequests/status and {@code sign} on the signer.
   *
   * @param request the request as it was read
   * @param reason the reason for programs, in CamelCase
   * @param message the sentence for people; cut to 2,000 printable characters
   * @return false if nothing was written because the request has changed or is gone
   * @throws KubernetesClientException if the API server refuses or does not answer within 10
   *     seconds
   */
  public boolean fail(WatchedRequest request, String reason, String message) {
    return writer.write(request, "Failed", reason, Printable.message(message))
        == ConditionWriter.Outcome.WRITTEN;
  }

  /** Lists all requests again soon, and reports each of them. */
  public void listAgain() {
    synchronized (monitor) {
      relist = true;
      interruptWatch();
    }
  }

  /** Stops the watch; does not wait for a call to the listener to end. Idempotent. */
  @Override
  public void close() {
    closed = true;
    synchronized (monitor) {
      interruptWatch();
    }
  }

  /** Ends the answer that is being read, or the pause before the next attempt. */
  private void interruptWatch() {
    if (open != null) {
      open.close();
    }
    monitor.notifyAll();
  }

  private void run() {
    String version = "";
    int failures = 0;
    while (!closed) {
      try {
        if (takeRelist()) {
          version = ""; // until the list is complete, however many attempts that takes
        }
        if (version.isEmpty()) {
          version = list();
        }
        long since = System.nanoTime();
        version = watch(version);
        failures = 0;
        if (System.nanoTime() - since < SHORTEST_WATCH.toNanos()) {
          pause(SHORTEST_WATCH); // a proxy that ends every watch at once
        }
      } catch (RuntimeException | Error e) {
        RuntimeException failure =
            e instanceof RuntimeException known ? known : new IllegalStateException(e);
        failures++;
        if (isGone(failure)) {
          version = ""; // too old to go on from, which is in order after a long pause
        }
        if (!isGone(failure) || failures > 1) {
          report(failure, failures);
        }
      }
    }
  }

  private boolean isInterrupted() {
    synchronized (monitor) {
      return closed || relist;
    }
  }

  private boolean takeRelist() {
    synchronized (monitor) {
      boolean wanted = relist;
      relist = false;
      return wanted;
    }
  }

  private String list() {
    call(Listener::listing);
    Map<String, String> missing = new HashMap<>(remembered);
    String version =
        api.list(
            PATH + "?" + selector(),
            PAGE,
            json -> {
              if (closed) {
                throw new IOException("closed");
              }
              WatchedRequest request = request(api, json);
              missing.remove(request.id().name());
              tell(request);
            });
    failing = false;
    missing.forEach((name, uid) -> forget(new RequestId(name, uid)));
    listed = true;
    call(Listener::listed);
    return version;
  }

  private String watch(String from) {
    String query =
        "&watch=true&allowWatchBookmarks=true&timeoutSeconds="
            + WATCH.toSeconds()
            + "&resourceVersion="
            + BoundedApi.encoded(from);
    try (BodyStream body = new BodyStream(WATCH.plus(GRACE))) {
      synchronized (monitor) {
        if (isInterrupted()) {
          return from;
        }
        open = body;
      }
      String version = from;
      BoundedJson json = api.open(PATH + "?" + selector() + query, body);
      failing = false;
      while (!json.atEnd()) {
        version = event(json, version);
      }
      return version;
    } catch (IOException e) {
      if (isInterrupted()) {
        return from;
      }
      throw new KubernetesClientException(
          "the watch on requests for " + signer + ": " + e.getMessage(), e);
    } finally {
      synchronized (monitor) {
        open = null;
      }
    }
  }

  private String event(BoundedJson json, String version) throws IOException {
    Event event = new Event();
    json.object(
        name -> {
          switch (name) {
            case "type" -> event.type = json.text();
            case "object" -> {
              event.object = json.read();
              event.cut = json.isCut();
            }
            default -> json.skip();
          }
        });
    if (event.type.equals("ERROR")) {
      Status status = api.as(Status.class, event.object);
      int code = status.getCode() == null ? 0 : status.getCode();
      throw new KubernetesClientException(
          "the watch on requests for " + signer + " ended: " + status.getMessage(), code, status);
    }
    WatchedRequest request =
        new WatchedRequest(api.as(CertificateSigningRequest.class, event.object), event.cut);
    switch (event.type) {
      case "ADDED", "MODIFIED" -> tell(request);
      case "DELETED" -> forget(request.id());
      default -> {} // a bookmark
    }
    String next = request.csr().getMetadata().getResourceVersion();
    return next == null ? version : next;
  }

  private static WatchedRequest request(BoundedApi api, BoundedJson json) throws IOException {
    Map<String, @Nullable Object> fields = json.read();
    return new WatchedRequest(api.as(CertificateSigningRequest.class, fields), json.isCut());
  }

  private void tell(WatchedRequest request) {
    RequestId id = request.id();
    String known = remembered.get(id.name());
    if (known != null && !known.equals(id.uid())) {
      forget(new RequestId(id.name(), known)); // deleted and created again between watches
    }
    boolean remember = false;
    try {
      remember = !closed && listener.changed(request);
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, () -> "the listener threw on " + request, e);
    }
    if (remember) {
      remembered.put(id.name(), id.uid());
    } else {
      remembered.remove(id.name());
    }
  }

  private void forget(RequestId id) {
    if (remembered.remove(id.name(), id.uid())) {
      call(told -> told.gone(id));
    }
  }

  private void call(Consumer<Listener> news) {
    if (closed) {
      return;
    }
    try {
      news.accept(listener);
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, () -> "the listener of the watch on " + signer + " threw", e);
    }
  }

  private void report(RuntimeException failure, int failures) {
    if (closed) {
      return;
    }
    failing = true;
    Duration next = backoff.after(failure, failures).orElseThrow();
    LOG.log(
        failures == 1 ? Level.WARNING : Level.DEBUG,
        () ->
            "cannot watch the requests for "
                + signer
                + ", next attempt in "
                + next.toMillis()
                + " ms: "
                + failure.getMessage());
    call(told -> told.failed(failure, next));
    pause(next);
  }

  private void pause(Duration time) {
    long deadline = System.nanoTime() + time.toNanos();
    synchronized (monitor) {
      try {
        for (long left = time.toMillis(); !closed && left > 0; ) {
          monitor.wait(left);
          left = (deadline - System.nanoTime()) / 1_000_000;
        }
      } catch (InterruptedException e) {
        closed = true; // an interrupt of this thread means that it shall end
      }
    }
  }

  private String selector() {
    return "fieldSelector=" + BoundedApi.encoded("spec.signerName=" + signer.value());
  }

  private static boolean isGone(RuntimeException failure) {
    return failure instanceof KubernetesClientException refused
        && refused.getCode() == HttpURLConnection.HTTP_GONE;
  }

  /** One event of the watch. */
  private static final class Event {
    private String type = "";
    private Map<String, @Nullable Object> object = Map.of();
    private boolean cut;
  }
}
