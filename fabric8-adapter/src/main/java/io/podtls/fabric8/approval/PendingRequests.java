package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestStatus;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.podtls.request.SignerName;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The requests of some signers that nobody has decided on, as the API server tells them: one watch
 * for each signer, filtered by the API server.
 */
final class PendingRequests implements AutoCloseable {

  /** Stands for every condition that makes a request no longer pending. */
  private static final CertificateSigningRequestStatus DECIDED =
      new CertificateSigningRequestStatusBuilder()
          .addNewCondition()
          .withType("Approved")
          .withStatus("True")
          .endCondition()
          .build();

  private static final System.Logger LOG = System.getLogger(PendingRequests.class.getName());

  /** Hears of requests, on a thread of the Kubernetes client: must be quick. */
  interface Observer {
    /** There is a request to decide on; told again from time to time while there is. */
    void pending(Ticket ticket);

    /** The request is decided or gone. */
    void settled(Ticket ticket);
  }

  private final KubernetesClient client;
  private final int kept;
  private final Observer observer;
  private final Set<Ticket> tickets = ConcurrentHashMap.newKeySet();
  private final List<SharedIndexInformer<CertificateSigningRequest>> informers;
  private final Set<SignerName> failing = ConcurrentHashMap.newKeySet();
  private volatile boolean reached;
  private volatile boolean closed;

  /**
   * Does not watch yet.
   *
   * @param kept how many pending requests to keep in memory; of others only the names
   */
  PendingRequests(
      KubernetesClient client,
      Set<SignerName> signers,
      Duration resync,
      int kept,
      Observer observer) {
    this.client = client;
    this.kept = kept;
    this.observer = observer;
    this.informers = signers.stream().map(signer -> informer(signer, resync)).toList();
  }

