package io.podtls.examples.clustersigner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.KeyAlgorithm;
import io.podtls.trust.TrustBundle;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@RequiresControlPlane(emulatedVersion = "1.34")
@DisplayName("the cluster signer on Kubernetes 1.34, which has no ClusterTrustBundles")
@Timeout(120)
class OlderKubernetesIT {
  @Test
  @DisplayName("signs and publishes its CA in ConfigMaps")
  void signsAndPublishes(Cluster cluster) throws Exception {
    try (Trial trial = new Trial(cluster)) {
      trial.emptySecret();
      trial.start();
      PendingIdentity pending = ClusterSignerIT.pending(KeyAlgorithm.ECDSA_P256);

      CertificateSigningRequest issued =
          trial.awaitCertificate(trial.approved(pending, "digital signature", "server auth"));

      byte[] bundle = trial.bundle(trial.other).getBytes(StandardCharsets.UTF_8);
      assertThat(pending.completePem(Trial.certificate(issued), TrustBundle.parse("test", bundle)))
          .isNotNull();
    }
  }
}
