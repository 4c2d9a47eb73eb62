package io.podtls.benchmarks.cluster;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Approves every request of the cluster as soon as it is there: one watch, one update a request,
 * and no look at what is asked for. For benchmarks on a control plane of their own only.
 *
 * <p>Thread safety: safe.
 */
public final class InstantApprover implements AutoCloseable {
  private static final String PATH = "/apis/certificates.k8s.io/v1/certificatesigningrequests/";
  private static final int THREADS = 4;

  private final KubernetesClient admin;
  private final ExecutorService approvals =
      Executors.newFixedThreadPool(
          THREADS,
          task -> {
            Thread thread = new Thread(task, "approver");
            thread.setDaemon(true);
            return thread;
          });
  private final Watch watch;

  private InstantApprover(KubernetesClient admin) {
    this.admin = admin;
    this.watch =
        admin
            .certificates()
            .v1()
            .certificateSigningRequests()
            .watch(
                new Watcher<>() {
                  @Override
                  public void eventReceived(Action action, CertificateSigningRequest request) {
                    if (action == Action.ADDED) {
                      approvals.execute(() -> approve(request));
                    }
                  }

                  @Override
                  public void onClose(@Nullable WatcherException cause) {
                    if (cause != null) {
                      System.err.println("the approver's watch broke: " + cause);
                    }
                  }
                });
  }

  /** Starts to approve. */
  public static InstantApprover over(KubernetesClient admin) {
    return new InstantApprover(admin);
  }

  private void approve(CertificateSigningRequest request) {
    if (request.getStatus() != null && !request.getStatus().getConditions().isEmpty()) {
      return;
    }
    CertificateSigningRequest approved =
        new CertificateSigningRequestBuilder(request)
            .editOrNewStatus()
            .addNewCondition()
            .withType("Approved")
            .withStatus("True")
            .withReason("Benchmark")
            .withMessage("approved without a look")
            .endCondition()
            .endStatus()
            .build();
    admin.raw(PATH + request.getMetadata().getName() + "/approval", "PUT", approved);
  }

  @Override
  public void close() {
    watch.close();
    approvals.shutdownNow();
  }
}
