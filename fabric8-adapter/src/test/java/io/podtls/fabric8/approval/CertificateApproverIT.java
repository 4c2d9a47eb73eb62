package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.controlplane.AuditedRequest;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.ControlPlane;
import io.podtls.controlplane.Grant;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestServiceAccount;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@RequiresControlPlane
@SuppressWarnings("try") // an approver works without being spoken to
class CertificateApproverIT {

  private final ApproverEvents events = new ApproverEvents();
  private ApprovalSite site;
  private KubernetesClient orders;
  private KubernetesClient client;

  @BeforeEach
  void makeSite(Cluster cluster) {
    site = new ApprovalSite(cluster);
    orders = cluster.clientFor(site.pod);
    client = site.approverClient();
  }

  @Test
  @DisplayName("conditions that a request has already are kept")
  void keepsConditions() {
    String csr = submitHonest();
    site.cluster
        .admin()
        .certificates()
        .v1()
        .certificateSigningRequests()
        .withName(csr)
        .editStatus(
            now ->
                new CertificateSigningRequestBuilder(now)
                    .editOrNewStatus()
                    .addNewCondition()
                    .withType("Noted")
                    .withStatus("True")
                    .withReason("ByAuditor")
                    .endCondition()
                    .endStatus()
                    .build());

    try (CertificateApprover approver = approver().start()) {
      site.decisionOn(csr);
    }

    assertThat(site.conditions(csr))
        .extracting(CertificateSigningRequestCondition::getType)
        .containsExactlyInAnyOrder("Noted", "Approved");
  }

  @Test
  @DisplayName("a request waits for its Service, and is approved once that selects the pod")
  void waitsForService() {
    try (CertificateApprover approver = approver().start()) {
      String csr = site.submit(orders, TestPkcs10.dns(site.svc("later")));
      ApprovalSite.await("a second look", () -> events.count("waiting " + csr) >= 2);
      assertThat(site.conditions(csr)).isEmpty();

      site.cluster.service(site.namespace, "later", Map.of("app", "orders"));

      assertThat(site.decisionOn(csr).getType()).isEqualTo("Approved");
    }
  }

  @Test
  @DisplayName("once the patience has ended, the denial says what was waited for")
  void deniesAfterPatience() {
    try (CertificateApprover approver = approver().patience(Duration.ofSeconds(2)).start()) {
      String csr = site.submit(orders, TestPkcs10.dns(site.svc("never")));

      CertificateSigningRequestCondition decision = site.decisionOn(csr);

      assertThat(decision.getType()).isEqualTo("Denied");
      assertThat(decision.getReason()).isEqualTo("ServiceNotFound");
      assertThat(decision.getMessage())
          .isEqualTo(
              site.svc("never")
                  + ": there is no Service never in namespace "
                  + site.namespace
                  + " (waited 2 s for it)");
    }
  }

