package io.podtls.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.podtls.testing.SampleRequests;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@DisplayName("CertificateRequest")
class CertificateRequestTest {

  private static final SignerName CUSTOM = SignerName.of("example.com/serving");
  private static final PodEnvironment POD =
      PodEnvironment.detect(
          Map.of("POD_NAMESPACE", "shop", "POD_IP", "10.1.2.3"),
          Path.of("/nonexistent"),
          Path.of("/nonexistent"));

  private static CertificateRequest.Builder custom() {
    return CertificateRequest.builder(CUSTOM);
  }

  private static void assertRefused(CertificateRequest.Builder builder, String message) {
    assertThatIllegalArgumentException().isThrownBy(builder::build).withMessage(message);
  }

  @Test
  @DisplayName("asks for a server's P-256 certificate without common name if nothing else is said")
  void asksForAServersCertificateByDefault() {
    CertificateRequest request = custom().service("orders", POD).build();

    assertThat(request.signerName()).isEqualTo(CUSTOM);
    assertThat(request.commonName()).isEmpty();
    assertThat(request.organizations()).isEmpty();
    assertThat(request.subjectAlternativeNames())
        .extracting(SubjectAlternativeName::toString)
        .containsExactly("DNS:orders.shop.svc", "DNS:orders.shop.svc.cluster.local");
    assertThat(request.usages()).containsExactly(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH);
    assertThat(request.expiration()).isEmpty();
    assertThat(request.keyAlgorithm()).isEqualTo(KeyAlgorithm.ECDSA_P256);
  }

  @Test
  @DisplayName("asks for everything that was said, each name once and in order")
  void asksForEverythingThatWasSaid() throws Exception {
    CertificateRequest request =
        custom()
            .commonName("orders")
            .organizations("dropped")
            .organizations("shop", "billing")
            .dnsNames("b.example", "a.example")
            .service("orders", POD)
            .ipAddresses(POD.ip(), InetAddress.getByName("2001:db8::1"))
            .dnsNames("A.example")
            .subjectAlternativeNames(SubjectAlternativeName.uri(URI.create("spiffe://x/y")))
            .subjectAlternativeNames(POD.shortServiceNames("orders"))
            .usages(KeyUsage.ANY)
            .usages(KeyUsage.CLIENT_AUTH, KeyUsage.DIGITAL_SIGNATURE)
            .expiration(Duration.ofHours(24).plusNanos(1))
            .keyAlgorithm(KeyAlgorithm.ED25519)
            .build();

    assertThat(request)
        .hasToString(
            "CertificateRequest[signer=example.com/serving, CN=orders, O=[shop, billing],"
                + " names=[DNS:b.example, DNS:a.example, DNS:orders.shop.svc,"
                + " DNS:orders.shop.svc.cluster.local, IP:10.1.2.3, IP:2001:db8::1,"
                + " URI:spiffe://x/y, DNS:orders, DNS:orders.shop],"
                + " usages=[digital signature, client auth], expiration=PT24H, key=Ed25519]");
    assertThat(request.expiration()).contains(Duration.ofHours(24));
  }

  @Test
  @DisplayName("is a value: equal to one that asks for the same, unchanged by its builder")
  void isAValue() {
    assertThat(SampleRequests.all()).isEqualTo(SampleRequests.all());
    assertThat(SampleRequests.all().values()).doesNotHaveDuplicates();
    assertThat(SampleRequests.kubernetesDocumentation())
        .hasSameHashCodeAs(SampleRequests.kubernetesDocumentation())
        .isNotEqualTo(null);

    CertificateRequest.Builder builder = custom().dnsNames("a.example");
    CertificateRequest request = builder.build();
    builder.dnsNames("b.example").usages(KeyUsage.ANY).expiration(Duration.ofHours(1));

    assertThat(request).isEqualTo(custom().dnsNames("a.example").build());
    assertThat(request).isNotEqualTo(builder.build());
  }

  @Nested
  @DisplayName("refuses")
  class Refuses {

    @Test
    @DisplayName("a server without names, as no client could verify it")
    void aServerWithoutNames() {
      assertRefused(
          custom().commonName("orders.shop.svc"),
          "subjectAlternativeNames is empty; a server's certificate needs one or more, as clients"
              + " look for its name there and nowhere else (RFC 9525 2)");
    }

    @Test
    @DisplayName("a request without a name")
    void aRequestThatNamesNobody() {
      assertRefused(
          custom().usages(KeyUsage.CLIENT_AUTH),
          "the request has no name: neither commonName nor subjectAlternativeNames is set");
    }

