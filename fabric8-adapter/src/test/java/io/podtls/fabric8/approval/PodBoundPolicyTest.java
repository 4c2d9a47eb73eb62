package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.fabric8.approval.ApprovalDecision.Approve;
import io.podtls.fabric8.approval.ApprovalDecision.Deny;
import io.podtls.fabric8.approval.ApprovalDecision.NotYet;
import io.podtls.request.KeyUsage;
import io.podtls.request.SubjectAlternativeName;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PodBoundPolicyTest {

  private final FakeCluster cluster = FakeCluster.withOrdersService();
  private final PodBoundPolicy policy =
      PodBoundPolicy.builder(cluster).allowIpAddresses(Duration.ofHours(1)).build();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "orders.shop.svc",
        "orders.shop.svc.cluster.local",
        "ORDERS.shop.SVC",
        "10.1.2.3",
        "10.96.0.10"
      })
  @DisplayName(
      "the names of a Service that selects the pod, its ClusterIP and the pod's address are"
          + " approved")
  void approvesOwnNames(String name) {
    assertThat(policy.decide(TestRequest.of(requestFor(name)).reviewed()))
        .isInstanceOfSatisfying(
            Approve.class,
            approve -> {
              assertThat(approve.reason()).isEqualTo("PodBound");
              assertThat(approve.message()).contains(TestRequest.POD, TestRequest.POD_UID);
            });
  }

  @Test
  @DisplayName("a common name that is one of the alternative names is approved")
  void approvesCommonNameAmongNames() {
    assertApproved(TestRequest.of(TestPkcs10.dns("orders.shop.svc").subject("CN=orders.shop.svc")));
  }

  @Test
  @DisplayName("extensions that repeat the allowed usages, and CA:FALSE, are approved")
  void approvesHarmlessExtensions() {
    assertApproved(
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc")
                .keyUsage(org.bouncycastle.asn1.x509.KeyUsage.digitalSignature)
                .purposes(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth)
                .extension(
                    org.bouncycastle.asn1.x509.Extension.basicConstraints,
                    new org.bouncycastle.asn1.x509.BasicConstraints(false))));
  }

  // --- DNS names ---

  @Test
  @DisplayName(
      "another namespace's Service is denied, and the message names the SAN, the namespace and the"
          + " pod")
  void deniesForeignNamespace() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.other.svc")),
        "ForeignNamespace",
        "orders.other.svc: no Service in namespace shop by that name selects pod orders-7f9");
  }

  @Test
  @DisplayName(
      "another Service of the namespace is not yet approved: it may select the pod in a moment")
  void waitsForServiceThatDoesNotSelect() {
    cluster.service("billing", Map.of("app", "billing"), "10.96.0.11");

    assertNotYet(
        TestRequest.of(TestPkcs10.dns("billing.shop.svc")),
        "ServiceDoesNotSelectPod",
        "billing.shop.svc: Service billing in namespace shop does not select pod orders-7f9");
    assertNotYet(
        TestRequest.of(TestPkcs10.ip("10.96.0.11")),
        "ServiceDoesNotSelectPod",
        "10.96.0.11: Service billing in namespace shop does not select pod orders-7f9");
  }

  @Test
  @DisplayName("a Service that does not exist yet is not yet approved")
  void waitsForMissingService() {
    assertNotYet(
        TestRequest.of(TestPkcs10.dns("shipping.shop.svc")),
        "ServiceNotFound",
        "shipping.shop.svc: there is no Service shipping in namespace shop");
  }

  @Test
  @DisplayName("a lasting objection outweighs one that may pass")
  void lastingObjectionWins() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("shipping.shop.svc", "orders.other.svc")),
        "ForeignNamespace",
        "orders.other.svc: no Service in namespace shop by that name selects pod orders-7f9");
  }

  @Test
  @DisplayName("every objection is reported, five of them in words")
  void reportsAllObjections() {
    String[] names =
        IntStream.range(0, 7).mapToObj(i -> "orders.other" + i + ".svc").toArray(String[]::new);

    ApprovalDecision decision = decide(TestRequest.of(TestPkcs10.dns(names)));

    assertThat(((Deny) decision).message())
        .contains("orders.other0.svc:", "orders.other4.svc:")
        .doesNotContain("orders.other5.svc")
        .endsWith("; and 2 more");
  }

  @Test
  @DisplayName("the short forms are denied unless they are allowed")
  void shortFormsOnlyWhenAllowed() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders")),
        "NameFormNotAllowed",
        "orders: names of Services are allowed in these forms: [SVC, CLUSTER_DOMAIN]");
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop")),
        "NameFormNotAllowed",
        "orders.shop: names of Services are allowed in these forms: [SVC, CLUSTER_DOMAIN]");

    PodBoundPolicy lenient =
        PodBoundPolicy.builder(cluster)
            .serviceNameForms(ServiceNameForm.SHORT, ServiceNameForm.NAMESPACE)
            .build();
    ReviewedRequest request = TestRequest.of(TestPkcs10.dns("orders", "orders.shop")).reviewed();
    assertThat(lenient.decide(request)).isInstanceOf(Approve.class);
  }

  @Test
  @DisplayName("names of another cluster domain, of the internet and of pods are denied")
  void deniesUnknownNames() {
    for (String name :
        new String[] {
          "orders.shop.svc.example.net",
          "www.example.com",
          "svc.cluster.local",
          "shop.svc",
          "10-1-2-3.shop.pod.cluster.local",
          "a.b.orders.shop.svc"
        }) {
      assertDenied(
          TestRequest.of(TestPkcs10.dns(name)),
          "UnknownName",
          name + ": not a name of a Service in the cluster domain cluster.local");
    }
  }

  @Test
  @DisplayName("the cluster domain is an option")
  void otherClusterDomain() {
    PodBoundPolicy other = PodBoundPolicy.builder(cluster).clusterDomain("k8s.example.net").build();

    assertThat(
            other.decide(
                TestRequest.of(TestPkcs10.dns("orders.shop.svc.k8s.example.net")).reviewed()))
        .isInstanceOf(Approve.class);
    assertThat(
            other.decide(
                TestRequest.of(TestPkcs10.dns("orders.shop.svc.cluster.local")).reviewed()))
        .isInstanceOf(Deny.class);
  }

  @Test
  @DisplayName(
      "the pod's own hostname behind its headless Service is approved, a sibling's is denied")
  void ownHostnameOnly() {
    cluster
        .service("db", Map.of("app", "orders"), "None")
        .pod(pod -> pod.editSpec().withHostname("db-0").withSubdomain("db").endSpec());

    assertApproved(
        TestRequest.of(TestPkcs10.dns("db-0.db.shop.svc", "db-0.db.shop.svc.cluster.local")));
    assertDenied(
        TestRequest.of(TestPkcs10.dns("db-1.db.shop.svc")),
        "ForeignHostname",
        "db-1.db.shop.svc: not the hostname that the headless Service db gives to pod orders-7f9");
  }

  @Test
  @DisplayName("a hostname in front of a Service that is not headless is denied")
  void hostnameNeedsHeadlessService() {
    cluster.pod(pod -> pod.editSpec().withHostname("db-0").withSubdomain("orders").endSpec());

    assertDenied(
        TestRequest.of(TestPkcs10.dns("db-0.orders.shop.svc")),
        "ForeignHostname",
        "db-0.orders.shop.svc: not the hostname that the headless Service orders gives to pod"
            + " orders-7f9");
  }

  @ParameterizedTest
  @ValueSource(strings = {"*.shop.svc", "*.orders.shop.svc", "*.example.com", "*.cluster.local"})
  @DisplayName("a wildcard is denied")
  void deniesWildcards(String name) {
    assertDenied(
        TestRequest.of(TestPkcs10.dns(name)),
        "WildcardNotAllowed",
        name + ": this wildcard is not allowed");
  }

  @Test
  @DisplayName("where allowed, the wildcard of a headless Service is approved and no other")
  void headlessWildcard() {
    cluster.service("db", Map.of("app", "orders"), "None");
    PodBoundPolicy lenient =
        PodBoundPolicy.builder(cluster)
            .serviceNameForms(ServiceNameForm.SVC, ServiceNameForm.HEADLESS_WILDCARD)
            .build();

    assertThat(lenient.decide(TestRequest.of(TestPkcs10.dns("*.db.shop.svc")).reviewed()))
        .isInstanceOf(Approve.class);
    for (String name : new String[] {"*.shop.svc", "*.orders.shop.svc", "*.db.other.svc"}) {
      assertThat(lenient.decide(TestRequest.of(TestPkcs10.dns(name)).reviewed()))
          .as(name)
          .isInstanceOf(Deny.class);
    }
  }

  // --- Services of unusual kinds ---

  @Test
  @DisplayName("an ExternalName Service is denied even if its selector matches")
  void deniesExternalName() {
    cluster.service(
        new ServiceBuilder()
            .withNewMetadata()
            .withName("away")
            .withNamespace("shop")
            .endMetadata()
            .withNewSpec()
            .withType("ExternalName")
            .withExternalName("www.example.com")
            .withSelector(Map.of("app", "orders"))
            .endSpec()
            .build());

    assertDenied(
        TestRequest.of(TestPkcs10.dns("away.shop.svc")),
        "ExternalNameService",
        "away.shop.svc: Service away is an ExternalName and leads elsewhere");
  }

  @Test
  @DisplayName("a Service without selector selects the pod that its EndpointSlice names by uid")
  void selectorlessServiceByEndpointSlice() {
    cluster
        .service("manual", Map.of(), "10.96.0.20")
        .endpointSlice("manual", TestRequest.POD, TestRequest.POD_UID, "10.1.2.3");

    assertApproved(TestRequest.of(TestPkcs10.dns("manual.shop.svc").andIp("10.96.0.20")));
  }

  @Test
  @DisplayName("an EndpointSlice that is still empty is passed over")
  void selectorlessServiceWithEmptyEndpointSlice() {
    cluster
        .service("manual", Map.of(), "10.96.0.20")
        .emptyEndpointSlice("manual")
        .endpointSlice("manual", TestRequest.POD, TestRequest.POD_UID, "10.1.2.3");

    assertApproved(TestRequest.of(TestPkcs10.dns("manual.shop.svc")));
  }

  @Test
  @DisplayName("an EndpointSlice of an earlier pod of the same name and address does not count")
  void selectorlessServiceOfEarlierPod() {
    cluster
        .service("manual", Map.of(), "10.96.0.20")
        .endpointSlice("manual", TestRequest.POD, "uid-of-the-earlier-pod", "10.1.2.3");

    assertNotYet(
        TestRequest.of(TestPkcs10.dns("manual.shop.svc")),
        "ServiceDoesNotSelectPod",
        "manual.shop.svc: Service manual in namespace shop does not select pod orders-7f9");
  }

  @Test
  @DisplayName("an EndpointSlice of another Service does not count")
  void selectorlessServiceOfAnother() {
    cluster
        .service("manual", Map.of(), "10.96.0.20")
        .endpointSlice("another", TestRequest.POD, TestRequest.POD_UID, "10.1.2.3");

    assertNotYet(
        TestRequest.of(TestPkcs10.dns("manual.shop.svc")),
        "ServiceDoesNotSelectPod",
        "manual.shop.svc: Service manual in namespace shop does not select pod orders-7f9");
  }

  @Test
  @DisplayName(
      "both address families of a dual-stack pod and Service are approved, in any spelling")
  void dualStack() {
    cluster
        .podAddresses("10.1.2.3", "fd00:10:1:0:0:0:0:3")
        .service("dual", Map.of("app", "orders"), "10.96.0.30", "fd00:10:96::30");

    assertApproved(
        TestRequest.of(TestPkcs10.ip("10.1.2.3", "fd00:10:1::3", "10.96.0.30", "fd00:10:96::30")));
  }

  // --- addresses ---

  @ParameterizedTest
  @ValueSource(strings = {"10.1.2.3", "10.96.0.10", "10.1.2.4"})
  @DisplayName("addresses, the pod's own included, are denied unless they are allowed by name")
  void addressesOnlyWhenAllowed(String address) {
    assertThat(
            PodBoundPolicy.builder(cluster)
                .build()
                .decide(
                    TestRequest.of(TestPkcs10.dns("orders.shop.svc").andIp(address)).reviewed()))
        .isEqualTo(
            new Deny(
                "NameKindNotAllowed",
                address
                    + ": IP addresses are not allowed, as another pod may get the address while the"
                    + " certificate is valid"));
  }

  @Test
  @DisplayName("where addresses are allowed, a certificate with one is short-lived")
  void addressesBoundTheExpiration() {
    assertDenied(
        TestRequest.of(TestPkcs10.ip("10.1.2.3")).expirationSeconds(3601),
        "ExpirationTooLong",
        "expirationSeconds 3601: at most 3600 with IP addresses are allowed");
    assertThat(
            PodBoundPolicy.builder(cluster)
                .allowIpAddresses(Duration.ofHours(1))
                .allowUnsetExpiration()
                .build()
                .decide(
                    TestRequest.of(TestPkcs10.ip("10.1.2.3")).expirationSeconds(null).reviewed()))
        .isInstanceOfSatisfying(
            Deny.class, denied -> assertThat(denied.reason()).isEqualTo("ExpirationMissing"));
    assertApproved(TestRequest.of(TestPkcs10.dns("orders.shop.svc")).expirationSeconds(3601));
  }

  @Test
  @DisplayName("another pod's address is denied")
  void deniesForeignAddress() {
    assertDenied(
        TestRequest.of(TestPkcs10.ip("10.1.2.4")),
        "ForeignAddress",
        "10.1.2.4: neither an address of pod orders-7f9 nor the ClusterIP of a Service that"
            + " selects it");
  }

  @Test
  @DisplayName("an address is not yet approved while the pod has none")
  void waitsForPodAddress() {
    cluster.podAddresses();

    assertNotYet(
        TestRequest.of(TestPkcs10.ip("10.1.2.3")),
        "PodHasNoAddress",
        "10.1.2.3: pod orders-7f9 has no address yet");
  }

  @Test
  @DisplayName("a pod in the host's network gets Service names but not its address")
  void hostNetwork() {
    cluster.pod(pod -> pod.editSpec().withHostNetwork(true).endSpec());

    assertApproved(TestRequest.of(TestPkcs10.dns("orders.shop.svc").andIp("10.96.0.10")));
    assertDenied(
        TestRequest.of(TestPkcs10.ip("10.1.2.3")),
        "HostNetworkAddress",
        "10.1.2.3: pod orders-7f9 shares this address with its node and other pods on it");
  }

  // --- other kinds of names ---

  @Test
  @DisplayName("URI, e-mail and directory names are denied")
  void deniesOtherKinds() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc").andUri("https://orders.shop.svc/")),
        "NameKindNotAllowed",
        "https://orders.shop.svc/: URIs are not allowed");
    assertDenied(
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc")
                .andName(new GeneralName(GeneralName.rfc822Name, "root@example.com"))),
        "NameKindNotAllowed",
        "root@example.com: e-mail addresses are not allowed");
    assertDenied(
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc")
                .andName(new GeneralName(new X500Name("CN=system:admin")))),
        "NameKindNotAllowed",
        "directoryName: subject alternative names of this kind are not allowed");
  }

  @Test
  @DisplayName("with a SPIFFE trust domain, the pod's own SPIFFE id is approved and no other URI")
  void spiffeId() {
    PodBoundPolicy lenient =
        PodBoundPolicy.builder(cluster).spiffeTrustDomain("cluster.local").build();

    assertThat(
            lenient.decide(
                TestRequest.of(new TestPkcs10().andUri("spiffe://cluster.local/ns/shop/sa/orders"))
                    .reviewed()))
        .isInstanceOf(Approve.class);
    assertThat(
            lenient.decide(
                TestRequest.of(new TestPkcs10().andUri("spiffe://cluster.local/ns/shop/sa/admin"))
                    .reviewed()))
        .isEqualTo(
            new Deny(
                "ForeignUri",
                "spiffe://cluster.local/ns/shop/sa/admin: the only URI allowed to pod orders-7f9"
                    + " is spiffe://cluster.local/ns/shop/sa/orders"));
  }

  @Test
  @DisplayName("a further rule is asked about the names that would be denied, and only about them")
  void furtherNames() {
    PodBoundPolicy lenient =
        PodBoundPolicy.builder(cluster)
            .alsoAllowing(
                (pod, name) ->
                    name.kind() == SubjectAlternativeName.Kind.DNS
                        && name.value().equals("www.example.com")
                        && pod.getMetadata().getName().equals(TestRequest.POD))
            .build();

    assertThat(
            lenient.decide(
                TestRequest.of(TestPkcs10.dns("orders.shop.svc", "www.example.com")).reviewed()))
        .isInstanceOf(Approve.class);
    assertThat(lenient.decide(TestRequest.of(TestPkcs10.dns("ftp.example.com")).reviewed()))
        .isInstanceOf(Deny.class);
  }

  // --- content ---

  @Test
  @DisplayName("a request without names is denied")
  void deniesNoNames() {
    assertDenied(
        TestRequest.of(new TestPkcs10().subject("CN=orders.shop.svc")),
        "NoNames",
        "the request has no subject alternative name");
  }

  @Test
  @DisplayName("a huge list of names is denied without looking at them")
  void deniesHugeNameList() {
    String[] names =
        IntStream.range(0, 1000).mapToObj(i -> "n" + i + ".shop.svc").toArray(String[]::new);
    cluster.broken("pod");

    assertDenied(
        TestRequest.of(TestPkcs10.dns(names)),
        "TooManyNames",
        "1000 subject alternative names: at most 256 are allowed");
  }

  @Test
  @DisplayName("CA:TRUE in the requested extensions is denied")
  void deniesCertificateAuthority() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc").certificateAuthority()),
        "CertificateAuthority",
        "CA:TRUE: the certificate of a certificate authority is not allowed");
  }

  @Test
  @DisplayName("an unknown extension is denied unless it is allowed")
  void unknownExtension() {
    TestRequest request =
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc")
                .extension(new ASN1ObjectIdentifier("1.3.6.1.5.5.7.1.24"), DERNull.INSTANCE));

    assertDenied(
        request,
        "ExtensionNotAllowed",
        "1.3.6.1.5.5.7.1.24: requesting this extension is not allowed");
    assertThat(
            PodBoundPolicy.builder(cluster)
                .allowExtensions("1.3.6.1.5.5.7.1.24")
                .build()
                .decide(request.reviewed()))
        .isInstanceOf(Approve.class);
  }

  @Test
  @DisplayName("an attribute beside the extension request is denied")
  void deniesAttributes() {
    assertDenied(
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc")
                .attribute(PKCSObjectIdentifiers.pkcs_9_at_challengePassword)),
        "AttributeNotAllowed",
        "1.2.840.113549.1.9.7: this attribute of a PKCS#10 is not allowed");
  }

  @Test
  @DisplayName("a common name that is none of the names is denied")
  void deniesForeignCommonName() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc").subject("CN=system:admin")),
        "CommonNameNotAllowed",
        "CN=system:admin: the common name is none of the subject alternative names");
  }

  @Test
  @DisplayName("an organization is denied: peers may take it for a group")
  void deniesOrganization() {
    assertDenied(
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc").subject("CN=orders.shop.svc,O=system:masters")),
        "SubjectNotAllowed",
        "O=system:masters: only a common name is allowed in the subject");
  }

  @Test
  @DisplayName("usages beyond the allowed ones are denied, in the object and in the PKCS#10")
  void deniesUsages() {
    String allowed =
        ": only these usages are allowed: digital signature, key encipherment, server auth,"
            + " client auth";
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc")).usages("server auth", "code signing"),
        "UsageNotAllowed",
        "code signing" + allowed);
    assertDenied(
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc")
                .keyUsage(org.bouncycastle.asn1.x509.KeyUsage.keyCertSign)),
        "UsageNotAllowed",
        "cert sign" + allowed);
    assertDenied(
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc").purposes(KeyPurposeId.anyExtendedKeyUsage)),
        "UsageNotAllowed",
        "any" + allowed);
    assertDenied(
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc").purposes(KeyPurposeId.id_kp_smartcardlogon)),
        "UsageNotAllowed",
        "1.3.6.1.4.1.311.20.2.2" + allowed);
  }

  @Test
  @DisplayName("the allowed usages are an option")
  void usagesOption() {
    PodBoundPolicy clientsOnly =
        PodBoundPolicy.builder(cluster)
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH)
            .build();

    assertThat(clientsOnly.decide(TestRequest.of(TestPkcs10.dns("orders.shop.svc")).reviewed()))
        .isEqualTo(
            new Deny(
                "UsageNotAllowed",
                "server auth: only these usages are allowed: digital signature, client auth"));
  }

  @Test
  @DisplayName("an expiration above the bound is denied, the bound itself is not")
  void boundsExpiration() {
    assertApproved(TestRequest.of(TestPkcs10.dns("orders.shop.svc")).expirationSeconds(86_400));
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc")).expirationSeconds(86_401),
        "ExpirationTooLong",
        "expirationSeconds 86401: at most 86400 are allowed");
    assertThat(
            PodBoundPolicy.builder(cluster)
                .maxExpiration(Duration.ofDays(90))
                .build()
                .decide(
                    TestRequest.of(TestPkcs10.dns("orders.shop.svc"))
                        .expirationSeconds(86_401)
                        .reviewed()))
        .isInstanceOf(Approve.class);
  }

  @Test
  @DisplayName("leaving the expiration to the signer is denied unless it is allowed")
  void unsetExpiration() {
    TestRequest request = TestRequest.of(TestPkcs10.dns("orders.shop.svc")).expirationSeconds(null);

    assertDenied(
        request,
        "ExpirationMissing",
        "no expirationSeconds: the signer's default is not known to be within the bound, ask for"
            + " at most 86400");
    assertThat(
            PodBoundPolicy.builder(cluster)
                .allowUnsetExpiration()
                .build()
                .decide(request.reviewed()))
        .isInstanceOf(Approve.class);
  }

  @Test
  @DisplayName("an RSA key below 2048 bits is denied")
  void deniesWeakKey() {
    assertDenied(
        TestRequest.of(
            TestPkcs10.dns("orders.shop.svc").key(TestPkcs10.rsaKey(1024), "SHA256withRSA")),
        "WeakKey",
        "RSA key of 1024 bits: at least 2048 are required");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "experimental.cert-manager.io/request-is-ca",
        "experimental.cert-manager.io/request-duration",
        "experimental.cert-manager.io/private-key-secret-name",
        "experimental.cert-manager.io/ca",
        "venafi.experimental.cert-manager.io/custom-fields",
        "venafi.experimental.cert-manager.io/pickup-id",
        "example.com/obeyed-by-a-signer-to-come",
        "kubectl.kubernetes.io/restartedAt"
      })
  @DisplayName("an annotation that a signer may obey is denied unless it is allowed")
  void deniesAnnotations(String key) {
    TestRequest request = TestRequest.of(TestPkcs10.dns("orders.shop.svc")).annotation(key, "true");

    assertDenied(
        request,
        "AnnotationNotAllowed",
        key + ": this annotation is not allowed, as a signer may obey it");
    assertThat(
            PodBoundPolicy.builder(cluster)
                .allowAnnotations(key)
                .build()
                .decide(request.reviewed()))
        .isInstanceOf(Approve.class);
  }

  @Test
  @DisplayName("what kubectl apply writes is approved, and labels are")
  void approvesKubectlApply() {
    assertApproved(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc"))
            .annotation("kubectl.kubernetes.io/last-applied-configuration", "{}")
            .label("app", "orders"));
  }

  @Test
  @DisplayName("a common name with a Kelvin sign is not the name with a k")
  void comparesInAscii() {
    cluster.service("kiosk", Map.of("app", "orders"), "10.96.0.12");

    assertApproved(TestRequest.of(TestPkcs10.dns("kiosk.shop.svc").subject("CN=KIOSK.shop.svc")));
    assertDenied(
        TestRequest.of(TestPkcs10.dns("kiosk.shop.svc").subject("CN=\u212aiosk.shop.svc")),
        "CommonNameNotAllowed",
        "CN=?iosk.shop.svc: the common name is none of the subject alternative names");
  }

  // --- who asks ---

  @Test
  @DisplayName("a user that is no service account is denied")
  void deniesUsers() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc")).username("jane"),
        "NotAServiceAccount",
        "jane is not a service account");
  }

  @Test
  @DisplayName("a token that is not bound to a pod is denied")
  void deniesUnboundToken() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc")).unbound(),
        "NotBoundToPod",
        "the token of system:serviceaccount:shop:orders is not bound to a pod, so the"
            + " requesting pod is not known");
  }

  @Test
  @DisplayName("the token of a deleted pod is denied")
  void deniesGonePod() {
    cluster.noPod();

    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc")),
        "PodGone",
        "there is no pod orders-7f9 in namespace shop");
  }

  @Test
  @DisplayName("a pod with another uid is denied")
  void deniesReplacedPod() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc")).podUid("another-uid"),
        "PodReplaced",
        "the token was bound to pod orders-7f9 with uid another-uid, the pod of that name now"
            + " has uid "
            + TestRequest.POD_UID);
  }

  @Test
  @DisplayName("a pod of another service account is denied")
  void deniesForeignServiceAccount() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc"))
            .username("system:serviceaccount:shop:billing"),
        "ForeignServiceAccount",
        "pod orders-7f9 runs as service account orders, not as billing");
  }

  @Test
  @DisplayName("a pod that is being deleted is denied")
  void deniesTerminatingPod() {
    cluster.pod(
        pod -> pod.editMetadata().withDeletionTimestamp("2026-11-24T00:00:00Z").endMetadata());

    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc")),
        "PodTerminating",
        "pod orders-7f9 is being deleted");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Succeeded", "Failed"})
  @DisplayName("a pod that has ended is denied")
  void deniesFinishedPod(String phase) {
    cluster.pod(pod -> pod.editStatus().withPhase(phase).endStatus());

    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc")),
        "PodFinished",
        "pod orders-7f9 has ended: " + phase);
  }

  // --- lookups ---

  @ParameterizedTest
  @ValueSource(strings = {"pod", "services", "endpointSlices"})
  @DisplayName("a lookup that fails is neither an approval nor a denial")
  void failedLookupDecidesNothing(String lookup) {
    cluster.service("manual", Map.of(), "10.96.0.20").broken(lookup);
    ReviewedRequest request = TestRequest.of(TestPkcs10.dns("manual.shop.svc")).reviewed();

    assertThatThrownBy(() -> policy.decide(request)).isInstanceOf(KubernetesClientException.class);
  }

  @Test
  @DisplayName("a stale cache does not deny: the Services are read again first")
  void staleCacheDoesNotDeny() {
    cluster.cacheStopsHere().service("new", Map.of("app", "orders"), "10.96.0.40");

    assertApproved(TestRequest.of(TestPkcs10.dns("new.shop.svc")));
  }

  @Test
  @DisplayName("names that would not print are shown as question marks")
  void messagesArePrintable() {
    assertDenied(
        TestRequest.of(TestPkcs10.dns("orders.shop.svc").subject("CN=orders\u001b[2J\u00e9")),
        "CommonNameNotAllowed",
        "CN=orders?[2J?: the common name is none of the subject alternative names");
  }

  @Test
  @DisplayName("nonsense options are refused")
  void refusesNonsense() {
    PodBoundPolicy.Builder builder = PodBoundPolicy.builder(cluster);

    assertThatIllegalArgumentException().isThrownBy(() -> builder.clusterDomain(".local"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.allowIpAddresses(Duration.ofMinutes(9)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxExpiration(Duration.ofMinutes(9)));
  }

  private static TestPkcs10 requestFor(String name) {
    return Character.isDigit(name.charAt(0)) ? TestPkcs10.ip(name) : TestPkcs10.dns(name);
  }

  private ApprovalDecision decide(TestRequest request) {
    return policy.decide(request.reviewed());
  }

  private void assertApproved(TestRequest request) {
    assertThat(decide(request)).isInstanceOf(Approve.class);
  }

  private void assertDenied(TestRequest request, String reason, String message) {
    assertThat(decide(request)).isEqualTo(new Deny(reason, message));
  }

  private void assertNotYet(TestRequest request, String reason, String message) {
    assertThat(decide(request)).isEqualTo(new NotYet(reason, message));
  }
}
