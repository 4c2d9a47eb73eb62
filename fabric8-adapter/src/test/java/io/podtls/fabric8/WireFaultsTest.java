package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.podtls.PodTls;
import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.SignerName;
import io.podtls.signing.SigningOutcome;
import io.podtls.signing.SigningOutcome.Issued;
import io.podtls.signing.SigningOutcome.Pending;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A request over a bad wire")
class WireFaultsTest {

  private final PendingIdentity pending =
      PendingIdentity.generate(
          CertificateRequest.builder(SignerName.of("example.com/serving"))
              .dnsNames("orders.shop.svc")
              .build());
  private final WireServer wire;

  WireFaultsTest() throws IOException {
    wire = new WireServer();
  }

  @AfterEach
  void close() throws IOException {
    wire.close();
  }

  private String csr(int version, boolean approved, boolean issued) {
    String pem =
        TrustBundle.of(List.of(TestCa.root("ca").leafFor(pending.pkcs10Der()).issue())).toPem();
    Map<String, Object> status =
        Map.of(
            "conditions",
            approved ? List.of(Map.of("type", "Approved", "status", "True")) : List.of(),
            "certificate",
            issued ? Base64.getEncoder().encodeToString(pem.getBytes(UTF_8)) : "");
    return JsonObject.of(
            Map.of(
                "kind",
                "CertificateSigningRequest",
                "metadata",
                Map.of("name", "podtls-1", "uid", "u", "resourceVersion", "" + version),
                "spec",
                Map.of("signerName", "example.com/serving", "username", "pod"),
                "status",
                status))
        .toJson();
  }

  private static String event(String csr) {
    return "{\"type\":\"MODIFIED\",\"object\":" + csr + "}\n";
  }

  private AttemptDriver driver() {
    return new AttemptDriver(new Fabric8CertificateSigner(wire.connect()), pending);
  }

  private List<String> verbs() {
    List<String> verbs = new ArrayList<>();
    for (WireServer.Request request : wire.requests()) {
      verbs.add(request.method() + (request.target().contains("watch=true") ? " watch" : ""));
    }
    return verbs;
  }

  @Test
  @DisplayName(
      "the event that brings the certificate breaks off in its middle: no success, then a read")
  void truncatedCertificate() throws Exception {
    String issued = event(csr(3, true, true));
    wire.then(WireServer.json(201, csr(1, false, false)))
        .then(WireServer.broken(issued.substring(0, issued.length() / 2)))
        .then(WireServer.json(200, csr(2, true, false)))
        .then(WireServer.open(issued));

    try (AttemptDriver driver = driver()) {
      assertThat(driver.settle()).isInstanceOf(Issued.class);
      assertThat(driver.outcomes().subList(0, driver.outcomes().size() - 1))
          .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Pending.class));
    }
    assertThat(verbs()).containsExactly("POST", "GET watch", "GET", "GET watch");
    assertThat(wire.requests().get(3).target()).contains("resourceVersion=2");
  }

  @Test
  @DisplayName("bookmarks, then a clean end: the watch goes on from the bookmark, a second later")
  void bookmarksAndCleanEnd() throws Exception {
    wire.then(WireServer.json(201, csr(1, false, false)))
        .then(
            WireServer.chunks(
                "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"41\"}}}\n"))
        .then(WireServer.open(event(csr(50, true, true))));
    Instant start = Instant.now();

    try (AttemptDriver driver = driver()) {
      assertThat(driver.settle()).isInstanceOf(Issued.class);
    }
    assertThat(verbs()).containsExactly("POST", "GET watch", "GET watch");
    assertThat(wire.requests().get(2).target()).contains("resourceVersion=41");
    assertThat(Instant.now()).isAfter(start.plusMillis(990));
  }

  @Test
  @DisplayName("the answer to CREATE is lost on the wire: one object, found by its name")
  void lostAnswer() throws Exception {
    String conflict =
        "{\"kind\":\"Status\",\"reason\":\"AlreadyExists\",\"message\":\"exists\",\"code\":409}";
    wire.then(WireServer.raw("HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n{\"kind\""))
        .then(WireServer.json(409, conflict))
        .then(
            (request, out) -> {
              // What the API server stored is what was sent first.
              JsonObject sent = parsed(wire.requests().get(0).body());
              JsonObject stored =
                  sent.with(
                      "metadata",
                      JsonObject.of(
                          Map.of(
                              "name", sent.text("metadata", "name"),
                              "uid", "u",
                              "resourceVersion", "7")));
              WireServer.json(200, stored.toJson()).write(request, out);
            })
        .then(WireServer.open());

    try (AttemptDriver driver = driver()) {
      SigningOutcome outcome = driver.until(seen -> true);
      assertThat(outcome)
          .isInstanceOfSatisfying(
              Pending.class,
              waiting ->
                  assertThat(waiting.object())
                      .isEqualTo("csr " + CsrName.of("podtls-", pending, 0)));
      assertThat(driver.failures()).hasSize(1);
    }
    assertThat(wire.requests().get(1).body()).isEqualTo(wire.requests().get(0).body());
  }

  @Test
  @DisplayName(
      "a bootstrap whose API server goes away while it waits names what it awaited and the failure")
  void goneWhileWaiting() throws Exception {
    wire.then(WireServer.json(201, csr(1, false, false))).then((request, out) -> wire.close());

    BootstrapTimeoutException late =
        catchThrowableOfType(
            BootstrapTimeoutException.class,
            () ->
                PodTls.requesting(pending.request(), new Fabric8CertificateSigner(wire.connect()))
                    .trusting(
                        TrustBundleSource.fixed(
                            TrustBundle.of(List.of(TestCa.root("ca").certificate()))))
                    .bootstrap(Duration.ofSeconds(5)));

    assertThat(late)
        .hasMessageContaining("csr podtls-1 (example.com/serving) not approved since")
        .hasMessageContaining("last failure: cannot read csr podtls-1: cannot connect to ")
        .hasMessageContaining(wire.url());
  }

  private static JsonObject parsed(String json) {
    try {
      return JsonObject.parse(json.getBytes(UTF_8));
    } catch (JsonObject.JsonException e) {
      throw new AssertionError(e);
    }
  }
}
