package io.podtls.examples.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("the embedded cluster")
@Timeout(60)
class EmbeddedClusterTest {
  private static final String SIGNER = "example.com/serving";

  private final EmbeddedCluster cluster = EmbeddedCluster.start(SIGNER, "shop", "orders");
  private final KubernetesClient client = client(cluster.workloadConfig());

  @AfterEach
  void stop() {
    client.close();
    cluster.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName(
      "approves and signs a request, and a filtered watch sees both, over HTTP or after a WebSocket was refused")
  void approvesAndSigns(boolean onlyHttpWatches) throws Exception {
    Config config =
        new ConfigBuilder(cluster.workloadConfig()).withOnlyHttpWatches(onlyHttpWatches).build();
    try (KubernetesClient workload = client(config)) {
      CertificateSigningRequest created = create(workload, request(SIGNER, "orders.shop.svc"));

      CertificateSigningRequest issued = awaitCertificate(workload, created);

      assertThat(created.getMetadata().getName()).startsWith("orders-").hasSizeGreaterThan(10);
      assertThat(created.getSpec().getUsername()).isEqualTo("system:serviceaccount:shop:orders");
      assertThat(issued.getStatus().getConditions())
          .extracting(CertificateSigningRequestCondition::getType)
          .containsExactly("Approved");
      X509Certificate leaf = certificate(issued);
      leaf.verify(cluster.caCertificate().getPublicKey());
      assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(2, "orders.shop.svc"));
    }
  }

  @Test
  @DisplayName("leaves requests for other signers alone and reports refusals by its signer")
  void onlyItsOwnSigner() throws Exception {
    CertificateSigningRequest foreign =
        create(client, request("example.com/other", "other.shop.svc"));
    CertificateSigningRequest refused =
        create(
            client,
            new CertificateSigningRequestBuilder(request(SIGNER, "x.shop.svc"))
                .editSpec()
                .withUsages("cert sign", "server auth")
                .endSpec()
                .build());

    CertificateSigningRequest failed =
        client
            .certificates()
            .v1()
            .certificateSigningRequests()
            .withName(refused.getMetadata().getName())
            .waitUntilCondition(
                csr -> csr.getStatus().getConditions().size() == 2, 20, TimeUnit.SECONDS);

    CertificateSigningRequestCondition reason = failed.getStatus().getConditions().get(1);
    assertThat(reason.getType()).isEqualTo("Failed");
    assertThat(reason.getReason()).isEqualTo("SignerValidationFailure");
    assertThat(reason.getMessage()).startsWith("usage \"cert sign\" is not issued here");
    assertThat(
            client
                .certificates()
                .v1()
                .certificateSigningRequests()
                .withName(foreign.getMetadata().getName())
                .get()
                .getStatus()
                .getConditions())
        .isEmpty();
  }

  @Test
  @DisplayName("refuses what the API server refuses, with its codes")
  void refusesLikeTheApiServer() throws Exception {
    CertificateSigningRequest sound = request(SIGNER, "orders.shop.svc");
    CertificateSigningRequest created = create(client, sound);

    assertCode(
        422,
        "spec.usages: Required value",
        () ->
            create(
                client,
                new CertificateSigningRequestBuilder(sound)
                    .editSpec()
                    .withUsages(List.of())
                    .endSpec()
                    .build()));
    assertCode(
        422,
        "less than 600 seconds",
        () ->
            create(
                client,
                new CertificateSigningRequestBuilder(sound)
                    .editSpec()
                    .withExpirationSeconds(599)
                    .endSpec()
                    .build()));
    CertificateSigningRequest badSigner = request("serving", "x.shop.svc");
    assertCode(422, "spec.signerName", () -> create(client, badSigner));
    assertCode(
        409,
        "already exists",
        () ->
            create(
                client,
                new CertificateSigningRequestBuilder(sound)
                    .editMetadata()
                    .withName(created.getMetadata().getName())
                    .endMetadata()
                    .build()));
    assertCode(
        403,
        "User \"system:serviceaccount:shop:orders\" cannot update resource"
            + " \"certificatesigningrequests/approval\"",
        () -> client.certificates().v1().certificateSigningRequests().resource(created).approve());
    assertCode(404, "not found", () -> client.pods().inNamespace("shop").list());
    try (KubernetesClient nobody =
        client(new ConfigBuilder(cluster.workloadConfig()).withOauthToken("wrong").build())) {
      assertCode(401, "Unauthorized", () -> create(nobody, sound));
    }
  }

