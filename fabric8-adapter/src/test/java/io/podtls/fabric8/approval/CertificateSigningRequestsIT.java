package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import io.podtls.fabric8.Fabric8CertificateSigner;
import io.podtls.fabric8.approval.CertificateSigningRequests.Reason;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.signing.SigningOutcome;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@RequiresControlPlane
@DisplayName("An administrator of a real API server")
class CertificateSigningRequestsIT {

  private static final SignerName SIGNER = SignerName.of("example.com/serving");

  private final Cluster cluster;
  private final TestPod pod;
  private final CertificateSigningRequests requests;

  CertificateSigningRequestsIT(Cluster cluster) {
    this.cluster = cluster;
    this.pod = cluster.pod(cluster.namespace(), "orders-0").serviceAccount("orders").create();
    this.requests = CertificateSigningRequests.using(cluster.admin());
    cluster.grant(
        pod, Cluster.rule("certificates.k8s.io", "certificatesigningrequests", "create", "get"));
  }

  /** Leaves a request behind and returns its name. */
  private String submitted() throws Exception {
    PendingIdentity pending =
        PendingIdentity.generate(
            CertificateRequest.builder(SIGNER)
                .commonName("orders")
                .dnsNames("orders.shop.svc")
                .ipAddresses(InetAddress.getByName("10.0.34.2"))
                .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
                .expiration(Duration.ofHours(24))
                .build());
    try (var signer = Fabric8CertificateSigner.using(cluster.clientFor(pod));
        var attempt = signer.begin(pending, () -> {})) {
      return ((SigningOutcome.Pending) attempt.advance()).object().substring("csr ".length());
    }
  }

  private List<CertificateSigningRequestCondition> conditionsOf(String name) {
    return cluster
        .admin()
        .certificates()
        .v1()
        .certificateSigningRequests()
        .withName(name)
        .get()
        .getStatus()
        .getConditions();
  }

  @Test
  @DisplayName("sees what waits, who made it, from which pod, for which signer and names")
  void describesRequests() throws Exception {
    String name = submitted();

    RequestDescription seen =
        requests.pending().stream()
            .filter(request -> request.name().equals(name))
            .findFirst()
            .orElseThrow();

    assertThat(requests.describe(name))
        .usingRecursiveComparison()
        .ignoringFields("age")
        .isEqualTo(seen);
    assertThat(seen.requester()).isEqualTo(pod.username());
    assertThat(seen.pod()).contains(pod.namespace() + "/orders-0");
    assertThat(seen.toString().lines())
        .contains(
            "Name:        " + name,
            "Requester:   " + pod.username(),
            "Pod:         " + pod.namespace() + "/orders-0",
            "Signer:      example.com/serving",
            "Usages:      digital signature, server auth",
            "Lifetime:    86400 s",
            "Subject:     CN=orders",
            "Names:       DNS:orders.shop.svc, IP:10.0.34.2",
            "Status:      Pending");
  }

