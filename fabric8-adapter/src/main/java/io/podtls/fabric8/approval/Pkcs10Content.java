package io.podtls.fabric8.approval;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.request.SubjectAlternativeName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.pkcs.CertificationRequestInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;

/**
 * What a PKCS#10 certification request (RFC 2986) asks for.
 *
 * <p>Reading is strict on purpose: a signer with another parser must not be able to see another
 * request than the policy saw. So the encoding must be DER, an extension may be asked for once, and
 * nothing may precede or follow the request.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class Pkcs10Content {

  private static final int LARGEST = 64 * 1024;
  private static final String BEGIN = "-----BEGIN CERTIFICATE REQUEST-----";
  private static final String END = "-----END CERTIFICATE REQUEST-----";

  private final X500Principal subject;
  private final List<SubjectAttribute> subjectAttributes;
  private final RequestedNames names;
  private final RequestedUsages usages;
  private final boolean certificateAuthority;
  private final Set<String> extensions;
  private final Set<String> attributes;
  private final PublicKey publicKey;

  private Pkcs10Content(CertificationRequest request) throws InvalidContentException, IOException {
    CertificationRequestInfo info = request.getCertificationRequestInfo();
    this.publicKey = SelfSignature.verifiedKey(request);
    this.subject = new X500Principal(info.getSubject().getEncoded(ASN1Encoding.DER));
    this.subjectAttributes = subjectAttributes(info.getSubject());
    List<Attribute> all = attributes(info);
    this.attributes = new LinkedHashSet<>();
    all.forEach(attribute -> this.attributes.add(attribute.getAttrType().getId()));
    Optional<Extensions> requested = requestedExtensions(all);
    this.extensions = new LinkedHashSet<>();
    requested.ifPresent(
        present ->
            Arrays.stream(present.getExtensionOIDs())
                .map(ASN1ObjectIdentifier::getId)
                .forEach(this.extensions::add));
    this.names = RequestedNames.of(parsedValue(requested, Extension.subjectAlternativeName));
    this.usages =
        RequestedUsages.of(
            parsedValue(requested, Extension.keyUsage),
            parsedValue(requested, Extension.extendedKeyUsage));
    this.certificateAuthority =
        parsedValue(requested, Extension.basicConstraints)
            .map(value -> BasicConstraints.getInstance(value).isCA())
            .orElse(false);
  }

  /** Reads the value of {@code spec.request}: base64 of one PEM block. */
  static Pkcs10Content ofSpecRequest(String source, String base64OfPem) {
    try {
      byte[] der = der(pem(base64OfPem));
      CertificationRequest request = CertificationRequest.getInstance(der);
      if (!Arrays.equals(request.getEncoded(ASN1Encoding.DER), der)) {
        throw new InvalidContentException("the PKCS#10 is not encoded as DER");
      }
      return new Pkcs10Content(request);
    } catch (InvalidContentException e) {
      throw new InvalidMaterialException(source, e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      // Bouncy Castle reports malformed structures with many kinds of unchecked exceptions.
      throw new InvalidMaterialException(source, "the PKCS#10 is malformed", e);
    }
  }

  /** {@return the subject, which may be empty} */
  public X500Principal subject() {
    return subject;
  }

  /** {@return the attributes of the subject one by one, in their order} */
  public List<SubjectAttribute> subjectAttributes() {
    return subjectAttributes;
  }

  /** {@return the subject alternative names of the kinds that podtls knows} */
  public List<SubjectAlternativeName> subjectAlternativeNames() {
    return names.known();
  }

  /** {@return the kinds of all other subject alternative names, such as {@code directoryName}} */
  public List<String> otherNameKinds() {
    return names.otherKinds();
  }

  /**
   * {@return the usages that the extensions KeyUsage and ExtendedKeyUsage ask for, in the words of
   * {@code certificates.k8s.io/v1}; a purpose that it has no word for is an object identifier}
   */
  public List<String> usages() {
    return usages.names();
  }

  /**
   * {@return whether the certificate of a certificate authority is asked for (RFC 5280 4.2.1.9)}
   */
  public boolean certificateAuthority() {
    return certificateAuthority;
  }

  /** {@return the object identifiers of all requested extensions (RFC 2985 5.4.2)} */
  public Set<String> extensions() {
    return Set.copyOf(extensions);
  }

  /** {@return the object identifiers of the request's attributes (RFC 2986 4.1)} */
  public Set<String> attributes() {
    return Set.copyOf(attributes);
  }

  /** {@return the key, which the requester holds} */
  public PublicKey publicKey() {
    return publicKey;
  }

  /**
   * One attribute of a subject.
   *
   * @param type its short name, such as {@code CN} or {@code O}, or its object identifier
   * @param value its value as text
   */
  public record SubjectAttribute(String type, String value) {
    /** {@return whether this is a common name} */
    public boolean isCommonName() {
      return type.equals("CN");
    }
  }

  private static String pem(String base64OfPem) throws InvalidContentException {
    if (base64OfPem.length() > LARGEST / 3 * 4) {
      throw new InvalidContentException("the PKCS#10 is larger than 64 KiB");
    }
    try {
      return new String(Base64.getDecoder().decode(base64OfPem), StandardCharsets.ISO_8859_1);
    } catch (IllegalArgumentException e) {
      throw new InvalidContentException("spec.request is not base64");
    }
  }

  private static byte[] der(String pem) throws InvalidContentException {
    String block = pem.strip();
    if (!block.startsWith(BEGIN)
        || !block.endsWith(END)
        || block.length() < BEGIN.length() + END.length()) {
      throw new InvalidContentException(
          "spec.request is not exactly one PEM block CERTIFICATE REQUEST");
    }
    String body = block.substring(BEGIN.length(), block.length() - END.length());
    try {
      return Base64.getDecoder().decode(body.replaceAll("[ \t\r\n]", ""));
    } catch (IllegalArgumentException e) {
      throw new InvalidContentException(
          "spec.request is not exactly one PEM block CERTIFICATE REQUEST");
    }
  }

  private static List<SubjectAttribute> subjectAttributes(X500Name subject) {
    List<SubjectAttribute> all = new ArrayList<>();
    for (RDN rdn : subject.getRDNs()) {
      for (AttributeTypeAndValue part : rdn.getTypesAndValues()) {
        String symbol = BCStyle.INSTANCE.oidToDisplayName(part.getType());
        all.add(
            new SubjectAttribute(
                symbol == null ? part.getType().getId() : symbol,
                IETFUtils.valueToString(part.getValue())));
      }
    }
    return List.copyOf(all);
  }

  private static List<Attribute> attributes(CertificationRequestInfo info) {
    List<Attribute> all = new ArrayList<>();
    if (info.getAttributes() != null) {
      for (ASN1Encodable attribute : info.getAttributes()) {
        all.add(Attribute.getInstance(attribute));
      }
    }
    return all;
  }

  private static Optional<Extensions> requestedExtensions(List<Attribute> attributes)
      throws InvalidContentException {
    List<ASN1Encodable> requested = new ArrayList<>();
    for (Attribute attribute : attributes) {
      if (attribute.getAttrType().equals(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest)) {
        requested.addAll(Arrays.asList(attribute.getAttributeValues()));
      }
    }
    if (requested.size() > 1) {
      throw new InvalidContentException("the PKCS#10 has more than one extension request");
    }
    // Extensions refuses the same extension twice.
    return requested.stream().findFirst().map(Extensions::getInstance);
  }

  private static Optional<ASN1Encodable> parsedValue(
      Optional<Extensions> extensions, ASN1ObjectIdentifier type) {
    return extensions.map(present -> present.getExtensionParsedValue(type));
  }
}
