package io.podtls.testing;

import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.request.SubjectAlternativeName;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Requests of every kind that can be built, for readers that have to accept them all. */
public final class SampleRequests {
  private SampleRequests() {}

  /** The name of a signer that is nobody in particular. */
  public static final SignerName SIGNER = SignerName.of("example.com/serving");

  /** Every key algorithm with all kinds of names, and every kind of names with the default key. */
  public static Map<String, CertificateRequest> all() {
    Map<String, CertificateRequest> all = new LinkedHashMap<>();
    for (KeyAlgorithm algorithm : KeyAlgorithm.values()) {
      all.put(
          algorithm + " with all kinds of names",
          builder().subjectAlternativeNames(allKinds()).keyAlgorithm(algorithm).build());
    }
    for (SubjectAlternativeName name : allKinds()) {
      all.put(name + " alone", builder().subjectAlternativeNames(name).build());
    }
    all.put(
        "common name alone", builder().commonName("orders").usages(KeyUsage.CLIENT_AUTH).build());
    all.put(
        "organizations, common name and a name",
        builder()
            .commonName("Bücher & Söhne, \"Ørders\" + <x>")
            .organizations("shop", "billing")
            .dnsNames("orders.shop.svc")
            .build());
    all.put("longest common name", builder().commonName("x".repeat(64)).dnsNames("orders").build());
    all.put("two hundred names", manyNames());
    all.put("all usages", builder().dnsNames("orders").usages(KeyUsage.values()).build());
    all.put(
        "shortest life", builder().dnsNames("orders").expiration(Duration.ofSeconds(600)).build());
    all.put("Kubernetes' documentation", kubernetesDocumentation());
    return all;
  }

  private static CertificateRequest.Builder builder() {
    return CertificateRequest.builder(SIGNER);
  }

  private static CertificateRequest manyNames() {
    CertificateRequest.Builder builder = builder();
    for (int i = 0; i < 200; i++) {
      builder.dnsNames("orders-" + i + ".shop.svc.cluster.local");
    }
    return builder.build();
  }

  /** One name of each kind and form. */
  public static List<SubjectAlternativeName> allKinds() {
    return List.of(
        SubjectAlternativeName.dns("orders"),
        SubjectAlternativeName.dns("orders.shop.svc.cluster.local"),
        SubjectAlternativeName.dns("*.orders.shop.svc"),
        SubjectAlternativeName.dns("bücher.example"),
        SubjectAlternativeName.ipAddress(ip("10.0.34.2")),
        SubjectAlternativeName.ipAddress(ip("2001:db8::1")),
        SubjectAlternativeName.ipAddress(ip("fe80::a:b")),
        SubjectAlternativeName.uri(URI.create("spiffe://cluster.local/ns/shop/sa/orders")),
        SubjectAlternativeName.uri(URI.create("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6")),
        SubjectAlternativeName.uri(URI.create("https://[2001:db8::1]:8443/orders?a=b")),
        SubjectAlternativeName.email("orders+shop@example.com"));
  }

  /**
   * The request of Kubernetes' page "Manage TLS Certificates in a Cluster": its CSR's names, key
   * and usages.
   */
  public static CertificateRequest kubernetesDocumentation() {
    return builder()
        .commonName("my-pod.my-namespace.pod.cluster.local")
        .dnsNames("my-svc.my-namespace.svc.cluster.local", "my-pod.my-namespace.pod.cluster.local")
        .ipAddresses(ip("172.168.0.24"), ip("10.0.34.2"))
        .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT, KeyUsage.SERVER_AUTH)
        .keyAlgorithm(KeyAlgorithm.ECDSA_P256)
        .build();
  }

  private static InetAddress ip(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
