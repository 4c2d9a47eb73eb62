package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The admission rule that docs/operations.md advises, tried on the API server. */
@RequiresControlPlane
class RequestSizeRuleIT {

  private static final String RULE =
      """
      apiVersion: admissionregistration.k8s.io/v1
      kind: ValidatingAdmissionPolicy
      metadata:
        name: podtls-request-size
      spec:
        failurePolicy: Fail
        matchConstraints:
          resourceRules:
          - apiGroups: [certificates.k8s.io]
            apiVersions: [v1]
            resources: [certificatesigningrequests]
            operations: [CREATE]
        matchConditions:
        - name: our-signer
          expression: object.spec.signerName == 'example.com/serving'
        validations:
        # 64 KiB in base64, as which the expression sees the request
        - expression: size(object.spec.request) <= 87384
          message: spec.request is larger than 64 KiB
      ---
      apiVersion: admissionregistration.k8s.io/v1
      kind: ValidatingAdmissionPolicyBinding
      metadata:
        name: podtls-request-size
      spec:
        policyName: podtls-request-size
        validationActions: [Deny]
      """;

  @Test
  @DisplayName("the rule refuses a request of more than 64 KiB and admits an ordinary one")
  void refusesLargeRequests(Cluster cluster) {
    ApprovalSite site = new ApprovalSite(cluster);
    KubernetesClient orders = cluster.clientFor(site.pod);
    String rule = RULE.replace("example.com/serving", site.signer.value());
    cluster.admin().load(new ByteArrayInputStream(rule.getBytes(StandardCharsets.UTF_8))).create();
    // The smallest PEM text that is too large.
    String pem = TestPkcs10.dns(site.svc("orders")).pem();
    String large = pem + "\n".repeat(65_539 - pem.length());

    ApprovalSite.await("the rule in force", () -> isRefused(site, orders, large));
    assertThatThrownBy(() -> submit(site, orders, large))
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining("spec.request is larger than 64 KiB");
    assertThat(submit(site, orders, large.substring(0, large.length() - 1)))
        .startsWith("podtls-test-");
  }

  private static boolean isRefused(ApprovalSite site, KubernetesClient client, String pem) {
    try {
      submit(site, client, pem);
      return false;
    } catch (KubernetesClientException e) {
      return true;
    }
  }

  private static String submit(ApprovalSite site, KubernetesClient client, String pem) {
    return site.submit(
        client,
        TestPkcs10.dns(site.svc("orders")),
        csr -> csr.editSpec().withRequest(TestPkcs10.specRequest(pem)).endSpec());
  }
}
