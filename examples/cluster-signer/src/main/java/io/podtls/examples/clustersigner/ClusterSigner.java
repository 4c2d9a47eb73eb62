package io.podtls.examples.clustersigner;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.examples.signing.SigningController;
import io.podtls.fabric8.approval.CertificateApprover;
import io.podtls.fabric8.approval.PodBoundPolicy;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The running program: the approver, the signing controller, the keeper of the CA and the health
 * endpoint. Of several replicas one approves and all sign.
 */
final class ClusterSigner implements AutoCloseable {
  /** The time between two looks at the source of the CA. */
  private static final Duration LOOKS = Duration.ofSeconds(10);

  /** A keeper without success for so long hangs. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final InstantSource clock;
  private final AuthorityKeeper keeper;
  private final Optional<CertificateApprover> approver;
  private final SigningController controller;
  private final ScheduledExecutorService looks;
  private final HealthEndpoint health;

  private ClusterSigner(Options options, KubernetesClient client, String namespace)
      throws IOException {
    this.clock = InstantSource.system();
    CaSource source =
        options
            .caDirectory()
            .<CaSource>map(DirectoryCaSource::new)
            .orElseGet(
                () ->
                    new SecretCaSource(
                        client, namespace, options.caSecret(), options::newAuthority));
    this.keeper =
        new AuthorityKeeper(
            source,
            new BundlePublisher(
                client,
                options.signerName().toString(),
                namespace,
                options.namespaces(),
                options.configMap()),
            options.times(),
            clock);
    keeper.look();
    this.approver =
        options.approving() ? Optional.of(approver(options, client, namespace)) : Optional.empty();
    this.controller = SigningController.start(client, options.rules(), keeper::signing, clock);
    this.health = HealthEndpoint.start(options.healthPort(), List::of, this::problems);
    this.looks =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "ca-keeper");
              thread.setDaemon(true);
              return thread;
            });
    var unused =
        looks.scheduleWithFixedDelay(
            keeper::look, LOOKS.toMillis(), LOOKS.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static CertificateApprover approver(
      Options options, KubernetesClient client, String namespace) {
    PodBoundPolicy policy =
        PodBoundPolicy.builder(client)
            .clusterDomain(options.clusterDomain())
            .maxExpiration(options.longest())
            .allowUnsetExpiration() // the signer below grants no more either
            .build();
    return CertificateApprover.builder(client, policy, options.signerName())
        .leaderElection(namespace)
        .leaseName("cluster-signer")
        .patience(options.patience())
        .start();
  }

  /**
   * Starts the program's parts.
   *
   * @param options the command line
   * @param client the client of all parts; stays the caller's
   * @param namespace the namespace of the signer
   * @throws IOException if the health endpoint's port is taken
   */
  static ClusterSigner start(Options options, KubernetesClient client, String namespace)
      throws IOException {
    return new ClusterSigner(options, client, namespace);
  }

  /** Looks at the source of the CA now instead of in some seconds. */
  void look() {
    keeper.look();
  }

  /** Returns the number of certificates that this replica has written. */
  long signed() {
    return controller.signed();
  }

  int healthPort() {
    return health.port();
  }

  @Override
  public void close() {
    health.close();
    looks.shutdownNow();
    controller.close();
    approver.ifPresent(CertificateApprover::close);
  }

  private List<String> problems() {
    List<String> problems = new ArrayList<>();
    Instant now = clock.instant();
    if (keeper.signing().isEmpty()) {
      problems.add("there is no CA to sign with");
    } else if (keeper.signing().get().certificate().getNotAfter().toInstant().isBefore(now)) {
      problems.add("the CA has expired");
    }
    problems.addAll(keeper.problems());
    if (keeper.lastSuccess().isBefore(now.minus(PATIENCE))) {
      problems.add("the CA was not read and published since " + keeper.lastSuccess());
    }
    if (!controller.watching()
        || approver.filter(running -> !running.status().watching()).isPresent()) {
      problems.add("requests are not being watched");
    }
    return problems;
  }
}
