package io.podtls.examples.clustersigner;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.examples.signing.SigningController;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The running program: the signing controller, the CA's keeper and the health endpoint. */
final class ClusterSigner implements AutoCloseable {
  /** How often the CA's source is looked at. */
  private static final Duration LOOKS = Duration.ofSeconds(10);

  /** A keeper that has had no success for so long hangs or has lost its rights. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final InstantSource clock;
  private final AuthorityKeeper keeper;
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
                        client, namespace, options.caSecret(), options.signerName() + " CA"));
    this.keeper =
        new AuthorityKeeper(
            source,
            new BundlePublisher(
                client, options.signerName(), namespace, options.namespaces(), options.configMap()),
            options.times(),
            clock);
    keeper.look();
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

  /**
   * Starts.
   *
   * @param client lent
   * @param namespace the signer's own
   * @throws IOException if the health endpoint's port is taken
   */
  static ClusterSigner start(Options options, KubernetesClient client, String namespace)
      throws IOException {
    return new ClusterSigner(options, client, namespace);
  }

  int healthPort() {
    return health.port();
  }

  @Override
  public void close() {
    health.close();
    looks.shutdownNow();
    controller.close();
  }

  private List<String> problems() {
    List<String> problems = new ArrayList<>();
    Instant now = clock.instant();
    if (keeper.signing().isEmpty()) {
      problems.add("there is no CA to sign with");
    } else if (keeper.signing().get().certificate().getNotAfter().toInstant().isBefore(now)) {
      problems.add("the CA has expired");
    }
    if (keeper.lastSuccess().isBefore(now.minus(PATIENCE))) {
      problems.add("the CA was not read and published since " + keeper.lastSuccess());
    }
    if (!controller.watching()) {
      problems.add("requests are not being watched");
    }
    return problems;
  }
}
