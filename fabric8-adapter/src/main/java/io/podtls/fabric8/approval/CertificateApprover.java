package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.request.SignerName;
import java.lang.System.Logger.Level;
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
 * <p>Requests of other signers are not even read. Requests that somebody else decides on are left
 * as they are: each decision is written to the request exactly as it was judged, and if that has
 * changed it is read and judged again.
 *
 * <p>What cannot be decided because the API server fails is tried again with growing pauses, and is
 * never denied for it. After a dozen failures in a row a request rests until the next round over
 * all pending requests. A request that the policy cannot approve yet is looked at again until the
 * patience with it ends; then it is denied with the policy's reason.
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

  private static final System.Logger LOG = System.getLogger(CertificateApprover.class.getName());
  private static final Duration PAUSE = Duration.ofSeconds(5);
  private static final Duration CLOSING = Duration.ofSeconds(2);
  private static final Duration LOOKS = Duration.ofSeconds(5);

  private final Announcer announcer;
  private final CircuitBreaker breaker;
  private final Decider decider;
  private final PendingRequests pending;
  private final ReviewQueue queue;
  private final ScheduledThreadPoolExecutor workers;
  private final Optional<Leadership> leadership;
  private volatile boolean listed;
  private volatile boolean closed;

  private CertificateApprover(Builder options) {
    KubernetesClient client = Clients.impatient(options.client);
    this.announcer = new Announcer(options.listener);
    this.breaker = new CircuitBreaker(options.maxPending, announcer, this::offerAll);
    this.workers = DaemonThreads.pool("podtls-approver", options.workers);
    this.queue =
        new ReviewQueue(workers, System::nanoTime, options.decisionsPerSecond, this::review);
    this.pending =
        new PendingRequests(
            client, options.signers, options.resync, options.maxPending, new Intake());
    this.decider =
        new Decider(
            options.policy,
            new ApprovalWriter(client),
            pending::read,
            options.patience,
            new Backoff(options.attempts, () -> ThreadLocalRandom.current().nextDouble()),
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

  /** {@return how the approver stands} */
  public ApproverStatus status() {
    return new ApproverStatus(
        mayAct(),
        pending.isWatching(),
        breaker.isOpen(),
        pending.count(),
        announcer.approved.sum(),
        announcer.denied.sum(),
        announcer.failed.sum());
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
    pending.close();
    queue.clear();
    workers.shutdown();
    DaemonThreads.end(workers, CLOSING);
    leadership.ifPresent(Leadership::close);
  }

  private void start() {
    pending.start(this::listed);
    var unused =
        workers.scheduleWithFixedDelay(
            pending::look, LOOKS.toMillis(), LOOKS.toMillis(), TimeUnit.MILLISECONDS);
    leadership.ifPresentOrElse(Leadership::start, announcer::startedLeading);
  }

  private boolean mayAct() {
    return !closed && leadership.map(Leadership::isHeld).orElse(true);
  }

  /** Unlike that of any other replica, and telling for who looks at the Lease. */
  private static String newIdentity() {
    String pod = System.getenv("HOSTNAME");
    return (pod == null ? "podtls-approver" : pod) + "_" + UUID.randomUUID();
  }

  private Optional<Duration> review(Ticket ticket, ReviewQueue.Progress progress) {
    if (!mayAct() || breaker.isOpen()) {
      return Optional.empty(); // all are offered again when that changes
    }
    Optional<CertificateSigningRequest> csr;
    try {
      csr = pending.find(ticket);
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, () -> "cannot read csr " + ticket.name() + "; trying again", e);
      return Optional.of(PAUSE);
    }
    return csr.flatMap(found -> decider.decide(found, progress));
  }

  /** All requests are known: only now can be told whether they are too many. */
  private void listed() {
    listed = true;
    if (!breaker.isOpenAt(pending.count())) {
      offerAll();
    }
  }

  private void offerAll() {
    if (listed && mayAct()) {
      pending.tickets().forEach(queue::offer);
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
    public void pending(Ticket ticket) {
      if (listed && !breaker.isOpenAt(pending.count()) && mayAct()) {
        queue.offer(ticket);
      }
    }

    @Override
    public void settled(Ticket ticket) {
      queue.forget(ticket);
      if (listed) {
        breaker.isOpenAt(pending.count());
      }
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
     * Lets only one of several replicas decide at a time. If not called, this one always does.
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
     * Sets how many requests are taken up in a second at most. If not called, 100.
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
     * Sets how many requests may be pending. While there are more, nothing is decided: something in
     * the cluster makes requests without end, and each approval would cost a signature. If not
     * called, 20,000.
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
     * Sets who hears what the approver does. If not called, nobody; the log tells it too.
     *
     * @param approvalListener who hears it
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
