package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.podtls.PodTls;
import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.request.PodEnvironment;
import io.podtls.request.SubjectAlternativeName;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A Service's TLS in one call")
class KubernetesTlsTest {

  private static final PodEnvironment POD =
      PodEnvironment.detect(
          Map.of("POD_NAMESPACE", "shop"), Path.of("/nowhere"), Path.of("/nowhere"));

  private static final TrustBundle CA = TrustBundle.of(List.of(TestCa.root("ca").certificate()));

  private final ApiServer server =
      ApiServer.at(Origin.of("http://127.0.0.1:1", "a test"), Optional::empty, CA.trustManager());

  private KubernetesTls orders() {
    return KubernetesTls.forService("orders")
        .signedBy("example.com/serving")
        .trusting(TrustBundleSource.fixed(CA))
        .in(POD)
        .through(server);
  }

  private void assertServerIsClosed() {
    assertThatThrownBy(() -> server.get("/version")).hasMessageContaining("is closed");
  }

  @Test
  @DisplayName("a signer's name that the API would refuse is refused at once")
  void badSignerName() {
    assertThatThrownBy(() -> KubernetesTls.forService("orders").signedBy("serving"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("a timeout that is not positive is refused, and the connection closed")
  void badTimeout() {
    assertThatThrownBy(() -> orders().bootstrap(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("timeout");
    assertServerIsClosed();
  }

  @Test
  @DisplayName("a request that the signer would refuse is refused, and the connection closed")
  void badRequest() {
    assertThatThrownBy(
            () -> orders().expiration(Duration.ofSeconds(599)).bootstrap(Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expiration");
    assertServerIsClosed();
  }

  @Test
  @DisplayName("a start whose request is refused closes the connection")
  void failingStart() {
    assertThatThrownBy(
            () ->
                orders()
                    .names(List.of(SubjectAlternativeName.dns("a")))
                    .expiration(Duration.ofSeconds(1))
                    .start())
        .isInstanceOf(IllegalArgumentException.class);
    assertServerIsClosed();
  }

  @Test
  @DisplayName("for mutual TLS, the usage client auth is requested too")
  void mutualTls() throws Exception {
    try (WireServer wire = new WireServer()) {
      wire.then(WireServer.silence());
      KubernetesTls orders = orders().through(wire.connect()).forMutualTls();

      try (PodTls tls = orders.start()) {
        assertThat(tls.status().ready()).isFalse();
        JsonObject sent = JsonObject.parse(wire.next().body().getBytes(UTF_8));
        assertThat(sent.texts("spec", "usages"))
            .containsExactly("client auth", "digital signature", "server auth");
      }
    }
  }

  @Test
  @DisplayName("outside a pod and without a namespace it says what is missing")
  void withoutNamespace() {
    PodEnvironment nowhere =
        PodEnvironment.detect(Map.of(), Path.of("/nowhere"), Path.of("/nowhere"));

    assertThatThrownBy(() -> orders().in(nowhere).bootstrap(Duration.ofSeconds(1)))
        .hasMessageContaining("POD_NAMESPACE");
  }

  @Test
  @DisplayName("outside a pod the namespace is that of the kubeconfig's context")
  void namespaceOfTheContext() throws Exception {
    assumeThat(ServiceAccount.isThere()).isFalse();
    try (WireServer wire = new WireServer()) {
      wire.then(WireServer.json(500, "no")).then(WireServer.json(500, "no"));
      Origin context =
          new Origin(wire.url(), "a test", "no CA", Optional.empty(), Optional.of("billing"));

      assertThatThrownBy(
              () ->
                  KubernetesTls.forService("orders")
                      .signedBy("example.com/serving")
                      .trustingConfigMap("serving-ca")
                      .through(WireServer.connect(context))
                      .bootstrap(Duration.ofMillis(300)))
          .isInstanceOf(BootstrapTimeoutException.class)
          .hasMessageContaining("configmap billing/serving-ca");
    }
  }

  @Test
  @DisplayName("a ConfigMap that is not published yet is waited for, and its publisher named")
  void waitsForTheConfigMap() throws Exception {
    try (WireServer wire = new WireServer()) {
      String missing =
          "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"details\":{\"name\":\"serving-ca\"}}";
      for (int i = 0; i < 20; i++) {
        wire.then(WireServer.json(404, missing));
      }

      assertThatThrownBy(
              () ->
                  KubernetesTls.forService("orders")
                      .signedBy("example.com/serving")
                      .trustingConfigMap("serving-ca")
                      .in(POD)
                      .through(wire.connect())
                      .bootstrap(Duration.ofSeconds(4)))
          .isInstanceOf(BootstrapTimeoutException.class)
          .hasMessageContaining("configmap shop/serving-ca key ca.crt: there is none yet")
          .hasMessageContaining("The signer publishes its CA there");
      assertThat(wire.requests()).hasSizeGreaterThan(1);
    }
  }
}
