package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a requester reads of a CertificateSigningRequest ({@code certificates.k8s.io/v1}).
 *
 * @param name metadata.name
 * @param uid metadata.uid
 * @param resourceVersion metadata.resourceVersion
 * @param signerName spec.signerName
 * @param usages spec.usages
 * @param request spec.request as it is on the wire: base64 of the PEM text
 * @param username spec.username, which the API server sets to who created the object
 * @param conditions status.conditions with status "True"
 * @param certificate status.certificate as text, empty until there is one
 */
record Csr(
    String name,
    String uid,
    String resourceVersion,
    String signerName,
    Set<String> usages,
    String request,
    String username,
    List<Condition> conditions,
    String certificate) {

  /** One condition that holds. */
  record Condition(String type, String reason, String message) {}

  static Csr of(JsonObject object) {
    return new Csr(
        object.text("metadata", "name"),
        object.text("metadata", "uid"),
        object.text("metadata", "resourceVersion"),
        object.text("spec", "signerName"),
        Set.copyOf(object.texts("spec", "usages")),
        object.text("spec", "request"),
        object.text("spec", "username"),
        object.objects("status", "conditions").stream()
            .filter(condition -> condition.text("status").equals("True"))
            .map(
                condition ->
                    new Condition(
                        condition.text("type"),
                        condition.text("reason"),
                        condition.text("message")))
            .toList(),
        decoded(object.text("status", "certificate")));
  }

  private static String decoded(String base64) {
    try {
      return new String(Base64.getDecoder().decode(base64), UTF_8);
    } catch (IllegalArgumentException e) {
      return base64; // no PEM either, which is found where the certificate is read
    }
  }

  Optional<Condition> condition(String type) {
    return conditions.stream().filter(condition -> condition.type().equals(type)).findFirst();
  }

  /** How messages name it. */
  String object() {
    return "csr " + name;
  }
}
