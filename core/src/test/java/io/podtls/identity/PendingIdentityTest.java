package io.podtls.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.request.CertificateRequest;
import io.podtls.request.SignerName;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("PendingIdentity")
class PendingIdentityTest {

  private final CertificateRequest request =
      CertificateRequest.builder(SignerName.of("example.com/serving"))
          .dnsNames("orders.shop.svc")
          .build();

  @Test
  @DisplayName("completes with the certificate that was issued for its request")
  void completesWithTheIssuedCertificate() {
    TestCa ca = TestCa.root("ca");
    PendingIdentity pending = PendingIdentity.generate(request);

    TlsIdentity identity =
        pending.complete(
            ca.leafFor(pending.pkcs10Der()).issueChain(),
            TrustBundle.of(List.of(ca.certificate())));

    assertThat(identity.leaf().getPublicKey()).isEqualTo(pending.publicKey());
  }

  @Test
  @DisplayName("refuses a chain that peers do not trust and says whose certificate is missing")
  void refusesAnUntrustedChain() {
    TestCa ca = TestCa.root("issuing");
    PendingIdentity pending = PendingIdentity.generate(request);
    TrustBundle others =
        TrustBundle.of(List.of(TestCa.root("a").certificate(), TestCa.root("b").certificate()));

    assertThatThrownBy(() -> pending.complete(ca.leafFor(pending.pkcs10Der()).issueChain(), others))
        .isInstanceOf(InvalidCertificateException.class)
        .hasMessageContaining(
            "it was issued by CN=issuing, which is none of the 2 certificates in the trust bundle:"
                + " CN=a | CN=b");
  }
}
