package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.controlplane.TestPod;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Every attack is made on the real API server and denied there, with its reason. */
@RequiresControlPlane
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ApprovalAttacksIT {

  private ApprovalSite site;
  private KubernetesClient orders;
  private CertificateApprover approver;

  @BeforeAll
  void startApprover(Cluster cluster) {
    site = new ApprovalSite(cluster);
    orders = cluster.clientFor(site.pod);
    cluster.service(site.namespace, "billing", Map.of("app", "billing"));
    site.pod("billing-5c4", "billing", "10.1.2.4");
    approver = approver(site);
  }

  @AfterAll
  void stopApprover() {
    approver.close();
  }

  @Test
  @DisplayName("no attack: the pod's own names are approved")
  void approvesHonestRequest() {
    String csr = site.submit(orders, TestPkcs10.dns(site.svc("orders")).andIp("10.1.2.3"));

    CertificateSigningRequestCondition decision = site.decisionOn(csr);

    assertThat(decision.getType()).isEqualTo("Approved");
    assertThat(decision.getReason()).isEqualTo("PodBound");
    assertThat(decision.getMessage())
        .isEqualTo(
            "all names belong to pod orders-7f9 (uid %s) of %s"
                .formatted(site.pod.uid(), site.pod.username()));
  }

  @Test
  @DisplayName("another Service's name")
  void anotherServicesName() {
    assertDenied(
        TestPkcs10.dns(site.svc("orders"), site.svc("billing")),
        "ServiceDoesNotSelectPod",
        "%s: Service billing in namespace %s does not select pod orders-7f9 (waited 1 s for it)"
            .formatted(site.svc("billing"), site.namespace));
  }

  @Test
  @DisplayName("a Service's name in another namespace")
  void anotherNamespacesName() {
    assertDenied(
        TestPkcs10.dns("orders.other.svc.cluster.local"),
        "ForeignNamespace",
        "orders.other.svc.cluster.local: no Service in namespace %s by that name selects pod"
                .formatted(site.namespace)
            + " orders-7f9");
  }

  @Test
  @DisplayName("another pod's address")
  void anotherPodsAddress() {
    assertDenied(
        TestPkcs10.ip("10.1.2.4"),
        "ForeignAddress",
        "10.1.2.4: neither an address of pod orders-7f9 nor the ClusterIP of a Service that"
            + " selects it");
  }

  @Test
  @DisplayName("another pod's uid: the token of a pod that was replaced by one of the same name")
  void tokenOfReplacedPod(Cluster cluster) {
    assertDeniedAfter(
        pod -> {
          cluster.delete(pod);
          cluster
              .pod(pod.namespace(), pod.name())
              .serviceAccount("orders")
              .label("app", "orders")
              .ips("10.1.2.3")
              .create();
        },
        "PodReplaced",
        "the token was bound to pod orders-7f9 with uid ");
  }

  @Test
  @DisplayName("another pod's uid: claimed by a user who may impersonate the service account")
  void impersonatedUid(Cluster cluster) {
    try (KubernetesClient impersonator =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(cluster.admin().getConfiguration())
                    .withImpersonateUsername(site.pod.username())
                    .withImpersonateGroups("system:authenticated", "system:masters")
                    .withImpersonateExtras(
                        Map.of(
                            "authentication.kubernetes.io%2Fpod-name", List.of("orders-7f9"),
                            "authentication.kubernetes.io%2Fpod-uid", List.of("made-up")))
                    .build())
            .build()) {
      assertDenied(
          site.submit(impersonator, TestPkcs10.dns(site.svc("orders"))),
          "PodReplaced",
          "the token was bound to pod orders-7f9 with uid made-up, the pod of that name now has"
              + " uid "
              + site.pod.uid());
    }
  }

  @Test
  @DisplayName("the token of a deleted pod")
  void tokenOfDeletedPod(Cluster cluster) {
    assertDeniedAfter(cluster::delete, "PodGone", "there is no pod orders-7f9 in namespace test-");
  }

  @Test
  @DisplayName("the token of a pod that is being deleted")
  void tokenOfTerminatingPod(Cluster cluster) {
    assertDeniedAfter(cluster::terminate, "PodTerminating", "pod orders-7f9 is being deleted");
  }

  @Test
  @DisplayName("a token that is bound to no pod")
  void unboundToken(Cluster cluster) {
    assertDenied(
        site.submit(
            cluster.clientFor(site.pod.serviceAccount()), TestPkcs10.dns(site.svc("orders"))),
        "NotBoundToPod",
        "the token of %s is not bound to a pod, so the requesting pod is not known"
            .formatted(site.pod.username()));
  }

  @Test
  @DisplayName("a user that is no service account")
  void user(Cluster cluster) {
    assertDenied(
        site.submit(cluster.admin(), TestPkcs10.dns(site.svc("orders"))),
        "NotAServiceAccount",
        "podtls-admin is not a service account");
  }

  @Test
  @DisplayName("a wildcard")
  void wildcard() {
    String name = "*." + site.namespace + ".svc";
    assertDenied(
        TestPkcs10.dns(name), "WildcardNotAllowed", name + ": this wildcard is not allowed");
  }

  @Test
  @DisplayName("a URI")
  void uri() {
    assertDenied(
        TestPkcs10.dns(site.svc("orders")).andUri("spiffe://cluster.local/ns/kube-system/sa/admin"),
        "NameKindNotAllowed",
        "spiffe://cluster.local/ns/kube-system/sa/admin: URIs are not allowed");
  }

  @Test
  @DisplayName("CA:TRUE in the requested extensions")
  void certificateAuthority() {
    assertDenied(
        TestPkcs10.dns(site.svc("orders")).certificateAuthority(),
        "CertificateAuthority",
        "CA:TRUE: the certificate of a certificate authority is not allowed");
  }

  @Test
  @DisplayName("a huge list of names")
  void hugeNameList() {
    assertDenied(
        TestPkcs10.dns(services(1000)),
        "TooManyNames",
        "1000 subject alternative names: at most 256 are allowed");
  }

  @Test
  @DisplayName("names of more than 64 KiB")
  void hugeRequest() {
    String csr = site.submit(orders, TestPkcs10.dns(services(4000)));

    assertDenied(csr, "InvalidRequest", "csr " + csr + ": spec.request is larger than 64 KiB");
  }

  @Test
  @DisplayName("an annotation that makes cert-manager sign a certificate authority")
  void annotationForCertManager() {
    assertDenied(
        site.submit(
            orders,
            TestPkcs10.dns(site.svc("orders")),
            csr ->
                csr.editMetadata()
                    .addToAnnotations("experimental.cert-manager.io/request-is-ca", "true")
                    .endMetadata()),
        "AnnotationNotAllowed",
        "experimental.cert-manager.io/request-is-ca: this annotation is not allowed, as a signer"
            + " may obey it");
  }

  @Test
  @DisplayName("an expiration above the bound")
  void expirationTooLong() {
    assertDenied(
        site.submit(
            orders,
            TestPkcs10.dns(site.svc("orders")),
            csr -> csr.editSpec().withExpirationSeconds(86_401).endSpec()),
        "ExpirationTooLong",
        "expirationSeconds 86401: at most 86400 are allowed");
  }

  @Test
  @DisplayName("usages beyond server and client auth")
  void codeSigning() {
    assertDenied(
        site.submit(
            orders,
            TestPkcs10.dns(site.svc("orders")),
            csr -> csr.editSpec().addToUsages("code signing").endSpec()),
        "UsageNotAllowed",
        "code signing: only these usages are allowed: digital signature, key encipherment,"
            + " server auth, client auth");
  }

  @Test
  @DisplayName("an organization, which a server may take for a group")
  void organization() {
    assertDenied(
        TestPkcs10.dns(site.svc("orders")).subject("O=system:masters"),
        "SubjectNotAllowed",
        "O=system:masters: only a common name is allowed in the subject");
  }

  @Test
  @DisplayName("CA:TRUE in a second extension request, which some signers would read")
  void hiddenExtensions() {
    String csr =
        site.submit(orders, TestPkcs10.dns(site.svc("orders")).hiddenCertificateAuthority());

    assertDenied(
        csr,
        "InvalidRequest",
        "csr " + csr + ": the PKCS#10 has the attribute 1.2.840.113549.1.9.14 twice");
  }

  @Test
  @DisplayName("names in a second extension request are refused by the API server itself")
  void hiddenNames() {
    assertRefusedByApiServer(
        TestPkcs10.dns(site.svc("orders")).hiddenDns("admin.kube-system.svc").pem());
  }

  @Test
  @DisplayName("a second PEM block")
  void secondBlock() {
    String both =
        TestPkcs10.dns(site.svc("orders")).pem() + TestPkcs10.dns("admin.kube-system.svc").pem();
    String csr = submitPem(both);

    assertDenied(
        csr,
        "InvalidRequest",
        "csr "
            + csr
            + ": spec.request is not exactly one PEM block CERTIFICATE REQUEST on lines of its own,"
            + " with nothing but blanks around it");
  }

  @Test
  @DisplayName("a broken self-signature is refused by the API server itself")
  void brokenSelfSignature() {
    assertRefusedByApiServer(TestPkcs10.dns(site.svc("orders")).signedByAnother().pem());
  }

  @Test
  @DisplayName("a mangled PKCS#10 is refused by the API server itself")
  void mangled() {
    byte[] der = TestPkcs10.dns(site.svc("orders")).der();
    der[3] ^= 0x55;
    assertRefusedByApiServer(TestPkcs10.pem(der));
  }

  @Test
  @DisplayName("a request for another signer is ignored and stays untouched")
  void anotherSigner() {
    String foreign =
        site.submit(
            orders,
            TestPkcs10.dns(site.svc("billing")),
            csr -> csr.editSpec().withSignerName("example.com/somebody-else").endSpec());
    String version = site.read(foreign).getMetadata().getResourceVersion();

    site.decisionOn(site.submit(orders, TestPkcs10.dns(site.svc("orders"))));

    CertificateSigningRequest now = site.read(foreign);
    assertThat(now.getMetadata().getResourceVersion()).isEqualTo(version);
    assertThat(now.getStatus().getConditions()).isEmpty();
  }

  private String[] services(int count) {
    return IntStream.range(0, count).mapToObj(i -> site.svc("n" + i)).toArray(String[]::new);
  }

  private void assertDenied(TestPkcs10 pkcs10, String reason, String message) {
    assertDenied(site.submit(orders, pkcs10), reason, message);
  }

  private void assertDenied(String csr, String reason, String message) {
    CertificateSigningRequestCondition decision = site.decisionOn(csr);
    assertThat(decision.getType()).isEqualTo("Denied");
    assertThat(decision.getReason()).isEqualTo(reason);
    assertThat(decision.getMessage()).isEqualTo(message);
  }

  /** Makes a request while no approver runs, lets something happen to its pod, then starts one. */
  private void assertDeniedAfter(Consumer<TestPod> change, String reason, String messageStart) {
    ApprovalSite fresh = new ApprovalSite(site.cluster);
    String csr =
        fresh.submit(fresh.cluster.clientFor(fresh.pod), TestPkcs10.dns(fresh.svc("orders")));
    change.accept(fresh.pod);

    try (CertificateApprover late = approver(fresh)) {
      CertificateSigningRequestCondition decision = fresh.decisionOn(csr);
      assertThat(decision.getType()).isEqualTo("Denied");
      assertThat(decision.getReason()).isEqualTo(reason);
      assertThat(decision.getMessage()).startsWith(messageStart);
      assertThat(late.status().denied()).isEqualTo(1);
    }
  }

  private String submitPem(String pem) {
    UnaryOperator<CertificateSigningRequestBuilder> withPem =
        csr -> csr.editSpec().withRequest(TestPkcs10.specRequest(pem)).endSpec();
    return site.submit(orders, TestPkcs10.dns(site.svc("orders")), withPem);
  }

  private void assertRefusedByApiServer(String pem) {
    assertThatThrownBy(() -> submitPem(pem))
        .isInstanceOfSatisfying(
            KubernetesClientException.class,
            refused -> {
              assertThat(refused.getCode()).isEqualTo(422);
              assertThat(refused.getStatus().getDetails().getCauses().get(0).getField())
                  .isEqualTo("spec.request");
            });
  }

  private static CertificateApprover approver(ApprovalSite at) {
    KubernetesClient client = at.approverClient();
    PodBoundPolicy policy =
        PodBoundPolicy.builder(client).allowIpAddresses(Duration.ofHours(1)).build();
    return CertificateApprover.builder(client, policy, at.signer)
        .patience(Duration.ofSeconds(1))
        .start();
  }
}