    @Test
    @DisplayName("an expiration below the API server's 600 s or above its 32-bit limit")
    void anExpirationOutOfRange() {
      assertThat(custom().dnsNames("a").expiration(Duration.ofSeconds(600)).build().expiration())
          .contains(Duration.ofSeconds(600));
      for (Duration shortLife :
          List.of(Duration.ofSeconds(600).minusNanos(1), Duration.ZERO, Duration.ofHours(-1))) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> custom().expiration(shortLife))
            .withMessage(
                "expiration is " + shortLife + "; the API server requires 600 s (PT10M) or more");
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() -> custom().expiration(Duration.ofSeconds(1L << 31)))
          .withMessageContaining("the API server takes at most 2147483647 s");
    }

    @Test
    @DisplayName("a common name of over 64 characters, and blank or unprintable ones")
    void aCommonNameThatIsNone() {
      assertThat(custom().commonName("ü".repeat(64)).dnsNames("a").build().commonName())
          .contains("ü".repeat(64));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> custom().commonName("x".repeat(65)))
          .withMessage(
              "commonName has 65 characters, at most 64 are allowed: \""
                  + "x".repeat(65)
                  + "\"; leave it out and give the name as a subject alternative name");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> custom().commonName(" "))
          .withMessage("commonName is empty");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> custom().commonName("a\u0000b"))
          .withMessage("commonName has control characters");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> custom().commonName("a\ud83d"))
          .withMessage("commonName has half of a surrogate pair");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> custom().organizations("a", ""))
          .withMessage("organization is empty");
    }

    @Test
    @DisplayName("no usages at all, and a usage given twice")
    void usagesThatTheApiServerRefuses() {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> custom().usages())
          .withMessage("usages is empty; the API server requires one or more");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> custom().usages(KeyUsage.SERVER_AUTH, KeyUsage.SERVER_AUTH))
          .withMessage("usages has \"server auth\" twice");
    }

    @Test
    @DisplayName("an unspecified address, and a pod's address that is not known yet")
    void anAddressThatIsNone() throws Exception {
      InetAddress unspecified = InetAddress.getByName("0.0.0.0");
      PodEnvironment early =
          PodEnvironment.detect(Map.of("POD_IP", ""), Path.of("/x"), Path.of("/x"));

      assertThatIllegalArgumentException()
          .isThrownBy(() -> custom().ipAddresses(unspecified))
          .withMessageContaining("address is the unspecified address 0.0.0.0");
      assertThatIllegalStateException().isThrownBy(() -> custom().ipAddresses(early.ip()));
    }

    @Test
    @DisplayName("null, naming the parameter")
    void nullNamingTheParameter() {
      assertThatNullPointerException()
          .isThrownBy(() -> CertificateRequest.builder(null))
          .withMessage("signerName");
      assertThatNullPointerException()
          .isThrownBy(() -> custom().commonName(null))
          .withMessage("commonName");
      assertThatNullPointerException()
          .isThrownBy(() -> custom().service("orders", null))
          .withMessage("pod");
      assertThatNullPointerException()
          .isThrownBy(() -> custom().expiration(null))
          .withMessage("expiration");
    }
  }

  @Nested
  @DisplayName("to kubernetes.io/kube-apiserver-client")
  class ToKubeApiserverClient {

    private CertificateRequest.Builder request() {
      return CertificateRequest.builder(SignerName.KUBE_APISERVER_CLIENT).commonName("jane");
    }

    @Test
    @DisplayName("asks for client auth by default, with organizations as groups")
    void asksForClientAuth() {
      CertificateRequest request = request().organizations("developers").build();

      assertThat(request.usages())
          .containsExactly(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH);
      assertThat(
              request()
                  .usages(
                      KeyUsage.CLIENT_AUTH, KeyUsage.KEY_ENCIPHERMENT, KeyUsage.DIGITAL_SIGNATURE)
                  .build()
                  .usages())
          .hasSize(3);
    }

    @Test
    @DisplayName("refuses server auth and says what to do instead")
    void refusesServerAuth() {
      assertRefused(
          request().dnsNames("orders").usages(KeyUsage.CLIENT_AUTH, KeyUsage.SERVER_AUTH),
          "kubernetes.io/kube-apiserver-client would refuse this: usages has \"server auth\", and"
              + " it signs clients of the API server only; for a server's certificate name a signer"
              + " of your own, such as example.com/serving");
    }

    @Test
    @DisplayName("refuses every usage but client auth, digital signature and key encipherment")
    void refusesOtherUsages() {
      for (KeyUsage usage : KeyUsage.values()) {
        switch (usage) {
          case CLIENT_AUTH, DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, SERVER_AUTH -> {}
          default ->
              assertRefused(
                  request().usages(KeyUsage.CLIENT_AUTH, usage),
                  "kubernetes.io/kube-apiserver-client would refuse this: usages has \""
                      + usage
                      + "\", and it allows client auth, digital signature and key encipherment"
                      + " only");
        }
      }
      assertRefused(
          request().usages(KeyUsage.DIGITAL_SIGNATURE),
          "kubernetes.io/kube-apiserver-client would refuse this: usages lacks \"client auth\"");
    }

    @Test
    @DisplayName("refuses the group system:masters and a client without a name")
    void refusesSystemMastersAndNamelessClients() {
      assertRefused(
          request().organizations("a", "system:masters"),
          "kubernetes.io/kube-apiserver-client would refuse this: organizations has"
              + " \"system:masters\", which the API server never admits for this signer; bind a"
              + " role to a group of your own");
      assertRefused(
          CertificateRequest.builder(SignerName.KUBE_APISERVER_CLIENT).dnsNames("orders"),
          "kubernetes.io/kube-apiserver-client would refuse this: commonName is not set, and it is"
              + " the user name that the API server looks for");
    }
  }

  @Nested
  @DisplayName("to the kubelets' signers")
  class ToTheKubeletsSigners {

    private CertificateRequest.Builder serving() {
      return CertificateRequest.builder(SignerName.KUBELET_SERVING)
          .organizations("system:nodes")
          .commonName("system:node:a");
    }

    private CertificateRequest.Builder client() {
      return CertificateRequest.builder(SignerName.KUBE_APISERVER_CLIENT_KUBELET)
          .organizations("system:nodes")
          .commonName("system:node:a");
    }

    @Test
    @DisplayName("asks for what they sign")
    void asksForWhatTheySign() {
      assertThat(serving().dnsNames("node-a").build().usages())
          .containsExactly(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH);
      assertThat(client().build().usages())
          .containsExactly(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH);
    }

    @Test
    @DisplayName("refuses subjects that are no kubelet's")
    void refusesSubjectsThatAreNoKubelets() {
      assertRefused(
          CertificateRequest.builder(SignerName.KUBELET_SERVING).dnsNames("orders"),
          "kubernetes.io/kubelet-serving would refuse this: organizations is [], and it signs for"
              + " kubelets only, whose organization is exactly system:nodes; for a Service name a"
              + " signer of your own, such as example.com/serving");
      assertRefused(
          client().organizations("system:nodes", "other"),
          "kubernetes.io/kube-apiserver-client-kubelet would refuse this: organizations is"
              + " [system:nodes, other], and it signs for kubelets only, whose organization is"
              + " exactly system:nodes; for a Service name a signer of your own, such as"
              + " example.com/serving");
      assertRefused(
          serving().commonName("orders").dnsNames("orders"),
          "kubernetes.io/kubelet-serving would refuse this: commonName is \"orders\", and a"
              + " kubelet's starts with system:node:");
    }

    @Test
    @DisplayName(
        "refuses a server's certificate of the API server's clients' signer for what it is")
    void refusesServersFirst() {
      assertRefused(
          CertificateRequest.builder(SignerName.KUBE_APISERVER_CLIENT).usages(KeyUsage.SERVER_AUTH),
          "kubernetes.io/kube-apiserver-client would refuse this: usages has \"server auth\", and"
              + " it signs clients of the API server only; for a server's certificate name a signer"
              + " of your own, such as example.com/serving");
    }

    @Test
    @DisplayName("refuses names and usages that they do not sign")
    void refusesNamesAndUsagesThatTheyDoNotSign() {
      assertRefused(
          client().dnsNames("node-a"),
          "kubernetes.io/kube-apiserver-client-kubelet would refuse this: subjectAlternativeNames"
              + " has [DNS:node-a], and it allows none");
      assertRefused(
          serving()
              .dnsNames("node-a")
              .subjectAlternativeNames(SubjectAlternativeName.email("a@b.example")),
          "kubernetes.io/kubelet-serving would refuse this: subjectAlternativeNames has"
              + " email:a@b.example, and it allows DNS names and IP addresses only");
      assertRefused(
          serving().dnsNames("node-a").usages(KeyUsage.SERVER_AUTH),
          "kubernetes.io/kubelet-serving would refuse this: usages is [server auth], and it takes"
              + " exactly [digital signature, server auth], with or without key encipherment");
      assertRefused(
          client().usages(KeyUsage.CLIENT_AUTH, KeyUsage.KEY_ENCIPHERMENT),
          "kubernetes.io/kube-apiserver-client-kubelet would refuse this: usages is [key"
              + " encipherment, client auth], and it takes exactly [digital signature, client"
              + " auth], with or without key encipherment");
    }
  }
}
