package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A CertificateSigningRequest of pod orders-7f9 in namespace shop, as the API server stores it. */
final class TestRequest {

  static final String SIGNER = "example.com/serving";
  static final String POD = "orders-7f9";
  static final String POD_UID = "0b2e1c9a-0000-4000-8000-000000000001";
  static final String NAMESPACE = "shop";
  static final String SERVICE_ACCOUNT = "orders";

  private final CertificateSigningRequestBuilder csr = new CertificateSigningRequestBuilder();
  private final Map<String, List<String>> extra = new HashMap<>();

  private TestRequest(String specRequest) {
    extra.put("authentication.kubernetes.io/pod-name", List.of(POD));
    extra.put("authentication.kubernetes.io/pod-uid", List.of(POD_UID));
    csr.withNewMetadata()
        .withName("podtls-x1")
        .withUid("uid-of-podtls-x1")
        .withResourceVersion("7")
        .endMetadata()
        .withNewSpec()
        .withRequest(specRequest)
        .withSignerName(SIGNER)
        .withUsername("system:serviceaccount:" + NAMESPACE + ":" + SERVICE_ACCOUNT)
        .withGroups("system:serviceaccounts", "system:authenticated")
        .withUsages("digital signature", "server auth")
        .withExpirationSeconds(3600)
        .endSpec();
  }

  static TestRequest of(TestPkcs10 pkcs10) {
    return new TestRequest(pkcs10.specRequest());
  }

  static TestRequest ofPem(String pem) {
    return new TestRequest(TestPkcs10.specRequest(pem));
  }

  TestRequest name(String name) {
    csr.editMetadata().withName(name).withUid("uid-of-" + name).endMetadata();
    return this;
  }

  TestRequest signer(String name) {
    csr.editSpec().withSignerName(name).endSpec();
    return this;
  }

  TestRequest usages(String... usages) {
    csr.editSpec().withUsages(usages).endSpec();
    return this;
  }

  TestRequest expirationSeconds(Integer seconds) {
    csr.editSpec().withExpirationSeconds(seconds).endSpec();
    return this;
  }

  TestRequest username(String username) {
    csr.editSpec().withUsername(username).endSpec();
    return this;
  }

  TestRequest label(String key, String value) {
    csr.editMetadata().addToLabels(key, value).endMetadata();
    return this;
  }

  TestRequest annotation(String key, String value) {
    csr.editMetadata().addToAnnotations(key, value).endMetadata();
    return this;
  }

  TestRequest podUid(String uid) {
    extra.put("authentication.kubernetes.io/pod-uid", List.of(uid));
    return this;
  }

  /** With a token that is bound to nothing. */
  TestRequest unbound() {
    extra.clear();
    return this;
  }

  CertificateSigningRequest csr() {
    return csr.editSpec().withExtra(extra).endSpec().build();
  }

  ReviewedRequest reviewed() {
    return ReviewedRequest.of(csr());
  }
}
