package io.podtls.fabric8;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A CertificateSigningRequest in words, for a person who has to decide on it.
 *
 * <p>Whatever the requester chose is shown with control characters replaced, so that it cannot
 * write over a terminal. The content of the PKCS#10 is shown and not judged.
 *
 * <p><b>Thread safety:</b> immutable.
 *
 * @param name the object's name
 * @param created when it was created
 * @param age how long ago that was when it was read
 * @param requester who made it, as the API server authenticated them
 * @param pod namespace and name of the pod whose token was used, empty if it was no pod's
 * @param signerName who shall sign it
 * @param usages what the certificate shall be good for, in the API's words
 * @param expiration the lifetime asked for, empty to leave it to the signer
 * @param subject the subject of the PKCS#10, RFC 2253, may be empty
 * @param subjectAlternativeNames the names in the PKCS#10 with their kind, e.g. {@code
 *     DNS:orders.shop.svc}
 * @param status {@code Pending}, or {@code Approved}, {@code Denied}, {@code Failed} and {@code
 *     Issued} as far as they hold
 * @param conditions why, a line for each condition
 */
public record RequestDescription(
    String name,
    Instant created,
    Duration age,
    String requester,
    Optional<String> pod,
    String signerName,
    List<String> usages,
    Optional<Duration> expiration,
    String subject,
    List<String> subjectAlternativeNames,
    List<String> status,
    List<String> conditions) {

  private static final String POD_NAME = "authentication.kubernetes.io/pod-name";
  private static final String SERVICE_ACCOUNT = "system:serviceaccount:";

  /** Copies the lists. */
  public RequestDescription {
    usages = List.copyOf(usages);
    subjectAlternativeNames = List.copyOf(subjectAlternativeNames);
    status = List.copyOf(status);
    conditions = List.copyOf(conditions);
  }

  static RequestDescription of(JsonObject object, Instant now) {
    Csr csr = Csr.of(object);
    Pkcs10Summary content = Pkcs10Summary.of(csr.request());
    Instant created = instant(object.text("metadata", "creationTimestamp"), now);
    long expirationSeconds = object.number("spec", "expirationSeconds");
    return new RequestDescription(
        csr.name(),
        created,
        Duration.between(created, now),
        printable(csr.username()),
        pod(object, csr.username()),
        csr.signerName(),
        object.texts("spec", "usages"),
        expirationSeconds == 0
            ? Optional.empty()
            : Optional.of(Duration.ofSeconds(expirationSeconds)),
        printable(content.subject()),
        content.names().stream().map(RequestDescription::printable).toList(),
        status(csr),
        csr.conditions().stream()
            .map(held -> held.type() + ": " + held.reason() + ", " + held.message())
            .map(RequestDescription::printable)
            .toList());
  }

  /** Whether nobody has decided on the request. */
  public boolean isPending() {
    return !status.contains("Approved") && !status.contains("Denied");
  }

  private static Optional<String> pod(JsonObject csr, String username) {
    List<String> names = csr.object("spec", "extra").texts(POD_NAME);
    if (names.size() != 1 || !username.startsWith(SERVICE_ACCOUNT)) {
      return Optional.empty();
    }
    String namespace = username.substring(SERVICE_ACCOUNT.length()).split(":", 2)[0];
    return Optional.of(printable(namespace + "/" + names.get(0)));
  }

  private static List<String> status(Csr csr) {
    List<String> status = new ArrayList<>();
    for (String type : List.of("Approved", "Denied", "Failed")) {
      if (csr.condition(type).isPresent()) {
        status.add(type);
      }
    }
    if (status.isEmpty()) {
      status.add("Pending");
    }
    if (!csr.certificate().isEmpty()) {
      status.add("Issued");
    }
    return status;
  }

  private static Instant instant(String text, Instant otherwise) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      return otherwise;
    }
  }

  private static String printable(String text) {
    return text.replaceAll("[\\p{Cntrl}\\p{Cf}]", "?");
  }

  /** Returns the description as lines of a label and a value. */
  @Override
  public String toString() {
    StringBuilder lines = new StringBuilder();
    line(lines, "Name:", name);
    line(lines, "Created:", created + " (" + age.toSeconds() + " s ago)");
    line(lines, "Requester:", requester);
    line(lines, "Pod:", pod.orElse("none"));
    line(lines, "Signer:", signerName);
    line(lines, "Usages:", String.join(", ", usages));
    line(
        lines,
        "Lifetime:",
        expiration.map(asked -> asked.toSeconds() + " s").orElse("as the signer likes"));
    line(lines, "Subject:", subject.isEmpty() ? "empty" : subject);
    line(
        lines,
        "Names:",
        subjectAlternativeNames.isEmpty() ? "none" : String.join(", ", subjectAlternativeNames));
    line(lines, "Status:", String.join(",", status));
    conditions.forEach(condition -> line(lines, "", condition));
    return lines.toString();
  }

  private static void line(StringBuilder lines, String label, String value) {
    lines.append(String.format("%-11s%s%n", label, value));
  }
}