  /**
   * Starts to watch and returns at once. What cannot be watched now is tried again until closed.
   *
   * @param listed called once, when all requests that were there at the start are known
   */
  void start(Runnable listed) {
    CompletableFuture<?>[] starts =
        informers.stream()
            .map(informer -> informer.start().toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    CompletableFuture<Void> unused =
        CompletableFuture.allOf(starts)
            .thenRun(
                () -> {
                  // The store is ahead of the events, which come one by one.
                  informers.stream()
                      .flatMap(informer -> informer.getStore().list().stream())
                      .filter(PendingRequests::isPending)
                      .map(Ticket::of)
                      .forEach(tickets::add);
                  listed.run();
                });
  }

  /** The requests that are pending now. */
  Set<Ticket> tickets() {
    return Set.copyOf(tickets);
  }

  int count() {
    return tickets.size();
  }

  /**
   * Whether all requests are known and changes of them are heard of.
   *
   * <p>The client calls a watch open only after the first event or bookmark. Where nothing happens
   * that is a minute or more after each of its connections, and it makes a new one every few
   * minutes. A silent watch therefore counts as open while the client reports no failure and the
   * API server can be reached.
   */
  boolean isWatching() {
    return !closed
        && failing.isEmpty()
        && informers.stream().allMatch(SharedIndexInformer::hasSynced)
        && (reached || hearsAll());
  }

  /** If a watch is silent, looks whether the API server answers. To be called every few seconds. */
  void look() {
    reached = hearsAll() || answers();
  }

  /** The request as last seen, if it is pending. */
  Optional<CertificateSigningRequest> find(Ticket ticket) {
    return informers.stream()
        .map(informer -> informer.getStore().getByKey(ticket.name()))
        .filter(Objects::nonNull)
        .filter(csr -> Ticket.of(csr).equals(ticket) && isPending(csr))
        .findFirst()
        .flatMap(csr -> csr.getSpec() == null ? read(ticket) : Optional.of(csr));
  }

  /** The request as it is now, if it is still the same one and pending. */
  Optional<CertificateSigningRequest> read(Ticket ticket) {
    return Optional.ofNullable(
            client.certificates().v1().certificateSigningRequests().withName(ticket.name()).get())
        .filter(csr -> Ticket.of(csr).equals(ticket) && isPending(csr));
  }

  /** Whether a request still waits for a decision: no condition, no certificate. */
  static boolean isPending(CertificateSigningRequest csr) {
    return csr.getStatus() == null
        || (isEmpty(csr.getStatus().getCertificate())
            && csr.getStatus().getConditions().stream()
                .noneMatch(
                    condition ->
                        Set.of("Approved", "Denied", "Failed").contains(condition.getType())));
  }

  @Override
  public void close() {
    closed = true;
    informers.forEach(SharedIndexInformer::stop);
    tickets.clear();
  }

  private SharedIndexInformer<CertificateSigningRequest> informer(
      SignerName signer, Duration resync) {
    return client
        .certificates()
        .v1()
        .certificateSigningRequests()
        .withField("spec.signerName", signer.value())
        .runnableInformer(resync.toMillis())
        .itemStore(new SlimStore())
        .exceptionHandler(
            (started, failure) -> {
              failing.add(signer);
              // The client warns of it in its own log.
              LOG.log(Level.DEBUG, () -> "no watch on the requests for " + signer + "; again soon");
              return !closed;
            })
        .addEventHandler(new Events(signer));
  }

  private boolean hearsAll() {
    return informers.stream().allMatch(SharedIndexInformer::isWatching);
  }

  private boolean answers() {
    try {
      return client.getKubernetesVersion() != null;
    } catch (RuntimeException e) {
      LOG.log(Level.DEBUG, () -> "cannot reach the API server: " + e.getMessage());
      return false;
    }
  }

  private void saw(CertificateSigningRequest csr) {
    Ticket ticket = Ticket.of(csr);
    if (isPending(csr)) {
      tickets.add(ticket);
      observer.pending(ticket);
    } else {
      settled(ticket);
    }
  }

  private void settled(Ticket ticket) {
    tickets.remove(ticket);
    observer.settled(ticket);
  }

  private static boolean isEmpty(String text) {
    return text == null || text.isEmpty();
  }

  private final class Events implements ResourceEventHandler<CertificateSigningRequest> {
    private final SignerName signer;

    Events(SignerName signer) {
      this.signer = signer;
    }

    /** All are listed; only after this the client opens the watch, and may fail with it. */
    @Override
    public void onList(String resourceVersion, boolean empty) {
      failing.remove(signer);
      reached = true;
    }

    @Override
    public void onAdd(CertificateSigningRequest csr) {
      saw(csr);
    }

    @Override
    public void onUpdate(CertificateSigningRequest before, CertificateSigningRequest now) {
      if (!Ticket.of(before).equals(Ticket.of(now))) {
        settled(Ticket.of(before)); // deleted and made anew while the watch was down
      }
      saw(now);
    }

    @Override
    public void onDelete(CertificateSigningRequest csr, boolean stateUnknown) {
      settled(Ticket.of(csr));
    }
  }

  /**
   * Keeps the names alone of decided requests, which stay in the cluster for an hour or a day, and
   * of those beyond the number that can be pending in a cluster in order.
   */
  private final class SlimStore extends BasicItemStore<CertificateSigningRequest> {
    SlimStore() {
      super(csr -> csr.getMetadata().getName());
    }

    @Override
    public CertificateSigningRequest put(String key, CertificateSigningRequest csr) {
      return super.put(key, isPending(csr) && tickets.size() <= kept ? csr : slim(csr));
    }

    private static CertificateSigningRequest slim(CertificateSigningRequest csr) {
      CertificateSigningRequest slim = new CertificateSigningRequest();
      slim.setMetadata(
          new ObjectMetaBuilder()
              .withName(csr.getMetadata().getName())
              .withUid(csr.getMetadata().getUid())
              .withResourceVersion(csr.getMetadata().getResourceVersion())
              .build());
      slim.setStatus(isPending(csr) ? null : DECIDED);
      return slim;
    }
  }
}
