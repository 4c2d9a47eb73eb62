package io.podtls.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@RequiresControlPlane(emulatedVersion = "1.34")
class EmulatedControlPlaneIT {
  @Test
  @DisplayName("an emulated 1.34 serves CertificateSigningRequests and no ClusterTrustBundles")
  void servesWhatThatReleaseServed(ControlPlane controlPlane) {
    String resources = controlPlane.admin().raw("/apis/certificates.k8s.io/v1");

    assertThat(resources)
        .contains("certificatesigningrequests")
        .doesNotContain("clustertrustbundles");
    assertThat(controlPlane.admin().raw("/version")).contains("\"emulationMinor\": \"34\"");
  }

  @Test
  @DisplayName("the newest release serves ClusterTrustBundles")
  void theNewestReleaseServesMore() {
    assertThat(ControlPlane.shared().admin().raw("/apis/certificates.k8s.io/v1"))
        .contains("clustertrustbundles");
  }
}
