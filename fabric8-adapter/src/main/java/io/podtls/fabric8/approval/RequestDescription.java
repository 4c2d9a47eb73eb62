package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.request.SubjectAlternativeName;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A CertificateSigningRequest in words, for a person who has to decide on it.
 *
 * <p>What the requester chose is shown in printable ASCII with {@code ?} for everything else, so
 * that it can neither write over a terminal nor look like another name. The content of the PKCS#10
 * is shown as {@link Pkcs10Content} reads it, and not judged.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class RequestDescription {

  private static final int LONGEST = 2000;
  private static final int SHOWN = 50;

  private final String name;
  private final Instant created;
  private final Duration age;
  private final String requester;
  private final Optional<String> pod;
  private final String signerName;
  private final List<String> usages;
  private final Optional<Duration> expiration;
  private final Map<String, String> labels;
  private final Map<String, String> annotations;
  private final Optional<Pkcs10Content> pkcs10;
  private final Optional<String> problem;
  private final List<String> status;
  private final List<String> conditions;

  private RequestDescription(CertificateSigningRequest csr, Instant now) {
    Requester by = Requester.of(csr.getSpec());
    this.name = csr.getMetadata().getName();
    this.created = instant(csr.getMetadata().getCreationTimestamp(), now);
    this.age = Duration.between(created, now);
    this.requester = Printable.of(by.username(), LONGEST);
    this.pod =
        by.serviceAccount()
            .flatMap(account -> by.pod().map(bound -> account.namespace() + "/" + bound.name()))
            .map(text -> Printable.of(text, LONGEST));
    this.signerName = Printable.of(csr.getSpec().getSignerName(), LONGEST);
    this.usages = csr.getSpec().getUsages().stream().map(Printable::of).toList();
    this.expiration =
        Optional.ofNullable(csr.getSpec().getExpirationSeconds()).map(Duration::ofSeconds);
    this.labels = printable(csr.getMetadata().getLabels());
    this.annotations = printable(csr.getMetadata().getAnnotations());
    Optional<Pkcs10Content> content = Optional.empty();
    Optional<String> unreadable = Optional.empty();
    try {
      content = Optional.of(ReviewedRequest.of(csr).pkcs10());
    } catch (InvalidMaterialException e) {
      String message = String.valueOf(e.getMessage());
      unreadable = Optional.of(message.substring(e.source().length() + ": ".length()));
    }
    this.pkcs10 = content;
    this.problem = unreadable;
    this.status = status(csr);
    this.conditions =
        conditions(csr).stream()
            .map(held -> held.getType() + ": " + held.getReason() + ", " + held.getMessage())
            .map(text -> Printable.of(text, LONGEST))
            .toList();
  }

  static RequestDescription of(CertificateSigningRequest csr, Instant now) {
    return new RequestDescription(csr, now);
  }

  /** The conditions that hold. */
  static List<CertificateSigningRequestCondition> conditions(CertificateSigningRequest csr) {
    return csr.getStatus() == null || csr.getStatus().getConditions() == null
        ? List.of()
        : csr.getStatus().getConditions().stream()
            .filter(condition -> "True".equals(condition.getStatus()))
            .toList();
  }

  /** {@return the object's name, as it is} */
  public String name() {
    return name;
  }

  /** {@return when the object was created} */
  public Instant created() {
    return created;
  }

  /** {@return how long ago the object was created when it was read} */
  public Duration age() {
    return age;
  }

  /** {@return who made the request, as the API server authenticated them} */
  public String requester() {
    return requester;
  }

  /**
   * {@return namespace and name of the pod whose token was used, such as {@code shop/orders-0},
   * empty if it was no pod's}
   */
  public Optional<String> pod() {
    return pod;
  }

  /** {@return the signer that is to sign the request} */
  public String signerName() {
    return signerName;
  }

  /** {@return the usages that the object asks for, in the API's words} */
  public List<String> usages() {
    return usages;
  }

  /** {@return the lifetime asked for, empty to leave it to the signer} */
  public Optional<Duration> expiration() {
    return expiration;
  }

  /** {@return the object's labels, with values cut to 100 characters} */
  public Map<String, String> labels() {
    return labels;
  }

  /**
   * {@return the object's annotations, with values cut to 100 characters} Some signers obey
   * annotations: look at them before approving.
   */
  public Map<String, String> annotations() {
    return annotations;
  }

  /** {@return the subject of the PKCS#10 (RFC 2253); empty if it is empty or cannot be read} */
  public String subject() {
    return pkcs10.map(content -> Printable.of(content.subject().getName(), LONGEST)).orElse("");
  }

  /**
   * {@return the names in the PKCS#10 with their kinds, such as {@code DNS:orders.shop.svc}, and
   * the kinds alone of names that podtls does not know; none if the PKCS#10 cannot be read}
   */
  public List<String> subjectAlternativeNames() {
    return pkcs10.stream()
        .flatMap(
            content ->
                Stream.concat(
                    content.subjectAlternativeNames().stream()
                        .map(SubjectAlternativeName::toString),
                    content.otherNameKinds().stream()))
        .map(text -> Printable.of(text, LONGEST))
        .toList();
  }

  /** {@return whether the PKCS#10 asks for the certificate of a certificate authority} */
  public boolean certificateAuthority() {
    return pkcs10.map(Pkcs10Content::certificateAuthority).orElse(false);
  }

  /** {@return why the PKCS#10 cannot be read, empty if it can} */
  public Optional<String> problem() {
    return problem;
  }

  /**
   * {@return {@code Pending}, or {@code Approved}, {@code Denied}, {@code Failed} and {@code
   * Issued} as far as they hold}
   */
  public List<String> status() {
    return status;
  }

  /** {@return a line for each condition that holds: its type, reason and message} */
  public List<String> conditions() {
    return conditions;
  }

  /** {@return whether the request waits for a decision} */
  public boolean isPending() {
    return status.contains("Pending");
  }

  /** {@return the description as lines of a label and a value} */
  @Override
  public String toString() {
    StringBuilder lines = new StringBuilder();
    line(lines, "Name:", Printable.of(name, LONGEST));
    line(lines, "Labels:", labels);
    line(lines, "Annotations:", annotations);
    line(lines, "Created:", created + " (" + age.toSeconds() + " s ago)");
    line(lines, "Requester:", requester);
    line(lines, "Pod:", pod.orElse("none"));
    line(lines, "Signer:", signerName);
    line(lines, "Usages:", String.join(", ", usages));
    line(
        lines,
        "Lifetime:",
        expiration.map(asked -> asked.toSeconds() + " s").orElse("left to the signer"));
    if (problem.isPresent()) {
      line(lines, "Request:", "unreadable: " + problem.get());
    } else {
      line(lines, "Subject:", subject().isEmpty() ? "empty" : subject());
      List<String> names = subjectAlternativeNames();
      line(lines, "Names:", names.isEmpty() ? "none" : String.join(", ", names));
      if (certificateAuthority()) {
        line(lines, "CA:", "asks for the certificate of a certificate authority");
      }
    }
    line(lines, "Status:", String.join(",", status));
    conditions.forEach(condition -> line(lines, "", condition));
    return lines.toString();
  }

  private static void line(StringBuilder lines, String label, Map<String, String> values) {
    String here = label;
    for (Map.Entry<String, String> entry : values.entrySet().stream().limit(SHOWN).toList()) {
      line(lines, here, entry.getKey() + "=" + entry.getValue());
      here = "";
    }
    if (values.size() > SHOWN) {
      line(lines, "", "and " + (values.size() - SHOWN) + " more");
    }
  }

  private static void line(StringBuilder lines, String label, String value) {
    lines.append(String.format("%-13s%s%n", label, value));
  }

  private static Map<String, String> printable(@Nullable Map<String, String> chosen) {
    Map<String, String> shown = new TreeMap<>();
    if (chosen != null) {
      chosen.forEach((key, value) -> shown.put(Printable.of(key, LONGEST), Printable.of(value)));
    }
    return Collections.unmodifiableMap(shown);
  }

  private static List<String> status(CertificateSigningRequest csr) {
    List<String> status = new ArrayList<>();
    for (String type : List.of("Approved", "Denied", "Failed")) {
      if (conditions(csr).stream().anyMatch(held -> type.equals(held.getType()))) {
        status.add(type);
      }
    }
    if (status.isEmpty()) {
      status.add("Pending");
    }
    if (csr.getStatus() != null
        && csr.getStatus().getCertificate() != null
        && !csr.getStatus().getCertificate().isEmpty()) {
      status.add("Issued");
    }
    return List.copyOf(status);
  }

  private static Instant instant(@Nullable String text, Instant otherwise) {
    try {
      return text == null ? otherwise : Instant.parse(text);
    } catch (DateTimeParseException e) {
      return otherwise;
    }
  }
}