  @Test
  @DisplayName("approves, again without effect, and can then not deny")
  void approves() throws Exception {
    String name = submitted();

    requests.approve(name, new Reason("Checked", "this is our pod"));
    requests.approve(name);

    assertThat(conditionsOf(name))
        .singleElement()
        .satisfies(
            condition -> {
              assertThat(condition.getType()).isEqualTo("Approved");
              assertThat(condition.getReason()).isEqualTo("Checked");
              assertThat(condition.getMessage()).isEqualTo("this is our pod");
            });
    assertThat(requests.pending()).extracting("name").doesNotContain(name);
    assertThatThrownBy(() -> requests.deny(name, new Reason("Late", "")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "csr " + name + " is approved already (Checked), and a decision is never taken back");
  }

  @Test
  @DisplayName("denies with a reason, and can then not approve")
  void denies() throws Exception {
    String name = submitted();

    requests.deny(name, new Reason("NotOurs", "orders.shop.svc is another team's"));

    assertThat(requests.describe(name).status()).containsExactly("Denied");
    assertThat(requests.describe(name).conditions())
        .containsExactly("Denied: NotOurs, orders.shop.svc is another team's");
    assertThatThrownBy(() -> requests.approve(name))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is denied already (NotOurs)");
  }

  @Test
  @DisplayName("a decision leaves conditions of others where they are")
  void keepsOtherConditions() throws Exception {
    String name = submitted();
    cluster
        .admin()
        .certificates()
        .v1()
        .certificateSigningRequests()
        .withName(name)
        .editStatus(
            csr -> {
              csr.getStatus()
                  .getConditions()
                  .add(
                      new CertificateSigningRequestCondition(
                          null,
                          null,
                          "reviewed by the audit team",
                          "Reviewed",
                          "True",
                          "example.com/Reviewed"));
              return csr;
            });

    requests.approve(name);

    assertThat(conditionsOf(name))
        .extracting(CertificateSigningRequestCondition::getType)
        .containsExactlyInAnyOrder("example.com/Reviewed", "Approved");
  }

  @Test
  @DisplayName("an umlaut in an administrator's reason reaches the requester as it is")
  void keepsReasons() throws Exception {
    String name = submitted();

    requests.deny(name, new Reason("NotOurs", "geh\u00f6rt nicht uns"));

    assertThat(conditionsOf(name).get(0).getMessage()).isEqualTo("geh\u00f6rt nicht uns");
  }

  @Test
  @DisplayName("a name that another object's URL hides in does not lead to that object")
  void namesAreNoUrls() throws Exception {
    String name = submitted();

    assertThatThrownBy(() -> requests.approve(name + "?x"))
        .isInstanceOf(NoSuchElementException.class);
    assertThat(requests.describe(name).isPending()).isTrue();
  }

  @Test
  @DisplayName("an interrupted administrator gets an InterruptedException")
  void interrupted() throws Exception {
    String name = submitted();
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> requests.approve(name)).isInstanceOf(InterruptedException.class);
    assertThat(requests.describe(name).isPending()).isTrue();
  }

  @Test
  @DisplayName("no such request is said plainly")
  void noSuchRequest() {
    assertThatThrownBy(() -> requests.approve("podtls-nothing"))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessage("there is no csr podtls-nothing");
  }

  @Test
  @DisplayName("without the rights, the error shows both rules that approving takes")
  void approvalForbidden() throws Exception {
    String name = submitted();
    CertificateSigningRequests powerless = CertificateSigningRequests.using(cluster.clientFor(pod));

    assertThatThrownBy(() -> powerless.approve(name))
        .isInstanceOfSatisfying(
            SignerUnavailableException.class, e -> assertThat(e.httpStatus()).hasValue(403))
        .hasMessageContaining(
            """
            rules:
            - apiGroups: ["certificates.k8s.io"]
              resources: [certificatesigningrequests/approval]
              verbs: [update]
            - apiGroups: ["certificates.k8s.io"]
              resources: [signers]
              resourceNames: [example.com/serving]
              verbs: [approve]
            """);
    cluster.grant(
        pod, Cluster.rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"));
    assertThatThrownBy(() -> powerless.approve(name))
        .hasMessageContaining("not permitted to approve requests with signerName")
        .hasMessageContaining("resourceNames: [example.com/serving]");
    cluster.grant(pod, Cluster.signerRule("example.com/serving", "approve"));
    powerless.approve(name);
    assertThat(requests.describe(name).status()).containsExactly("Approved");
  }

  @Test
  @DisplayName("many administrators at once: one condition, no error")
  void decidesAtOnce() throws Exception {
    String name = submitted();
    List<Thread> administrators =
        IntStream.range(0, 8)
            .mapToObj(
                number ->
                    new Thread(
                        () -> {
                          try {
                            requests.approve(name);
                          } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                          }
                        }))
            .toList();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    administrators.forEach(each -> each.setUncaughtExceptionHandler((t, e) -> failure.set(e)));

    administrators.forEach(Thread::start);
    for (Thread administrator : administrators) {
      administrator.join();
    }

    assertThat(failure.get()).isNull();
    assertThat(conditionsOf(name)).hasSize(1);
  }
}
