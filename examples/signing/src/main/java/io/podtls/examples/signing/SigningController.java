package io.podtls.examples.signing;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Signs the approved requests of one signerName, until closed.
 *
 * <p>Watches the requests of its signerName, looks at all of them again every 5 minutes, and writes
 * certificates through the status subresource with the version it has read. Two replicas may work
 * on one request: the API server takes the first answer and refuses the second. What fails is tried
 * again with growing pauses up to 30 s; what is refused gets the condition Failed with the reason
 * {@code SignerValidationFailure}.
 *
 * <p><b>Thread safety:</b> safe for use by many threads.
 */
public final class SigningController implements AutoCloseable {
  private static final Logger LOG = System.getLogger(SigningController.class.getName());
  private static final Duration RESYNC = Duration.ofMinutes(5);
  private static final long LONGEST_PAUSE_MILLIS = 30_000;
  private static final int THREADS = 4;
  private static final int UNPROCESSABLE = 422;

  private final SigningRules rules;
  private final RequestSigner signer;
  private final SharedIndexInformer<CertificateSigningRequest> informer;
  private final ScheduledThreadPoolExecutor workers;
  private final Set<String> queued = ConcurrentHashMap.newKeySet();
  private final Map<String, Integer> failures = new ConcurrentHashMap<>();
  private volatile boolean failing;

  private SigningController(KubernetesClient client, SigningRules rules, RequestSigner signer) {
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
    this.informer =
        client
            .certificates()
            .v1()
            .certificateSigningRequests()
            .withField("spec.signerName", rules.signerName())
            .runnableInformer(RESYNC.toMillis());
    informer.exceptionHandler(
        (started, problem) -> {
          failing = true;
          LOG.log(
              Level.WARNING,
              () ->
                  "cannot watch certificatesigningrequests, trying again: " + problem.getMessage());
          return true;
        });
    informer.addEventHandler(
        new ResourceEventHandler<>() {
          @Override
          public void onList(String resourceVersion, boolean empty) {
            failing = false; // only now the watch is opened, which may fail again
          }

          @Override
          public void onAdd(CertificateSigningRequest csr) {
            enqueue(csr);
          }

          @Override
          public void onUpdate(CertificateSigningRequest before, CertificateSigningRequest csr) {
            enqueue(csr);
          }

          @Override
          public void onDelete(CertificateSigningRequest csr, boolean unknown) {
            failures.remove(csr.getMetadata().getName());
          }
        });
  }

  /**
   * Starts to watch and to sign; returns at once.
   *
   * @param client lent, closed by the caller after this controller; needs {@code list} and {@code
   *     watch} on certificatesigningrequests, {@code update} on their status and {@code sign} on
   *     the signer
   * @param rules what to sign
   * @param authority asked for each request; while it is empty, requests wait
   * @param clock tells the present
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
    SigningController controller = new SigningController(client, rules, signer);
    controller.informer.start();
    return controller;
  }

  /**
   * Whether all present requests have been seen and no failure to list or watch is known since.
   *
   * <p>A connection that is lost does not show here: the client opens it again without end and
   * without telling, and one on which nothing is heard is no sign of anything where nobody asks for
   * certificates.
   */
  public boolean watching() {
    return informer.hasSynced() && !failing;
  }

  /** How many certificates were written since the start. */
  public long signed() {
    return signer.signed();
  }

  /** How many requests were refused since the start. */
  public long refused() {
    return signer.refused();
  }

  /** Stops watching and signing; what is being written is finished. Idempotent. */
  @Override
  public void close() {
    informer.stop();
    workers.shutdown();
  }

  private void enqueue(CertificateSigningRequest csr) {
    if (awaitsSignature(csr)) {
      enqueue(csr.getMetadata().getName(), 0);
    }
  }

  private void enqueue(String name, long delayMillis) {
    if (!workers.isShutdown() && queued.add(name)) {
      var unused = workers.schedule(() -> work(name), delayMillis, TimeUnit.MILLISECONDS);
    }
  }

  private void work(String name) {
    queued.remove(name);
    CertificateSigningRequest csr = informer.getStore().getByKey(name);
    if (csr == null || !awaitsSignature(csr)) {
      return;
    }
    try {
      signer.answer(csr);
      failures.remove(name);
    } catch (KubernetesClientException e) {
      switch (e.getCode()) {
        // Another replica was faster, or it is gone: the watch reports what is left to do.
        case HttpURLConnection.HTTP_CONFLICT, HttpURLConnection.HTTP_NOT_FOUND ->
            LOG.log(Level.DEBUG, () -> "csr " + name + " changed meanwhile");
        case HttpURLConnection.HTTP_FORBIDDEN ->
            again(
                name,
                e,
                "; may this service account get pods, update certificatesigningrequests/status"
                    + " and sign for signers/"
                    + rules.signerName()
                    + "?");
        case UNPROCESSABLE -> // the condition Failed itself: no other answer is possible
            LOG.log(
                Level.WARNING,
                () -> "csr " + name + ": the API server accepts no answer: " + e.getMessage());
        default -> again(name, e, "");
      }
    } catch (RuntimeException | Error e) { // of one request, the others go on
      again(name, e, "");
    }
  }

  private void again(String name, Throwable problem, String advice) {
    int count = failures.merge(name, 1, Integer::sum);
    long pause = Math.min(LONGEST_PAUSE_MILLIS, 200L << Math.min(count - 1, 10));
    String seen = problem instanceof Error ? problem.toString() : problem.getMessage();
    LOG.log(
        Level.WARNING,
        () ->
            Printable.of(
                "csr %s: attempt %d failed, next in %d ms: %s%s"
                    .formatted(name, count, pause, seen, advice)));
    enqueue(name, pause);
  }

  private boolean awaitsSignature(CertificateSigningRequest csr) {
    CertificateSigningRequestStatus status = csr.getStatus();
    return rules.signerName().equals(csr.getSpec().getSignerName())
        && status != null
        && (status.getCertificate() == null || status.getCertificate().isEmpty())
        && hasCondition(status, "Approved")
        && !hasCondition(status, "Denied")
        && !hasCondition(status, "Failed");
  }

  private static boolean hasCondition(CertificateSigningRequestStatus status, String type) {
    return status.getConditions().stream()
        .anyMatch(c -> type.equals(c.getType()) && "True".equals(c.getStatus()));
  }
}
