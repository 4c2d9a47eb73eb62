package io.podtls.examples.clustersigner;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.examples.signing.CertificateAuthority;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A CA in a Secret, under {@code tls.crt} and {@code tls.key}. A Secret without data is filled with
 * a new CA: an empty one in a manifest is enough to start with, and emptying it is a rotation.
 */
final class SecretCaSource implements CaSource {
  private static final Logger LOG = System.getLogger(SecretCaSource.class.getName());
  private static final String CERTIFICATE = "tls.crt";
  private static final String KEY = "tls.key";

  private final KubernetesClient client;
  private final String namespace;
  private final String name;
  private final Supplier<CertificateAuthority> newAuthority;

  SecretCaSource(
      KubernetesClient client,
      String namespace,
      String name,
      Supplier<CertificateAuthority> newAuthority) {
    this.client = client;
    this.namespace = namespace;
    this.name = name;
    this.newAuthority = newAuthority;
  }

  @Override
  public CertificateAuthority read() {
    Secret secret = client.secrets().inNamespace(namespace).withName(name).get();
    if (secret == null) {
      throw new IllegalStateException(
          "there is no " + description() + "; create it, empty or with tls.crt and tls.key");
    }
    Map<String, String> data = secret.getData();
    if (data == null || data.isEmpty()) {
      return fill(secret);
    }
    return CertificateAuthority.fromPem(description(), text(data, CERTIFICATE), text(data, KEY));
  }

  /** Fills the Secret; fails with a conflict (409) if another replica was faster. */
  private CertificateAuthority fill(Secret secret) {
    CertificateAuthority created = newAuthority.get();
    client
        .secrets()
        .inNamespace(namespace)
        .resource(
            new SecretBuilder(secret)
                .addToData(CERTIFICATE, base64(created.pathPem()))
                .addToData(KEY, base64(created.exportPrivateKeyUnencrypted()))
                .build())
        .update();
    LOG.log(Level.INFO, () -> description() + " was empty; put a new CA into it: " + created);
    return created;
  }

  @Override
  public String description() {
    return "secret " + namespace + "/" + name;
  }

  private static String text(Map<String, String> data, String key) {
    return new String(
        Base64.getDecoder().decode(data.getOrDefault(key, "")), StandardCharsets.US_ASCII);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }
}
