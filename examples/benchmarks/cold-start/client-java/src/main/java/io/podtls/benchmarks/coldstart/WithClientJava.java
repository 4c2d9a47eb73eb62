package io.podtls.benchmarks.coldstart;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.util.CSRUtils;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.credentials.TokenFileAuthentication;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.ECGenParameterSpec;
import java.util.UUID;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A pod's start with io.kubernetes:client-java and its CSR helper, which signs the request with
 * Bouncy Castle and asks for the certificate once a second.
 */
final class WithClientJava {
  private static final char[] NO_PASSWORD = new char[0];

  private WithClientJava() {}

  public static void main(String[] arguments) throws Exception {
    Path serviceAccount = Path.of(System.getenv("SERVICE_ACCOUNT"));
    ApiClient client =
        new ClientBuilder()
            .setBasePath(
                "https://"
                    + System.getenv("KUBERNETES_SERVICE_HOST")
                    + ":"
                    + System.getenv("KUBERNETES_SERVICE_PORT"))
            .setCertificateAuthority(Files.readAllBytes(serviceAccount.resolve("ca.crt")))
            .setAuthentication(
                new TokenFileAuthentication(serviceAccount.resolve("token").toString()))
            .build();
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair keys = generator.generateKeyPair();
    V1CertificateSigningRequest request =
        CSRUtils.newV1CertificateSigningRequest(
            "orders-" + UUID.randomUUID(), CSRUtils.sign(keys, "SHA256withECDSA", "CN=orders"));
    byte[] issued = CSRUtils.createAndWaitUntilCertificateSigned(client, request);
    CertificateFactory certificates = CertificateFactory.getInstance("X.509");
    Certificate[] chain =
        certificates
            .generateCertificates(new ByteArrayInputStream(issued))
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
    System.out.println("ready " + context.getProtocol());
    System.exit(0); // the client's threads would keep the process for a minute
  }
}
