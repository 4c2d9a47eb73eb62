package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The signer behind the API")
class Fabric8CertificateSignerTest {

  private final VirtualTime time = new VirtualTime();
  private final ScriptedCsrs csrs = new ScriptedCsrs(time);
  private final Fabric8CertificateSigner signer =
      new Fabric8CertificateSigner(csrs, "podtls-", time, new Random(1));

  private static PendingIdentity pending(KeyUsage... usages) {
    return PendingIdentity.generate(
        CertificateRequest.builder(SignerName.of("example.com/serving"))
            .dnsNames("orders")
            .usages(usages)
            .build());
  }

  @Test
  @DisplayName("names follow from the key, the signer and the usages, and from nothing else")
  void namesFollowFromTheKey() {
    PendingIdentity one = pending(KeyUsage.SERVER_AUTH);
    PendingIdentity other = pending(KeyUsage.SERVER_AUTH);

    assertThat(CsrName.of("podtls-", one, 0))
        .isEqualTo(CsrName.of("podtls-", one, 0))
        .matches("podtls-[0-9a-f]{24}")
        .isNotEqualTo(CsrName.of("podtls-", other, 0))
        .isNotEqualTo(CsrName.of("podtls-", one, 1));
  }

  @Test
  @DisplayName("another prefix is used for new requests")
  void anotherPrefix() throws Exception {
    try (var attempt = signer.namedWith("orders-").begin(pending(KeyUsage.SERVER_AUTH), () -> {})) {
      attempt.advance();
    }

    assertThat(csrs.created()).singleElement().asString().startsWith("orders-");
  }

  @Test
  @DisplayName("a prefix that the API or a cloud's signer would not like is refused")
  void badPrefixes() {
    for (String bad : new String[] {"", "Orders-", "-a", "a b", "a/b", "csr-", "csr-orders-"}) {
      assertThatThrownBy(() -> signer.namedWith(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("namePrefix");
    }
  }

  @Test
  @DisplayName("to begin does no I/O")
  void beginDoesNoInput() {
    signer.begin(pending(KeyUsage.SERVER_AUTH), () -> {}).close();

    assertThat(csrs.requests()).isEmpty();
  }

  @Test
  @DisplayName("outside a pod there is no connection in the cluster")
  void outsideAPod() {
    assertThatThrownBy(Fabric8CertificateSigner::inCluster)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("this process does not run in a pod");
  }
}
