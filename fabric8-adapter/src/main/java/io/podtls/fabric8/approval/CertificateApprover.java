package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.request.SignerName;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A controller that applies an {@link ApprovalPolicy} to every CertificateSigningRequest of some
 * signers: it watches them, asks the policy, and writes Approved or Denied.
 *
 * <pre>{@code
 * ApprovalPolicy policy = PodBoundPolicy.builder(client).build();
 * try (CertificateApprover approver =
 *     CertificateApprover.builder(client, policy, SignerName.of("example.com/serving"))
 *         .leaderElection("podtls-system")
 *         .start()) {
 *   shutdown.await();
 * }
 * }</pre>
 *
 * <p>Requests of other signers are not read. Requests that another approver decides on stay as they
 * are: each decision is written to the request exactly as it was judged; if the request has changed
 * it is read and judged again.
 *
 * <p>What cannot be decided because the API server fails is tried again with growing pauses, and is
 * never denied for it. After a dozen failures in a row a request rests until the next round over
 * all pending requests. A request that the policy cannot approve yet is looked at again until the
 * patience with it ends; then it is denied with the policy's reason.
 *
 * <p>Namespaces take turns, and in each of them service accounts and pods, so that a flood of
 * requests delays its sender only. Of a request no more is read than {@link WatchedRequest} holds;
 * larger ones are denied.
 *
 * <h2>Rights</h2>
 *
 * <p>With {@link PodBoundPolicy}, exactly these:
 *
 * <pre>{@code
 * kind: ClusterRole
 * rules:
 * - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [get, list, watch]}
 * - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}
 * - {apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: [example.com/serving], verbs: [approve]}
 * - {apiGroups: [""], resources: [pods], verbs: [get]}
 * - {apiGroups: [""], resources: [services], verbs: [list]}
 * - {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list]}
 * }</pre>
 *
 * <p>and, for leader election, in the namespace of the lease:
 *
 * <pre>{@code
 * kind: Role
 * rules:
 * - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]}
 * }</pre>
 *
 * <p><b>Thread safety:</b> safe for use by many threads.
 */
public final class CertificateApprover implements AutoCloseable {

  private static final Duration CLOSING = Duration.ofSeconds(2);
  private static final Duration LOOKS = Duration.ofSeconds(1);

  private final Announcer announcer;
  private final CircuitBreaker breaker;
  private final Decider decider;
  private final PendingRequests pending;
  private final ReviewQueue queue;
  private final ScheduledThreadPoolExecutor workers;
  private final ScheduledThreadPoolExecutor timer;
  private final Duration resync;
  private final Backoff backoff;
  private final Optional<Leadership> leadership;
  private volatile boolean listed;
  private volatile boolean closed;

  private CertificateApprover(Builder options) {
    KubernetesClient client = Clients.impatient(options.client);
    this.announcer = new Announcer(options.listener);
    this.breaker = new CircuitBreaker(announcer);
    this.workers = DaemonThreads.pool("podtls-approver", options.workers);
    this.timer = DaemonThreads.pool("podtls-approver-timer", 1);
    this.resync = options.resync;
    this.backoff = new Backoff(options.attempts, () -> ThreadLocalRandom.current().nextDouble());
    this.queue =
        new ReviewQueue(workers, System::nanoTime, options.decisionsPerSecond, this::review);
    this.pending = new PendingRequests(client, options.signers, options.maxPending, new Intake());
    this.decider =
        new Decider(
            options.policy,
            new ConditionWriter(RequestWatch.api(client)),
            pending::read,
            pending::exceedsShare,
            options.patience,
            backoff,
            announcer,
            this::mayAct);
    this.leadership =
        options.leaseNamespace.map(
            namespace ->
                new Leadership(
                    client,
                    new ReleasableLease(namespace, options.leaseName, newIdentity()),
                    options.leaseDuration,
                    this::startedLeading,
                    this::stoppedLeading));
  }

  /**
   * Starts the description of an approver.
   *
   * @param client the client to watch and decide with; stays the caller's
   * @param policy decides
   * @param first a signer whose requests are decided on
   * @param others more of them
   * @return a builder with the defaults
   */
  public static Builder builder(
      KubernetesClient client, ApprovalPolicy policy, SignerName first, SignerName... others) {
    return new Builder(client, policy, first, others);
  }

