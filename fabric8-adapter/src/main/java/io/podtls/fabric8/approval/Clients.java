package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import java.time.Duration;

/** How the approver talks to the API server. */
final class Clients {

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private Clients() {}

  /**
   * The same client, but one that reports a failure at once. When to try again is decided here,
   * with what else waits in mind; the client's own ten retries would hold a thread for a minute.
   */
  static KubernetesClient impatient(KubernetesClient client) {
    return client
        .newClient(
            new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                .withRequestTimeout((int) PATIENCE.toMillis())
                .build())
        .adapt(KubernetesClient.class);
  }
}
