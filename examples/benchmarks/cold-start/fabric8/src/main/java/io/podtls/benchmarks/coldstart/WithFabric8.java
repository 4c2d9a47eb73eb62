package io.podtls.benchmarks.coldstart;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * A pod's start as it is written by hand: a fabric8 client with its defaults, Bouncy Castle's
 * provider registered, and the JDK's key stores. Which HTTP client it is, the class path decides.
 */
final class WithFabric8 {
  private static final char[] NO_PASSWORD = new char[0];

  private WithFabric8() {}

  public static void main(String[] arguments) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    try (KubernetesClient client = new KubernetesClientBuilder().build()) {
      SSLContext ready = bootstrap(client);
      System.out.println("ready " + ready.getProtocol());
    }
  }

  static SSLContext bootstrap(KubernetesClient client) throws Exception {
    KeyPairGenerator generator =
        KeyPairGenerator.getInstance("EC", BouncyCastleProvider.PROVIDER_NAME);
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair keys = generator.generateKeyPair();
    PKCS10CertificationRequest pkcs10 =
        new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=orders"), keys.getPublic())
            .build(
                new JcaContentSignerBuilder("SHA256withECDSA")
                    .setProvider(BouncyCastleProvider.PROVIDER_NAME)
                    .build(keys.getPrivate()));
    StringWriter pem = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(pem)) {
      writer.writeObject(pkcs10);
    }
    CertificateSigningRequest created =
        client
            .resource(
                new CertificateSigningRequestBuilder()
                    .withNewMetadata()
                    .withGenerateName("orders-")
                    .endMetadata()
                    .withNewSpec()
                    .withSignerName("kubernetes.io/kube-apiserver-client")
                    .withUsages("digital signature", "client auth")
                    .withRequest(
                        Base64.getEncoder().encodeToString(pem.toString().getBytes(US_ASCII)))
                    .endSpec()
                    .build())
            .create();
    CertificateSigningRequest issued =
        client
            .resource(created)
            .waitUntilCondition(
                csr -> csr != null && csr.getStatus() != null && hasCertificate(csr),
                60,
                TimeUnit.SECONDS);
    CertificateFactory certificates = CertificateFactory.getInstance("X.509");
    Certificate[] chain =
        certificates
            .generateCertificates(
                new ByteArrayInputStream(
                    Base64.getDecoder().decode(issued.getStatus().getCertificate())))
            .toArray(Certificate[]::new);
    KeyStore identity = KeyStore.getInstance("PKCS12");
    identity.load(null, null);
    identity.setKeyEntry("orders", keys.getPrivate(), NO_PASSWORD, chain);
    KeyManagerFactory keyManagers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keyManagers.init(identity, NO_PASSWORD);
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    try (InputStream bundle = Files.newInputStream(Path.of(System.getenv("PEER_CA")))) {
      for (Certificate anchor : certificates.generateCertificates(bundle)) {
        anchors.setCertificateEntry("ca-" + anchors.size(), anchor);
      }
    }
    TrustManagerFactory trustManagers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trustManagers.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
    return context;
  }

  private static boolean hasCertificate(CertificateSigningRequest csr) {
    return csr.getStatus().getCertificate() != null && !csr.getStatus().getCertificate().isEmpty();
  }
}
