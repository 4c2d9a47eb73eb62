package io.podtls.examples.signing;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.fabric8.approval.RequestId;
import io.podtls.fabric8.approval.RequestWatch;
import io.podtls.fabric8.approval.WatchedRequest;
import io.podtls.request.SignerName;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.HttpURLConnection;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A controller that signs the approved requests of one signerName, until it is closed.
 *
 * <p>It watches the requests of its signerName and keeps their names only, so that its memory does
 * not depend on their sizes. It writes certificates through the status subresource with the version
 * that it has read. Two replicas may work on one request: the API server takes the first answer and
 * refuses the second.
 *
 * <p>A failure of the API or of the CA is tried again with growing pauses up to 30 s. A request
 * that is wrong in any way gets the condition Failed with the reason {@code
 * SignerValidationFailure} once.
 *
 * <p><b>Thread safety:</b> safe for use by many threads.
 */
public final class SigningController implements AutoCloseable {
  private static final Logger LOG = System.getLogger(SigningController.class.getName());
  private static final long LONGEST_PAUSE_MILLIS = 30_000;
  private static final int THREADS = 4;
  private static final int UNPROCESSABLE = 422;

  private final SigningRules rules;
  private final RequestSigner signer;
  private final ScheduledThreadPoolExecutor workers;
  private final CompletableFuture<RequestWatch> watch = new CompletableFuture<>();
  private final Set<RequestId> queued = ConcurrentHashMap.newKeySet();
  private final Map<RequestId, Integer> failures = new ConcurrentHashMap<>();

  private SigningController(SigningRules rules, RequestSigner signer) {
    this.rules = rules;
    this.signer = signer;
    this.workers =
        new ScheduledThreadPoolExecutor(
            THREADS,
            task -> {
              Thread thread = new Thread(task, "signer");
              thread.setDaemon(true);
              return thread;
            });
    workers.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /**
   * Starts to watch and to sign; returns at once.
   *
   * @param client the client of the controller; stays the caller's, who closes it after the
   *     controller. Needs {@code get}, {@code list} and {@code watch} on
   *     certificatesigningrequests, {@code update} on their status, {@code sign} on the signer and
   *     {@code get} on pods
   * @param rules what to sign
   * @param authority returns the CA, called for each request; while it is empty, requests wait
   * @param clock the present
   */
  public static SigningController start(
      KubernetesClient client,
      SigningRules rules,
      Supplier<Optional<CertificateAuthority>> authority,
      InstantSource clock) {
    RequestSigner signer =
        new RequestSigner(
            requireNonNull(client, "client"),
            requireNonNull(rules, "rules"),
            requireNonNull(authority, "authority"),
            requireNonNull(clock, "clock"));
    SigningController controller = new SigningController(rules, signer);
    controller.watch.complete(
        RequestWatch.start(
            client, SignerName.of(rules.signerName()), controller.new ApprovedRequests()));
    return controller;
  }

  /**
   * Returns whether all present requests have been seen and changes are being watched for.
   *
   * <p>A connection that falls silent without an end is noticed within 5 minutes.
   */
  public boolean watching() {
    return watch.join().isWatching();
  }

  /** Returns the number of certificates that were written since the start. */
  public long signed() {
    return signer.signed();
  }

  /** Returns the number of requests that were refused since the start. */
  public long refused() {
    return signer.refused();
  }

  /** Stops watching and signing; what is being written is finished. Idempotent. */
  @Override
  public void close() {
    watch.join().close();
    workers.shutdown();
  }

  private void enqueue(RequestId id, long delayMillis) {
    if (!workers.isShutdown() && queued.add(id)) {
      var unused = workers.schedule(() -> work(id), delayMillis, TimeUnit.MILLISECONDS);
    }
  }

  private void work(RequestId id) {
    queued.remove(id);
    try {
      RequestWatch requests = watch.join();
      Optional<WatchedRequest> request =
          requests.read(id).filter(now -> now.state() == WatchedRequest.State.APPROVED);
      if (request.isPresent()) {
        signer.answer(request.get(), requests);
      }
      failures.remove(id);
    } catch (KubernetesClientException e) {
      switch (e.getCode()) {
        // Another replica was faster, or it is gone: the watch reports what is left to do.
        case HttpURLConnection.HTTP_CONFLICT, HttpURLConnection.HTTP_NOT_FOUND ->
            LOG.log(Level.DEBUG, () -> "csr " + Printable.of(id.name()) + " changed meanwhile");
        case HttpURLConnection.HTTP_FORBIDDEN ->
            again(
                id,
                e,
                "; may this service account get certificatesigningrequests and pods, update"
                    + " certificatesigningrequests/status and sign for signers/"
                    + rules.signerName()
                    + "?");
        case UNPROCESSABLE -> // the condition Failed itself: no other answer is possible
            LOG.log(
                Level.WARNING,
                () ->
                    Printable.of(
                        "csr %s: the API server accepts no answer: %s"
                            .formatted(id.name(), e.getMessage())));
        default -> again(id, e, "");
      }
    } catch (RuntimeException | Error e) { // of one request, the others go on
      again(id, e, "");
    }
  }

  private void again(RequestId id, Throwable problem, String advice) {
    int count = failures.merge(id, 1, Integer::sum);
    long pause = Math.min(LONGEST_PAUSE_MILLIS, 200L << Math.min(count - 1, 10));
    String seen = problem instanceof Error ? problem.toString() : problem.getMessage();
    LOG.log(
        Level.WARNING,
        () ->
            Printable.of(
                "csr %s: attempt %d failed, next in %d ms: %s%s"
                    .formatted(id.name(), count, pause, seen, advice)));
    enqueue(id, pause);
  }

  /** The requests that are approved and not signed. */
  private final class ApprovedRequests implements RequestWatch.Listener {
    @Override
    public boolean changed(WatchedRequest request) {
      boolean approved = request.state() == WatchedRequest.State.APPROVED;
      if (approved) {
        enqueue(request.id(), 0);
      } else {
        failures.remove(request.id());
      }
      return approved;
    }

    @Override
    public void gone(RequestId id) {
      failures.remove(id);
    }
  }
}
