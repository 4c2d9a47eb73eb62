package io.podtls.fabric8.approval;

import io.podtls.request.KeyUsage;
import io.podtls.request.SubjectAlternativeName;
import java.security.interfaces.RSAKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;

/** The rules for which the request alone is enough, without a look at the cluster. */
final class ContentRules {

  private static final int SMALLEST_RSA_KEY = 2048;
  private static final int MOST_NAMES = 256;

  /** Written by {@code kubectl apply}, and obeyed by no signer. */
  private static final Set<String> KNOWN_ANNOTATIONS =
      Set.of("kubectl.kubernetes.io/last-applied-configuration");

  private static final Set<String> KNOWN_EXTENSIONS =
      Set.of(
          Extension.subjectAlternativeName.getId(),
          Extension.keyUsage.getId(),
          Extension.extendedKeyUsage.getId(),
          Extension.basicConstraints.getId());

  private final PolicyOptions options;

  ContentRules(PolicyOptions options) {
    this.options = options;
  }

  List<Objection> objections(ReviewedRequest request) {
    Optional<Objection> size = nameCount(request.pkcs10());
    if (size.isPresent()) {
      return List.of(size.get());
    }
    List<Objection> all = new ArrayList<>();
    all.addAll(annotations(request));
    all.addAll(otherNames(request.pkcs10()));
    certificateAuthority(request.pkcs10()).ifPresent(all::add);
    all.addAll(extensions(request.pkcs10()));
    all.addAll(attributes(request.pkcs10()));
    all.addAll(subject(request.pkcs10()));
    all.addAll(usages(request));
    expiration(request).ifPresent(all::add);
    key(request.pkcs10()).ifPresent(all::add);
    return all;
  }

  private List<Objection> annotations(ReviewedRequest request) {
    return request.annotations().keySet().stream()
        .filter(key -> !KNOWN_ANNOTATIONS.contains(key))
        .filter(key -> !options.annotations().contains(key))
        .sorted()
        .map(
            key ->
                Objection.lasting(
                    "AnnotationNotAllowed",
                    Printable.of(key)
                        + ": this annotation is not allowed, as a signer may obey it"))
        .toList();
  }

  private static Optional<Objection> nameCount(Pkcs10Content pkcs10) {
    int count = pkcs10.subjectAlternativeNames().size() + pkcs10.otherNameKinds().size();
    if (count == 0) {
      return Optional.of(
          Objection.lasting("NoNames", "the request has no subject alternative name"));
    }
    return count <= MOST_NAMES
        ? Optional.empty()
        : Optional.of(
            Objection.lasting(
                "TooManyNames",
                count + " subject alternative names: at most " + MOST_NAMES + " are allowed"));
  }

  private static List<Objection> otherNames(Pkcs10Content pkcs10) {
    return pkcs10.otherNameKinds().stream()
        .distinct()
        .map(
            kind ->
                Objection.lasting(
                    "NameKindNotAllowed",
                    kind + ": subject alternative names of this kind are not allowed"))
        .toList();
  }

  private static Optional<Objection> certificateAuthority(Pkcs10Content pkcs10) {
    return pkcs10.certificateAuthority()
        ? Optional.of(
            Objection.lasting(
                "CertificateAuthority",
                "CA:TRUE: the certificate of a certificate authority is not allowed"))
        : Optional.empty();
  }

  private List<Objection> extensions(Pkcs10Content pkcs10) {
    return pkcs10.extensions().stream()
        .filter(type -> !KNOWN_EXTENSIONS.contains(type))
        .filter(type -> !options.extensions().contains(type))
        .sorted()
        .map(
            type ->
                Objection.lasting(
                    "ExtensionNotAllowed",
                    Printable.of(type) + ": requesting this extension is not allowed"))
        .toList();
  }

  private static List<Objection> attributes(Pkcs10Content pkcs10) {
    return pkcs10.attributes().stream()
        .filter(type -> !type.equals(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest.getId()))
        .sorted()
        .map(
            type ->
                Objection.lasting(
                    "AttributeNotAllowed",
                    Printable.of(type) + ": this attribute of a PKCS#10 is not allowed"))
        .toList();
  }

  private static List<Objection> subject(Pkcs10Content pkcs10) {
    List<Objection> all = new ArrayList<>();
    Set<String> names =
        pkcs10.subjectAlternativeNames().stream()
            .map(SubjectAlternativeName::value)
            .map(Names::lowerCase)
            .collect(Collectors.toSet());
    for (Pkcs10Content.SubjectAttribute attribute : pkcs10.subjectAttributes()) {
      String shown = Printable.of(attribute.type() + "=" + attribute.value());
      if (!attribute.isCommonName()) {
        all.add(
            Objection.lasting(
                "SubjectNotAllowed", shown + ": only a common name is allowed in the subject"));
      } else if (!names.contains(Names.lowerCase(attribute.value()))) {
        all.add(
            Objection.lasting(
                "CommonNameNotAllowed",
                shown + ": the common name is none of the subject alternative names"));
      }
    }
    return all;
  }

  private List<Objection> usages(ReviewedRequest request) {
    Set<String> allowed = new LinkedHashSet<>();
    options.usages().stream().map(KeyUsage::apiName).forEach(allowed::add);
    return Stream.concat(request.usages().stream(), request.pkcs10().usages().stream())
        .distinct()
        .filter(usage -> !allowed.contains(usage))
        .map(
            usage ->
                Objection.lasting(
                    "UsageNotAllowed",
                    Printable.of(usage)
                        + ": only these usages are allowed: "
                        + String.join(", ", allowed)))
        .toList();
  }

  private Optional<Objection> expiration(ReviewedRequest request) {
    boolean bounded = options.addressExpiration().isPresent() && hasAddress(request.pkcs10());
    Duration longest = bounded ? options.addressExpiration().get() : options.maxExpiration();
    String bound = longest.toSeconds() + (bounded ? " with IP addresses" : "");
    if (request.expiration().isEmpty()) {
      return options.unsetExpiration() && !bounded
          ? Optional.empty()
          : Optional.of(
              Objection.lasting(
                  "ExpirationMissing",
                  "no expirationSeconds: the signer's default is not known to be within the"
                      + " bound, ask for at most "
                      + bound));
    }
    Duration asked = request.expiration().get();
    return asked.compareTo(longest) <= 0
        ? Optional.empty()
        : Optional.of(
            Objection.lasting(
                "ExpirationTooLong",
                "expirationSeconds " + asked.toSeconds() + ": at most " + bound + " are allowed"));
  }

  private static boolean hasAddress(Pkcs10Content pkcs10) {
    return pkcs10.subjectAlternativeNames().stream()
        .anyMatch(name -> name.kind() == SubjectAlternativeName.Kind.IP_ADDRESS);
  }

  private static Optional<Objection> key(Pkcs10Content pkcs10) {
    return pkcs10.publicKey() instanceof RSAKey rsa
            && rsa.getModulus().bitLength() < SMALLEST_RSA_KEY
        ? Optional.of(
            Objection.lasting(
                "WeakKey",
                "RSA key of "
                    + rsa.getModulus().bitLength()
                    + " bits: at least "
                    + SMALLEST_RSA_KEY
                    + " are required"))
        : Optional.empty();
  }
}
