package io.podtls.fabric8;

import io.podtls.testing.ApiDump;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PublicApiTest {

  @Test
  @DisplayName("the signatures are those in api.txt, which is checked in")
  void signaturesAreCheckedIn() throws Exception {
    Path classes =
        Path.of(KubernetesTls.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    ApiDump.compare(
        ApiDump.publicTypes(classes, Set.of("io.podtls.fabric8", "io.podtls.fabric8.approval")),
        Path.of(System.getProperty("podtls.root"), "fabric8-adapter", "api.txt"),
        "fabric8-adapter");
  }
}
