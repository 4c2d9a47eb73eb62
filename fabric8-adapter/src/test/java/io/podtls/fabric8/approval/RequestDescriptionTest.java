package io.podtls.fabric8.approval;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.testing.SampleRequests;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.x509.GeneralName;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The description of a request")
class RequestDescriptionTest {

  private static final Instant NOW = Instant.parse("2026-11-24T08:00:00Z");

  private static RequestDescription describe(CertificateSigningRequest csr) {
    return RequestDescription.of(
        new CertificateSigningRequestBuilder(csr)
            .editMetadata()
            .withCreationTimestamp("2026-11-24T07:59:00Z")
            .endMetadata()
            .build(),
        NOW);
  }

  private static RequestDescription describe(TestPkcs10 pkcs10) {
    return describe(TestRequest.of(pkcs10).csr());
  }

  @Test
  @DisplayName("shows every kind of name")
  void everyKindOfName() {
    String pkcs10 =
        PendingIdentity.generate(
                CertificateRequest.builder(SampleRequests.SIGNER)
                    .subjectAlternativeNames(SampleRequests.allKinds())
                    .build())
            .pkcs10Pem();

    RequestDescription seen = describe(TestRequest.ofPem(pkcs10).username("jane").csr());

    assertThat(seen.subjectAlternativeNames())
        .contains(
            "DNS:orders",
            "DNS:*.orders.shop.svc",
            "DNS:xn--bcher-kva.example",
            "IP:10.0.34.2",
            "IP:2001:db8::1",
            "URI:spiffe://cluster.local/ns/shop/sa/orders",
            "email:orders+shop@example.com");
    assertThat(seen.age()).isEqualTo(Duration.ofMinutes(1));
    assertThat(seen.pod()).isEmpty();
    assertThat(seen.isPending()).isTrue();
  }

  @Test
  @DisplayName("names the pod, and the kinds alone of names that podtls does not know")
  void podAndOtherKinds() {
    RequestDescription seen =
        describe(
            TestPkcs10.dns("orders.shop.svc")
                .andName(new GeneralName(GeneralName.registeredID, "1.2.3")));

    assertThat(seen.pod()).contains("shop/orders-7f9");
    assertThat(seen.subjectAlternativeNames())
        .containsExactly("DNS:orders.shop.svc", "registeredID");
  }

  @Test
  @DisplayName("shows labels, annotations and the wish for a CA, since signers obey them")
  void labelsAndAnnotations() {
    RequestDescription seen =
        describe(
            TestRequest.of(TestPkcs10.dns("orders.shop.svc").certificateAuthority())
                .label("app", "orders")
                .annotation("experimental.cert-manager.io/request-is-ca", "true")
                .annotation("experimental.cert-manager.io/request-duration", "87600h\u001b[2J")
                .csr());

    assertThat(seen.certificateAuthority()).isTrue();
    assertThat(seen.toString().lines())
        .contains(
            "Labels:      app=orders",
            "Annotations: experimental.cert-manager.io/request-duration=87600h?[2J",
            "             experimental.cert-manager.io/request-is-ca=true",
            "CA:          asks for the certificate of a certificate authority");
  }

  @Test
  @DisplayName("is bounded, however much the requester writes")
  void isBounded() {
    TestRequest request =
        TestRequest.of(TestPkcs10.dns("orders.shop.svc")).username("x".repeat(100_000));
    IntStream.range(0, 1000)
        .forEach(i -> request.annotation("example.com/a" + i, "y".repeat(1000)));

    assertThat(describe(request.csr()).toString()).hasSizeLessThan(20_000).contains("and 950 more");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u001b", "\r", "\n", "\u202e", "\u0085", "\u212a", "\u0430"})
  @DisplayName("control characters and letters that look like others are shown as question marks")
  void controlCharacters(String odd) {
    RequestDescription seen =
        describe(
            TestRequest.of(TestPkcs10.dns("orders.shop.svc"))
                .name("orders" + odd)
                .username("jane" + odd + "evil")
                .csr());

    assertThat(seen.name()).isEqualTo("orders" + odd);
    assertThat(seen.requester()).isEqualTo("jane?evil");
    assertThat(seen.toString().lines()).contains("Name:        orders?");
  }

  @Test
  @DisplayName("a PKCS#10 that the reader refuses is described with the reader's reason")
  void unreadableRequests() {
    String honest = TestPkcs10.dns("orders.shop.svc").pem();
    String evil = TestPkcs10.dns("admin.other.svc").pem();

    RequestDescription seen = describe(TestRequest.ofPem("x" + evil + honest).csr());

    assertThat(seen.subject()).isEmpty();
    assertThat(seen.subjectAlternativeNames()).isEmpty();
    assertThat(seen.problem())
        .hasValueSatisfying(
            why -> assertThat(why).startsWith("spec.request is not exactly one PEM block"));
    assertThat(seen.toString().lines())
        .anyMatch(line -> line.startsWith("Request:     unreadable: spec.request is not exactly"))
        .noneMatch(line -> line.startsWith("Names:"));
  }

  @Test
  @DisplayName("the status is what holds: approved, denied, failed, issued")
  void status() {
    CertificateSigningRequest issued =
        new CertificateSigningRequestBuilder(TestRequest.of(TestPkcs10.dns("a.shop.svc")).csr())
            .withNewStatus()
            .withCertificate(Base64.getEncoder().encodeToString("pem".getBytes(US_ASCII)))
            .addNewCondition()
            .withType("Approved")
            .withStatus("True")
            .withReason("r")
            .withMessage("m")
            .endCondition()
            .addNewCondition()
            .withType("Denied")
            .withStatus("False")
            .endCondition()
            .endStatus()
            .build();

    RequestDescription seen = describe(issued);

    assertThat(seen.status()).containsExactly("Approved", "Issued");
    assertThat(seen.conditions()).containsExactly("Approved: r, m");
    assertThat(seen.isPending()).isFalse();
  }
}
