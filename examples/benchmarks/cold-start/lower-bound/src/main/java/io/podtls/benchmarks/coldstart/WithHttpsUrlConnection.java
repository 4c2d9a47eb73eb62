package io.podtls.benchmarks.coldstart;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The least that a Java program can do to get a certificate: HttpsURLConnection, one create and one
 * watch, DER by concatenation, JSON by search, no error handled. What remains is the JDK's own
 * start.
 */
final class WithHttpsUrlConnection {
  private static final char[] NO_PASSWORD = new char[0];
  private static final String CSRS = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

  private WithHttpsUrlConnection() {}

  public static void main(String[] arguments) throws Exception {
    Path serviceAccount = Path.of(System.getenv("SERVICE_ACCOUNT"));
    String server =
        "https://"
            + System.getenv("KUBERNETES_SERVICE_HOST")
            + ":"
            + System.getenv("KUBERNETES_SERVICE_PORT");
    String token = Files.readString(serviceAccount.resolve("token"));
    SSLContext toServer = SSLContext.getInstance("TLS");
    toServer.init(null, trusting(serviceAccount.resolve("ca.crt")).getTrustManagers(), null);

    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair keys = generator.generateKeyPair();
    String pem =
        "-----BEGIN CERTIFICATE REQUEST-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pkcs10(keys))
            + "\n-----END CERTIFICATE REQUEST-----\n";
    String body =
        "{\"apiVersion\":\"certificates.k8s.io/v1\",\"kind\":\"CertificateSigningRequest\","
            + "\"metadata\":{\"generateName\":\"orders-\"},\"spec\":{\"request\":\""
            + Base64.getEncoder().encodeToString(pem.getBytes(US_ASCII))
            + "\",\"signerName\":\"kubernetes.io/kube-apiserver-client\","
            + "\"usages\":[\"digital signature\",\"client auth\"]}}";

    HttpsURLConnection create = connect(server + CSRS, token, toServer);
    create.setDoOutput(true);
    create.setRequestProperty("Content-Type", "application/json");
    create.getOutputStream().write(body.getBytes(UTF_8));
    String created;
    try (InputStream answer = create.getInputStream()) {
      created = new String(answer.readAllBytes(), UTF_8);
    }
    HttpsURLConnection watch =
        connect(
            server
                + CSRS
                + "?watch=true&fieldSelector=metadata.name%3D"
                + field(created, "name")
                + "&resourceVersion="
                + field(created, "resourceVersion"),
            token,
            toServer);
    String issued = "";
    try (BufferedReader events =
        new BufferedReader(new InputStreamReader(watch.getInputStream(), UTF_8))) {
      while (issued.isEmpty()) {
        issued = field(events.readLine(), "certificate");
      }
    }
    KeyStore identity = KeyStore.getInstance("PKCS12");
    identity.load(null, null);
    identity.setKeyEntry(
        "orders",
        keys.getPrivate(),
        NO_PASSWORD,
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(Base64.getDecoder().decode(issued)))
            .toArray(Certificate[]::new));
    KeyManagerFactory keyManagers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keyManagers.init(identity, NO_PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        keyManagers.getKeyManagers(),
        trusting(Path.of(System.getenv("PEER_CA"))).getTrustManagers(),
        null);
    System.out.println("ready " + context.getProtocol());
    System.exit(0); // the watch is not read to its end
  }

  private static HttpsURLConnection connect(String url, String token, SSLContext context)
      throws IOException {
    HttpsURLConnection connection = (HttpsURLConnection) new URL(url).openConnection();
    connection.setSSLSocketFactory(context.getSocketFactory());
    connection.setRequestProperty("Authorization", "Bearer " + token);
    connection.setRequestProperty("Accept", "application/json");
    return connection;
  }

  private static TrustManagerFactory trusting(Path bundle)
      throws GeneralSecurityException, IOException {
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    try (InputStream pem = Files.newInputStream(bundle)) {
      for (Certificate anchor : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        anchors.setCertificateEntry("ca-" + anchors.size(), anchor);
      }
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(anchors);
    return trust;
  }

  private static String field(String json, String name) {
    int key = json.indexOf("\"" + name + "\":\"");
    int start = key + name.length() + 4;
    return key < 0 ? "" : json.substring(start, json.indexOf('"', start));
  }

  /** RFC 2986 4, with the subject CN=orders and no attributes. */
  private static byte[] pkcs10(KeyPair keys) throws GeneralSecurityException {
    byte[] ecdsaWithSha256 = {
      0x30, 0x0a, 0x06, 0x08, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x04, 0x03, 0x02
    };
    byte[] commonName = {0x06, 0x03, 0x55, 0x04, 0x03};
    byte[] subject =
        der(0x30, der(0x31, der(0x30, commonName, der(0x0c, "orders".getBytes(US_ASCII)))));
    byte[] info =
        der(0x30, new byte[] {2, 1, 0}, subject, keys.getPublic().getEncoded(), der(0xa0));
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(keys.getPrivate());
    signature.update(info);
    return der(0x30, info, ecdsaWithSha256, der(0x03, new byte[1], signature.sign()));
  }

  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write(tag);
    if (content.size() > 255) {
      whole.write(0x82);
      whole.write(content.size() >> 8);
    } else if (content.size() > 127) {
      whole.write(0x81);
    }
    whole.write(content.size());
    whole.writeBytes(content.toByteArray());
    return whole.toByteArray();
  }
}