  @Test
  @DisplayName("a Service without selector counts by the EndpointSlice that names the pod")
  void selectorlessService() {
    var admin = site.cluster.admin();
    site.cluster.service(site.namespace, "manual", Map.of());
    admin
        .resource(
            new io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(site.namespace)
                .withName("manual-1")
                .withLabels(Map.of("kubernetes.io/service-name", "manual"))
                .endMetadata()
                .withAddressType("IPv4")
                .addNewEndpoint()
                .withAddresses("10.1.2.3")
                .withNewTargetRef()
                .withKind("Pod")
                .withNamespace(site.namespace)
                .withName(site.pod.name())
                .withUid(site.pod.uid())
                .endTargetRef()
                .endEndpoint()
                .build())
        .create();

    try (CertificateApprover approver = approver().start()) {
      String csr = site.submit(orders, TestPkcs10.dns(site.svc("manual")));

      assertThat(site.decisionOn(csr).getType()).isEqualTo("Approved");
    }
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  @DisplayName(
      "while lookups fail there is neither a denial nor an approval; afterwards there is one")
  void failingLookupsDecideNothing(FaultyProxy.Fault fault) {
    try (FaultyProxy proxy = new FaultyProxy(client);
        CertificateApprover approver =
            CertificateApprover.builder(
                    client,
                    PodBoundPolicy.builder(proxy.client())
                        .allowIpAddresses(Duration.ofHours(1))
                        .build(),
                    site.signer)
                .patience(Duration.ZERO)
                .listener(events)
                .start()) {
      proxy.set(fault);
      String honest = submitHonest();
      String attack = site.submit(orders, TestPkcs10.ip("10.1.2.4"));
      ApprovalSite.await(
          "two failures of each",
          () -> events.count("failed " + honest) >= 2 && events.count("failed " + attack) >= 2);
      assertThat(proxy.faults()).isGreaterThanOrEqualTo(4);
      assertThat(site.conditions(honest)).isEmpty();
      assertThat(site.conditions(attack)).isEmpty();
      assertThat(approver.status())
          .satisfies(
              status -> {
                assertThat(status.pending()).isEqualTo(2);
                assertThat(status.failed()).isGreaterThanOrEqualTo(4);
                assertThat(status.approved() + status.denied()).isZero();
              });

      proxy.set(FaultyProxy.Fault.NONE);

      assertThat(site.decisionOn(honest).getType()).isEqualTo("Approved");
      assertThat(site.decisionOn(attack).getReason()).isEqualTo("ForeignAddress");
    }
  }

  @Test
  @DisplayName(
      "while the approver may not look up Services there is no decision; with the right there is")
  void forbiddenLookupsDecideNothing(Cluster cluster) {
    TestServiceAccount poor = cluster.serviceAccount(site.namespace, "poor");
    KubernetesClient lookups = cluster.clientFor(poor);
    cluster.grant(poor, Cluster.rule("", "pods", "get"));
    Grant right = cluster.grant(poor, Cluster.rule("", "services", "list"));
    cluster.revoke(right);

    try (CertificateApprover approver =
        CertificateApprover.builder(client, PodBoundPolicy.builder(lookups).build(), site.signer)
            .patience(Duration.ZERO)
            .listener(events)
            .start()) {
      String csr = submitHonest();
      ApprovalSite.await("two failures", () -> events.count("failed " + csr) >= 2);
      assertThat(site.conditions(csr)).isEmpty();
      assertThat(events.failures())
          .allSatisfy(
              failure ->
                  assertThat(((KubernetesClientException) failure).getCode()).isEqualTo(403));

      cluster.grant(poor, Cluster.rule("", "services", "list"));

      assertThat(site.decisionOn(csr).getType()).isEqualTo("Approved");
    }
  }

  @Test
  @DisplayName("an approver that may not watch yet decides as soon as it may")
  void startsWithoutRights(Cluster cluster) {
    TestServiceAccount poor = cluster.serviceAccount(site.namespace, "poor");
    String csr = submitHonest();

    try (CertificateApprover approver =
        CertificateApprover.builder(
                cluster.clientFor(poor), PodBoundPolicy.builder(client).build(), site.signer)
            .start()) {
      ApprovalSite.await(
          "a refusal",
          () ->
              cluster.controlPlane().audit().requestsOf(poor.username()).stream()
                  .anyMatch(request -> request.status().orElse(0) == 403));
      assertThat(approver.status().watching()).isFalse();

      cluster.grant(poor, site.documentedRules("ClusterRole").toArray(new PolicyRule[0]));

      assertThat(site.decisionOn(csr).getType()).isEqualTo("Approved");
      assertThat(approver.status().watching()).isTrue();
    }
  }

  @Test
  @DisplayName("an approver watches within ten seconds though there is no request")
  void watchesIdleCluster(Cluster cluster) {
    client = cluster.withHttpWatches(client); // the kind that hears nothing at first
    try (CertificateApprover approver = approver().start()) {
      ApprovalSite.await("the watch", Duration.ofSeconds(10), () -> approver.status().watching());

      approver.close();

      assertThat(approver.status().watching()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("an approver outlives the API server's absence, be there requests before or not")
  void outlivesApiServer(boolean idle, ControlPlane controlPlane) {
    if (idle) {
      client = site.cluster.withHttpWatches(client);
    }
    try (CertificateApprover approver = approver().start()) {
      if (!idle) {
        site.decisionOn(submitHonest());
      }
      ApprovalSite.await("the watch", () -> approver.status().watching());
      controlPlane.stopApiServer();
      ApprovalSite.await("the loss of the watch", () -> !approver.status().watching());
      controlPlane.startApiServer();
      ApprovalSite.await("the watch again", () -> approver.status().watching());

      assertThat(site.decisionOn(submitHonest()).getType()).isEqualTo("Approved");
    }
  }

  @Test
  @DisplayName("after too many failures in a row a request rests until the next round")
  void restsUntilNextRound() {
    try (FaultyProxy proxy = new FaultyProxy(client);
        CertificateApprover approver =
            CertificateApprover.builder(
                    client, PodBoundPolicy.builder(proxy.client()).build(), site.signer)
                .attempts(2)
                .resyncPeriod(Duration.ofSeconds(2))
                .listener(events)
                .start()) {
      proxy.set(FaultyProxy.Fault.INTERNAL_ERROR);
      String csr = submitHonest();
      ApprovalSite.await("giving up", () -> events.contains("gaveUp " + csr));

      proxy.set(FaultyProxy.Fault.NONE);

      assertThat(site.decisionOn(csr).getType()).isEqualTo("Approved");
    }
  }

  @Test
  @DisplayName("two replicas: one decides, each request once, and the other takes over in its turn")
  void replicasElectLeader() {
    ApproverEvents otherEvents = new ApproverEvents();
    CertificateApprover first = approver().leaderElection(site.namespace).start();
    ApprovalSite.await("a leader", () -> events.contains("startedLeading"));
    try (CertificateApprover second =
        approver().listener(otherEvents).leaderElection(site.namespace).start()) {
      List<String> csrs = submitHonest(50);
      csrs.forEach(csr -> assertThat(site.decisionOn(csr).getType()).isEqualTo("Approved"));
      assertThat(otherEvents.all()).isEmpty();
      assertThat(second.status().leading()).isFalse();

      first.close();
      String afterwards = submitHonest();

      assertThat(site.decisionOn(afterwards).getType()).isEqualTo("Approved");
      ApprovalSite.await("its event", () -> otherEvents.contains("approved " + afterwards));
      assertThat(otherEvents.all()).containsExactly("startedLeading", "approved " + afterwards);
    } finally {
      first.close();
    }
    assertThat(updates()).hasSize(51).allMatch(update -> update.status().orElse(0) == 200);
    assertThat(site.cluster.controlPlane().audit().requestsOf(site.approver.username()))
        .noneMatch(request -> request.status().orElse(0) == 403);
  }

  @Test
  @DisplayName(
      "two replicas that both believe to lead: one approval each, and no conflict surfaces")
  void rivalsDoNotFight() {
    List<String> csrs = submitHonest(100);
    ApproverEvents otherEvents = new ApproverEvents();

    try (CertificateApprover first = approver().start();
        CertificateApprover second = approver().listener(otherEvents).start()) {
      csrs.forEach(site::decisionOn);
      ApprovalSite.await(
          "quiet", () -> first.status().pending() == 0 && second.status().pending() == 0);
      assertThat(first.status().approved() + second.status().approved()).isEqualTo(100);
    }

    assertThat(events.failures()).isEmpty();
    assertThat(otherEvents.failures()).isEmpty();
    for (String csr : csrs) {
      assertThat(site.conditions(csr)).hasSize(1);
      assertThat(events.count("approved " + csr) + otherEvents.count("approved " + csr))
          .isEqualTo(1);
    }
  }

  @Test
  @DisplayName("a decision of another approver in the meantime stands")
  void overtaken(Cluster cluster) {
    String csr = submitHonest();
    ApprovalPolicy tooSlow =
        request -> {
          if (site.isPending(request.name())) {
            cluster.admin().certificates().v1().certificateSigningRequests().withName(csr).deny();
          }
          return new ApprovalDecision.Approve("Late", "too late");
        };

    try (CertificateApprover approver =
        CertificateApprover.builder(client, tooSlow, site.signer).listener(events).start()) {
      site.decisionOn(csr);
      ApprovalSite.await("quiet", () -> approver.status().pending() == 0);
    }

    assertThat(site.conditions(csr))
        .extracting(CertificateSigningRequestCondition::getType)
        .containsExactly("Denied");
    assertThat(events.all()).containsExactly("startedLeading");
  }

  @Test
  @DisplayName(
      "while too many requests of one pod are pending none is approved; when there are fewer, all are")
  void circuitBreaker() {
    List<String> csrs = submitHonest(10);

    try (CertificateApprover approver = approver().maxPending(5).start()) {
      ApprovalSite.await(
          "all requests seen",
          () -> approver.status().pending() == 10 && approver.status().paused());
      assertThat(csrs).allSatisfy(csr -> assertThat(site.conditions(csr)).isEmpty());

      List<String> withdrawn = csrs.subList(0, 5);
      withdrawn.forEach(
          csr ->
              site.cluster
                  .admin()
                  .certificates()
                  .v1()
                  .certificateSigningRequests()
                  .withName(csr)
                  .delete());

      csrs.subList(5, 10)
          .forEach(csr -> assertThat(site.decisionOn(csr).getType()).isEqualTo("Approved"));
      assertThat(events.all()).anyMatch(event -> event.startsWith("paused "));
      assertThat(events.all()).contains("resumed 5");
    }
  }

  @Test
  @DisplayName("a request that its policy ignores stays untouched")
  void ignores() {
    String csr = submitHonest();
    String version = site.read(csr).getMetadata().getResourceVersion();

    try (CertificateApprover approver =
        CertificateApprover.builder(client, request -> new ApprovalDecision.Ignore(), site.signer)
            .listener(events)
            .start()) {
      ApprovalSite.await("the decision", () -> events.contains("ignored " + csr));
    }

    assertThat(site.read(csr).getMetadata().getResourceVersion()).isEqualTo(version);
  }

  @Test
  @DisplayName("closing leaves no thread behind and gives the lease back")
  void closes() {
    CertificateApprover approver = approver().leaderElection(site.namespace).start();
    ApprovalSite.await("the lead", () -> events.contains("startedLeading"));

    approver.close();
    approver.close();

    ApprovalSite.await(
        "the end of all threads",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("podtls-approver")));
    assertThat(
            site.cluster
                .admin()
                .leases()
                .inNamespace(site.namespace)
                .withName("podtls-approver")
                .get()
                .getSpec()
                .getHolderIdentity())
        .isNullOrEmpty();
    assertThat(events.all()).containsExactly("startedLeading", "stoppedLeading");
    assertThat(approver.status().leading()).isFalse();
  }

  private CertificateApprover.Builder approver() {
    return CertificateApprover.builder(client, PodBoundPolicy.builder(client).build(), site.signer)
        .leaseDuration(Duration.ofSeconds(3))
        .listener(events);
  }

  private String submitHonest() {
    return site.submit(orders, TestPkcs10.dns(site.svc("orders")));
  }

  private List<String> submitHonest(int count) {
    List<String> names = new ArrayList<>();
    IntStream.range(0, count).forEach(i -> names.add(submitHonest()));
    return names;
  }

  private List<AuditedRequest> updates() {
    return site.cluster.controlPlane().audit().requestsOf(site.approver.username()).stream()
        .filter(request -> request.resource().equals("certificatesigningrequests/approval"))
        .toList();
  }
}
