package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.testing.SampleRequests;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The description of a request")
class RequestDescriptionTest {

  private static final Instant NOW = Instant.parse("2026-11-24T08:00:00Z");

  private static RequestDescription describe(String request, String username, Object status) {
    return RequestDescription.of(
        JsonObject.of(
            Map.of(
                "metadata", Map.of("name", "podtls-1", "creationTimestamp", "2026-11-24T07:59:00Z"),
                "spec",
                    Map.of(
                        "request",
                        request,
                        "signerName",
                        "example.com/serving",
                        "usages",
                        List.of("server auth"),
                        "username",
                        username),
                "status", status)),
        NOW);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(US_ASCII));
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

    RequestDescription seen = describe(base64(pkcs10), "jane", Map.of());

    assertThat(seen.subjectAlternativeNames())
        .contains(
            "DNS:orders",
            "DNS:*.orders.shop.svc",
            "DNS:xn--bcher-kva.example",
            "IP:10.0.34.2",
            "IP:2001:db8:0:0:0:0:0:1",
            "URI:spiffe://cluster.local/ns/shop/sa/orders",
            "email:orders+shop@example.com");
    assertThat(seen.age()).isEqualTo(Duration.ofMinutes(1));
    assertThat(seen.pod()).isEmpty();
    assertThat(seen.isPending()).isTrue();
  }

  @Test
  @DisplayName("control characters cannot write over the terminal")
  void controlCharacters() {
    RequestDescription seen = describe(base64("x"), "jane\u001b[2J\r\n\u202eevil", Map.of());

    assertThat(seen.requester()).isEqualTo("jane?[2J???evil");
  }

  @Test
  @DisplayName("what is no PKCS#10 is said to be none")
  void unreadableRequests() {
    for (String request :
        List.of(
            "not base64!",
            base64("nothing"),
            base64("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            base64(
                "-----BEGIN CERTIFICATE REQUEST-----\n"
                    + "AAAA\n"
                    + "-----END CERTIFICATE REQUEST-----\n"))) {
      assertThat(describe(request, "jane", Map.of()).subject())
          .startsWith("(not a readable PKCS#10: ");
    }
  }

  @Test
  @DisplayName("the status is what holds: approved, denied, failed, issued")
  void status() {
    Map<String, Object> approved =
        Map.of("type", "Approved", "status", "True", "reason", "r", "message", "m");
    Map<String, Object> notDenied = Map.of("type", "Denied", "status", "False");

    RequestDescription issued =
        describe(
            base64("x"),
            "jane",
            Map.of("conditions", List.of(approved, notDenied), "certificate", base64("pem")));

    assertThat(issued.status()).containsExactly("Approved", "Issued");
    assertThat(issued.conditions()).containsExactly("Approved: r, m");
    assertThat(issued.isPending()).isFalse();
  }
}
