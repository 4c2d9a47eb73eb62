package io.podtls.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.testing.SampleRequests;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("PendingIdentity.restore")
class RestoredRequestTest {

  private static CertificateRequest request(KeyAlgorithm algorithm) {
    return CertificateRequest.builder(SampleRequests.SIGNER)
        .dnsNames("orders.shop.svc")
        .keyAlgorithm(algorithm)
        .build();
  }

  private static String exported(PendingIdentity pending) {
    return pending.exportPrivateKeyUnencrypted() + pending.pkcs10Pem();
  }

  @ParameterizedTest
  @EnumSource(
      value = KeyAlgorithm.class,
      names = {"ECDSA_P256", "ECDSA_P521", "RSA_2048", "ED25519"})
  @DisplayName("goes on with the same key, to which the certificate still belongs")
  void goesOn(KeyAlgorithm algorithm) {
    PendingIdentity before = PendingIdentity.generate(request(algorithm));
    PendingIdentity after = PendingIdentity.restore(request(algorithm), exported(before));
    TestCa ca = TestCa.root("ca");

    assertThat(after.publicKey()).isEqualTo(before.publicKey());
    TlsIdentity identity =
        after.complete(
            ca.leafFor(before.pkcs10Der()).usages(before.request().usages()).issueChain(),
            TrustBundle.of(List.of(ca.certificate())));
    assertThat(identity.leaf().getPublicKey()).isEqualTo(before.publicKey());
  }

  @Test
  @DisplayName("refuses halves that do not belong together, other algorithms, and missing halves")
  void refuses() {
    CertificateRequest request = request(KeyAlgorithm.ECDSA_P256);
    PendingIdentity one = PendingIdentity.generate(request);
    PendingIdentity other = PendingIdentity.generate(request);

    assertThatThrownBy(
            () ->
                PendingIdentity.restore(
                    request, one.exportPrivateKeyUnencrypted() + other.pkcs10Pem()))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("its key is not");
    assertThatThrownBy(
            () -> PendingIdentity.restore(request(KeyAlgorithm.ECDSA_P384), exported(one)))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("P-384");
    assertThatThrownBy(() -> PendingIdentity.restore(request(KeyAlgorithm.RSA_2048), exported(one)))
        .isInstanceOf(InvalidMaterialException.class);
    assertThatThrownBy(() -> PendingIdentity.restore(request, one.exportPrivateKeyUnencrypted()))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("PKCS#10");
    assertThatThrownBy(() -> PendingIdentity.restore(request, one.pkcs10Pem()))
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageContaining("private key");
  }
}