  private static CertificateSigningRequest with(
      CertificateSigningRequest sound, String name, String pem, String... usages) {
    return new CertificateSigningRequestBuilder(sound)
        .editMetadata()
        .withName(name)
        .endMetadata()
        .editSpec()
        .withUsages(usages)
        .withRequest(Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
        .endSpec()
        .build();
  }

  @Test
  @DisplayName("refuses unknown and repeated usages, names that are no path segment, and garbage")
  void refusesGarbage() throws Exception {
    CertificateSigningRequest sound = request(SIGNER, "orders.shop.svc");
    String pem =
        new String(
            Base64.getDecoder().decode(sound.getSpec().getRequest()), StandardCharsets.US_ASCII);
    create(client, with(sound, "Any_Name:1", "explanatory text\n" + pem, "server auth"));
    refused("Unsupported value: \"web\"", with(sound, "a", pem, "web"));
    refused("Duplicate value: \"any\"", with(sound, "a", pem, "any", "any"));
    refused("may not be '.' or '..'", with(sound, "a%", pem, "any"));
    refused("must be CERTIFICATE REQUEST", with(sound, "a", "x" + pem.strip(), "any"));
    refused(
        "must be CERTIFICATE REQUEST",
        with(sound, "a", pem.replace("CERTIFICATE REQ", "NEW CERTIFICATE REQ"), "any"));
    String text = pem.replaceAll("-----[A-Z ]+-----", "").strip();
    refused("spec.request: Invalid", with(sound, "a", pem.replace(text, "AAAA"), "any"));
    byte[] der = Base64.getMimeDecoder().decode(text);
    String renamed =
        new String(der, StandardCharsets.ISO_8859_1).replace("orders.shop", "Orders.shop");
    refused(
        "the signature is not of the key",
        with(
            sound,
            "a",
            pem.replace(
                text,
                Base64.getMimeEncoder()
                    .encodeToString(renamed.getBytes(StandardCharsets.ISO_8859_1))),
            "any"));
  }

  private void refused(String reason, CertificateSigningRequest request) {
    assertCode(422, reason, () -> create(client, request));
  }

  @Test
  @DisplayName("says that kubectl cannot talk to it, where kubectl asks first")
  void noDiscovery() throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(cluster.workloadConfig().getMasterUrl() + "api"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(501);
    assertThat(answer.body()).contains("kubectl cannot talk to it");
  }

  private static void assertCode(int code, String text, Runnable call) {
    assertThatExceptionOfType(KubernetesClientException.class)
        .isThrownBy(call::run)
        .withMessageContaining(text)
        .satisfies(e -> assertThat(e.getCode()).isEqualTo(code));
  }

  private static KubernetesClient client(Config config) {
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private static CertificateSigningRequest create(
      KubernetesClient client, CertificateSigningRequest request) {
    return client.certificates().v1().certificateSigningRequests().resource(request).create();
  }

  private static CertificateSigningRequest awaitCertificate(
      KubernetesClient client, CertificateSigningRequest created) throws Exception {
    CompletableFuture<CertificateSigningRequest> issued = new CompletableFuture<>();
    Watch watch =
        client
            .certificates()
            .v1()
            .certificateSigningRequests()
            .withName(created.getMetadata().getName())
            .withResourceVersion(created.getMetadata().getResourceVersion())
            .watch(
                new Watcher<>() {
                  @Override
                  public void eventReceived(Action action, CertificateSigningRequest csr) {
                    if (csr.getStatus().getCertificate() != null) {
                      issued.complete(csr);
                    }
                  }

                  @Override
                  public void onClose(WatcherException cause) {
                    issued.completeExceptionally(cause);
                  }
                });
    try {
      return issued.get(20, TimeUnit.SECONDS);
    } finally {
      watch.close();
    }
  }

  private static X509Certificate certificate(CertificateSigningRequest issued) throws Exception {
    byte[] pem = Base64.getDecoder().decode(issued.getStatus().getCertificate());
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Objects.requireNonNull(pem)));
  }

  private static CertificateSigningRequest request(String signerName, String dnsName)
      throws Exception {
    KeyPair keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    extensions.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(new GeneralName(GeneralName.dNSName, dnsName)));
    byte[] der =
        new JcaPKCS10CertificationRequestBuilder(new X500Principal("CN=x"), keys.getPublic())
            .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
            .build(new JcaContentSignerBuilder("Ed25519").build(keys.getPrivate()))
            .getEncoded();
    String pem =
        "-----BEGIN CERTIFICATE REQUEST-----\n"
            + Base64.getMimeEncoder().encodeToString(der)
            + "\n-----END CERTIFICATE REQUEST-----\n";
    return new CertificateSigningRequestBuilder()
        .withNewMetadata()
        .withGenerateName("orders-")
        .endMetadata()
        .withNewSpec()
        .withSignerName(signerName)
        .withUsages("digital signature", "server auth")
        .withRequest(Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
        .endSpec()
        .build();
  }
}
