package io.podtls.fabric8;

import io.podtls.controlplane.Cluster;
import io.podtls.controlplane.RequiresControlPlane;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;

/** The bootstrap once more, against servers that behave as Kubernetes 1.34. */
@DisplayName("As Kubernetes 1.34")
class EmulatedVersionIT {

  @Nested
  @RequiresControlPlane(emulatedVersion = "1.34")
  @DisplayName("a request")
  class Signer extends Fabric8CertificateSignerIT {
    Signer(Cluster cluster) {
      super(cluster);
    }
  }

  @Nested
  @RequiresControlPlane(emulatedVersion = "1.34")
  @DisplayName("a Service's TLS")
  class Bootstrap extends KubernetesTlsIT {
    Bootstrap(Cluster cluster) {
      super(cluster);
    }
  }
}
