package io.podtls.examples.signing;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
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

  private final KubernetesClient client;
  private final SigningRules rules;
  private final Supplier<Optional<CertificateAuthority>> authority;
  private final InstantSource clock;
  private final SharedIndexInformer<CertificateSigningRequest> informer;
  private final ScheduledThreadPoolExecutor workers;
  private final Set<String> queued = ConcurrentHashMap.newKeySet();
  private final Map<String, Integer> failures = new ConcurrentHashMap<>();
  private final AtomicLong signed = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private volatile boolean failing;

  private SigningController(
      KubernetesClient client,
      SigningRules rules,
      Supplier<Optional<CertificateAuthority>> authority,
      InstantSource clock) {
    this.client = requireNonNull(client, "client");
    this.rules = requireNonNull(rules, "rules");
    this.authority = requireNonNull(authority, "authority");
    this.clock = requireNonNull(clock, "clock");
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
    SigningController controller = new SigningController(client, rules, authority, clock);
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
    return signed.get();
  }

  /** How many requests were refused since the start. */
  public long refused() {
    return refused.get();
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
      answer(csr);
      failures.remove(name);
    } catch (KubernetesClientException e) {
      switch (e.getCode()) {
        // Somebody was faster, or it is gone: the watch brings the news, if there is any.
        case HttpURLConnection.HTTP_CONFLICT, HttpURLConnection.HTTP_NOT_FOUND ->
            LOG.log(Level.DEBUG, () -> "csr " + name + " changed meanwhile");
        case HttpURLConnection.HTTP_FORBIDDEN ->
            again(
                name,
                e,
                "; may this service account update certificatesigningrequests/status"
                    + " and sign for signers/"
                    + rules.signerName()
                    + "?");
        default -> again(name, e, "");
      }
    } catch (RuntimeException e) {
      again(name, e, "");
    }
  }

  private void again(String name, RuntimeException problem, String advice) {
    int count = failures.merge(name, 1, Integer::sum);
    long pause = Math.min(LONGEST_PAUSE_MILLIS, 200L << Math.min(count - 1, 10));
    LOG.log(
        Level.WARNING,
        () ->
            "csr %s: attempt %d failed, next in %d ms: %s%s"
                .formatted(name, count, pause, problem.getMessage(), advice));
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

  private void answer(CertificateSigningRequest csr) {
    String name = csr.getMetadata().getName();
    Optional<CertificateAuthority> current = authority.get();
    if (current.isEmpty()) {
      throw new IllegalStateException("no certificate authority to sign with yet");
    }
    Integer seconds = csr.getSpec().getExpirationSeconds();
    try {
      List<X509Certificate> chain =
          current
              .get()
              .sign(
                  decoded(csr.getSpec().getRequest()),
                  csr.getSpec().getUsages(),
                  seconds == null ? null : Duration.ofSeconds(seconds),
                  rules.longest(),
                  clock.instant());
      write(csr, chain);
      signed.incrementAndGet();
      X509Certificate leaf = chain.get(0);
      LOG.log(
          Level.INFO,
          () ->
              "csr %s of %s signed: serial %s, valid until %s"
                  .formatted(
                      name,
                      csr.getSpec().getUsername(),
                      leaf.getSerialNumber().toString(16),
                      leaf.getNotAfter().toInstant()));
    } catch (RequestRefusedException e) {
      fail(csr, e.reason());
      refused.incrementAndGet();
      LOG.log(
          Level.INFO,
          () ->
              "csr %s of %s refused: %s".formatted(name, csr.getSpec().getUsername(), e.reason()));
    }
  }

  private static String decoded(String base64) throws RequestRefusedException {
    try {
      return new String(Base64.getDecoder().decode(base64), StandardCharsets.US_ASCII);
    } catch (IllegalArgumentException e) {
      throw new RequestRefusedException("spec.request is not base64");
    }
  }

  private void write(CertificateSigningRequest csr, List<X509Certificate> chain) {
    byte[] pem = CertificateAuthority.pem(chain).getBytes(StandardCharsets.US_ASCII);
    updateStatus(
        new CertificateSigningRequestBuilder(csr)
            .editStatus()
            .withCertificate(Base64.getEncoder().encodeToString(pem))
            .endStatus()
            .build());
  }

  private void fail(CertificateSigningRequest csr, String message) {
    String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    updateStatus(
        new CertificateSigningRequestBuilder(csr)
            .editStatus()
            .addNewCondition()
            .withType("Failed")
            .withStatus("True")
            .withReason("SignerValidationFailure")
            .withMessage(message)
            .withLastUpdateTime(now)
            .withLastTransitionTime(now)
            .endCondition()
            .endStatus()
            .build());
  }

  /** Replaces the status if the object is still at the version that was read, else 409. */
  private void updateStatus(CertificateSigningRequest csr) {
    client.certificates().v1().certificateSigningRequests().resource(csr).updateStatus();
  }
}
