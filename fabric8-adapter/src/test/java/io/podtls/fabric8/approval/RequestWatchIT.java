package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@RequiresControlPlane
class RequestWatchIT {

  private final Map<String, WatchedRequest> seen = new ConcurrentHashMap<>();
  private ApprovalSite site;
  private KubernetesClient orders;

  @BeforeEach
  void makeSite(Cluster cluster) {
    site = new ApprovalSite(cluster);
    orders = cluster.clientFor(site.pod);
  }

  @Test
  @DisplayName("requests are reported from pages and from the watch, and so is their end")
  void reports() {
    int pages = 45;
    IntStream.range(0, pages).forEach(i -> site.submit(orders, TestPkcs10.dns(site.svc("orders"))));

    try (RequestWatch watch = start()) {
      ApprovalSite.await("the list", () -> watch.isWatching() && seen.size() == pages);
      String later = site.submit(orders, TestPkcs10.dns(site.svc("orders")));
      ApprovalSite.await("the new one", () -> seen.containsKey(later));
      assertThat(seen.get(later).csr().getMetadata().getManagedFields()).isEmpty();
      assertThat(seen.get(later).requester().pod())
          .contains(new Requester.BoundPod(site.pod.name(), site.pod.uid()));
      site.cluster.admin().resource(site.read(later)).delete();
      ApprovalSite.await("its end", () -> !seen.containsKey(later));
    }
  }

  @Test
  @DisplayName("a request of 1.2 MB is denied with the reason, and stays what it is")
  void deniesTooLarge() {
    String csr = submitTooLarge();

    try (RequestWatch watch = start()) {
      ApprovalSite.await("the request", () -> seen.containsKey(csr));
      WatchedRequest request = seen.get(csr);
      assertThat(watch.deny(request, "TooLarge", request.tooLarge().orElseThrow())).isTrue();
      ApprovalSite.await("the denial", () -> seen.get(csr).state() == WatchedRequest.State.DENIED);
      assertThat(watch.deny(request, "TooLarge", "as it was before")).isFalse();
    }

    CertificateSigningRequest denied = site.read(csr);
    assertThat(denied.getSpec().getRequest()).hasSizeGreaterThan(1_200_000);
    assertThat(denied.getSpec().getUsername()).isEqualTo(site.pod.username());
    assertThat(denied.getStatus().getConditions())
        .singleElement()
        .satisfies(
            condition -> {
              assertThat(condition.getType()).isEqualTo("Denied");
              assertThat(condition.getReason()).isEqualTo("TooLarge");
              assertThat(condition.getMessage()).isEqualTo("spec.request is larger than 64 KiB");
            });
  }

  @Test
  @DisplayName("a request of 1.2 MB that was approved can be failed by its signer")
  void failsTooLarge(Cluster cluster) {
    String csr = submitTooLarge();
    cluster.admin().certificates().v1().certificateSigningRequests().withName(csr).approve();

    try (RequestWatch watch =
        RequestWatch.start(cluster.admin(), site.signer, request -> remember(request))) {
      ApprovalSite.await(
          "the approved request",
          () -> seen.containsKey(csr) && seen.get(csr).state() == WatchedRequest.State.APPROVED);
      assertThat(watch.fail(seen.get(csr), "SignerValidationFailure", "too large")).isTrue();
      ApprovalSite.await("the failure", () -> seen.get(csr).state() == WatchedRequest.State.FAILED);
      assertThat(watch.read(seen.get(csr).id()).orElseThrow().state())
          .isEqualTo(WatchedRequest.State.FAILED);
    }

    assertThat(site.conditions(csr))
        .extracting(CertificateSigningRequestCondition::getType)
        .containsExactlyInAnyOrder("Approved", "Failed");
  }

  @Test
  @DisplayName("a condition keeps the labels and annotations of a request of ordinary size")
  void keepsMetadata() {
    String csr =
        site.submit(
            orders,
            TestPkcs10.dns(site.svc("orders")),
            built -> built.editMetadata().addToLabels("team", "shop").endMetadata());

    try (RequestWatch watch = start()) {
      ApprovalSite.await("the request", () -> seen.containsKey(csr));
      assertThat(watch.deny(seen.get(csr), "Bad", "no")).isTrue();
    }

    assertThat(site.read(csr).getMetadata().getLabels()).containsEntry("team", "shop");
    assertThat(site.read(csr).getMetadata().getManagedFields()).isNotEmpty();
  }

  private RequestWatch start() {
    return RequestWatch.start(
        site.approverClient(),
        site.signer,
        new RequestWatch.Listener() {
          @Override
          public boolean changed(WatchedRequest request) {
            return remember(request);
          }

          @Override
          public void gone(RequestId id) {
            seen.remove(id.name());
          }
        });
  }

  private boolean remember(WatchedRequest request) {
    seen.put(request.id().name(), request);
    return true;
  }

  private String submitTooLarge() {
    String padded = TestPkcs10.dns(site.svc("orders")).pem() + "x".repeat(1_200_000);
    return site.submit(
        orders,
        TestPkcs10.dns(site.svc("orders")),
        (CertificateSigningRequestBuilder csr) ->
            csr.editSpec().withRequest(TestPkcs10.specRequest(padded)).endSpec());
  }
}