  /** {@return the state of the approver} */
  public ApproverStatus status() {
    return new ApproverStatus(
        mayAct(), pending.isWatching(), pending.areTooMany(), pending.count(), announcer);
  }

  /**
   * Stops deciding, ends what is under way and gives the lease back; takes at most four seconds
   * when the API server does not answer. Does not close the client. Closing twice has no effect.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    timer.shutdownNow();
    pending.close();
    queue.clear();
    workers.shutdown();
    DaemonThreads.end(workers, CLOSING);
    leadership.ifPresent(Leadership::close);
  }

  private void start() {
    pending.start();
    var unused =
        timer.scheduleWithFixedDelay(
            announcer.surviving(pending::look),
            LOOKS.toMillis(),
            LOOKS.toMillis(),
            TimeUnit.MILLISECONDS);
    var unusedToo =
        timer.scheduleWithFixedDelay(
            announcer.surviving(this::offerAll),
            resync.toMillis(),
            resync.toMillis(),
            TimeUnit.MILLISECONDS);
    leadership.ifPresentOrElse(Leadership::start, announcer::startedLeading);
  }

  private boolean mayAct() {
    return !closed && leadership.map(Leadership::isHeld).orElse(true);
  }

  /** Unlike that of any other replica, and readable in the Lease. */
  private static String newIdentity() {
    String pod = System.getenv("HOSTNAME");
    return (pod == null ? "podtls-approver" : pod) + "_" + UUID.randomUUID();
  }

  private Optional<Duration> review(RequestId id, ReviewQueue.Progress progress) {
    if (!mayAct()) {
      return Optional.empty(); // all are offered again when that changes
    }
    Optional<WatchedRequest> request;
    try {
      request = pending.read(id);
    } catch (RuntimeException e) {
      Optional<Duration> next = backoff.after(e, progress.countFailure());
      announcer.unreadable(id, e, next);
      return next;
    }
    return request.flatMap(found -> decider.decide(found, progress));
  }

  private void offerAll() {
    if (listed && mayAct()) {
      pending.forEach(queue::offer);
    }
  }

  private void startedLeading() {
    announcer.startedLeading();
    offerAll();
  }

  private void stoppedLeading() {
    queue.clear();
    announcer.stoppedLeading();
  }

  private final class Intake implements PendingRequests.Observer {
    @Override
    public void pending(RequestId id, Sender sender) {
      if (listed) {
        breaker.update(pending.areTooMany(), pending.count());
        if (mayAct()) {
          queue.offer(id, sender);
        }
      }
    }

    @Override
    public void settled(RequestId id) {
      queue.forget(id);
      if (listed) {
        breaker.update(pending.areTooMany(), pending.count());
      }
    }

    /** All requests are known: only now it shows whether they are too many. */
    @Override
    public void listed() {
      listed = true;
      breaker.update(pending.areTooMany(), pending.count());
      offerAll();
    }
  }

  /**
   * Collects the options of a {@link CertificateApprover}.
   *
   * <p><b>Thread safety:</b> not safe for use by several threads.
   */
  public static final class Builder {

    private final KubernetesClient client;
    private final ApprovalPolicy policy;
    private final Set<SignerName> signers = new LinkedHashSet<>();
    private Optional<String> leaseNamespace = Optional.empty();
    private String leaseName = "podtls-approver";
    private Duration leaseDuration = Duration.ofSeconds(15);
    private Duration patience = Duration.ofSeconds(60);
    private Duration resync = Duration.ofMinutes(10);
    private int workers = 4;
    private int decisionsPerSecond = 100;
    private int attempts = 12;
    private int maxPending = 20_000;
    private ApprovalListener listener = new ApprovalListener() {};

    private Builder(
        KubernetesClient client, ApprovalPolicy policy, SignerName first, SignerName... others) {
      this.client = requireNonNull(client, "client");
      this.policy = requireNonNull(policy, "policy");
      signers.add(requireNonNull(first, "signerName"));
      for (SignerName other : others) {
        signers.add(requireNonNull(other, "signerName"));
      }
    }

    /**
     * Lets only one of several replicas decide at a time. Default: this replica always decides.
     *
     * @param namespace where the Lease is that the replicas share; usually their own namespace
     * @return this builder
     */
    public Builder leaderElection(String namespace) {
      this.leaseNamespace = Optional.of(requireNonNull(namespace, "namespace"));
      return this;
    }

    /**
     * Sets the name of the Lease, for several approvers in one namespace. If not called, {@code
     * podtls-approver}.
     *
     * @param name the Lease's name
     * @return this builder
     */
    public Builder leaseName(String name) {
      this.leaseName = requireNonNull(name, "name");
      return this;
    }

    /**
     * Sets after how long a replica that vanished is replaced. If not called, 15 seconds.
     *
     * @param duration 3 seconds or more
     * @return this builder
     * @throws IllegalArgumentException if {@code duration} is shorter than 3 seconds
     */
    public Builder leaseDuration(Duration duration) {
      this.leaseDuration = atLeast("leaseDuration", Duration.ofSeconds(3), duration);
      return this;
    }

    /**
     * Sets how long a request that the policy cannot approve yet is kept pending before it is
     * denied. If not called, 60 seconds, so that a requester that waits for 90 seconds reads the
     * policy's sentence in the denial.
     *
     * @param duration counted from when this replica first saw the request; zero denies at once
     * @return this builder
     * @throws IllegalArgumentException if {@code duration} is negative
     */
    public Builder patience(Duration duration) {
      this.patience = atLeast("patience", Duration.ZERO, duration);
      return this;
    }

    /**
     * Sets how often all pending requests are gone through again. If not called, every 10 minutes.
     *
     * @param period 1 second or more
     * @return this builder
     * @throws IllegalArgumentException if {@code period} is shorter than 1 second
     */
    public Builder resyncPeriod(Duration period) {
      this.resync = atLeast("resyncPeriod", Duration.ofSeconds(1), period);
      return this;
    }

    /**
     * Sets how many requests are decided on at the same time. If not called, 4.
     *
     * @param threads 1 or more
     * @return this builder
     * @throws IllegalArgumentException if {@code threads} is below 1
     */
    public Builder workers(int threads) {
      this.workers = atLeastOne("workers", threads);
      return this;
    }

    /**
     * Sets how many requests are taken up per second at most. If not called, 100.
     *
     * @param most 1 or more
     * @return this builder
     * @throws IllegalArgumentException if {@code most} is below 1
     */
    public Builder decisionsPerSecond(int most) {
      this.decisionsPerSecond = atLeastOne("decisionsPerSecond", most);
      return this;
    }

    /**
     * Sets how many attempts on one request may fail in a row before it rests until the next round.
     * If not called, 12, which take about two minutes.
     *
     * @param most 1 or more
     * @return this builder
     * @throws IllegalArgumentException if {@code most} is below 1
     */
    public Builder attempts(int most) {
      this.attempts = atLeastOne("attempts", most);
      return this;
    }

    /**
     * Sets how many requests may be pending before shares count. While there are more, a requester
     * that has more than its share of them (its pod, its service account and its namespace each
     * have) gets no approvals: something makes requests without end, and each approval would cost a
     * signature. Such a request is denied once the {@linkplain #patience patience} with it ends.
     * All other requesters are served, and denials go on for all. If not called, 20,000.
     *
     * <p>The limit also bounds the memory: some 400 bytes for each of twice as many requests.
     *
     * @param most 1 or more
     * @return this builder
     * @throws IllegalArgumentException if {@code most} is below 1
     */
    public Builder maxPending(int most) {
      this.maxPending = atLeastOne("maxPending", most);
      return this;
    }

    /**
     * Sets the listener that receives what the approver does. Default: none; the log shows it too.
     *
     * @param approvalListener the listener
     * @return this builder
     */
    public Builder listener(ApprovalListener approvalListener) {
      this.listener = requireNonNull(approvalListener, "approvalListener");
      return this;
    }

    /**
     * Starts the approver. Returns at once, also when the API server cannot be reached: that is
     * tried until it can, or the approver is closed.
     *
     * @return the running approver, to be closed by the caller
     */
    public CertificateApprover start() {
      CertificateApprover approver = new CertificateApprover(this);
      approver.start();
      return approver;
    }

    private static Duration atLeast(String name, Duration least, Duration value) {
      if (value.compareTo(least) < 0) {
        throw new IllegalArgumentException(name + " is below " + least + ": " + value);
      }
      return value;
    }

    private static int atLeastOne(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " is below 1: " + value);
      }
      return value;
    }
  }
}
