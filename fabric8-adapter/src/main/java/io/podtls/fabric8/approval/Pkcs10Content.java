package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.request.SubjectAlternativeName;
import java.io.IOException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.pkcs.CertificationRequestInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.jspecify.annotations.Nullable;

/**
 * What a PKCS#10 certification request (RFC 2986) asks for.
 *
 * <p>Reading is strict, so that a signer with another parser cannot see another request than the
 * policy saw: the request and each extension's value must be DER, no attribute and no extension may
 * occur twice, and the request must be signed by its own key. Approver, signer and description all
 * read requests with this class.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class Pkcs10Content {

  private final byte[] encoded;
  private final byte[] info;
  private final X500Principal subject;
  private final List<SubjectAttribute> subjectAttributes;
  private final RequestedNames names;
  private final RequestedUsages usages;
  private final boolean certificateAuthority;
  private final Set<String> extensions;
  private final Set<String> attributes;
  private final PublicKey publicKey;

  private Pkcs10Content(byte[] der) throws InvalidContentException, IOException {
    CertificationRequest request = CertificationRequest.getInstance(der);
    requireDer(request, der, "the PKCS#10");
    CertificationRequestInfo asked = request.getCertificationRequestInfo();
    if (!asked.getVersion().hasValue(0)) {
      throw new InvalidContentException(
          "the PKCS#10 has version " + asked.getVersion() + " instead of 0 (RFC 2986 4.1)");
    }
    this.encoded = der;
    this.info = asked.getEncoded(ASN1Encoding.DER);
    this.publicKey = SelfSignature.verifiedKey(request);
    this.subject = subject(asked.getSubject());
    this.subjectAttributes = subjectAttributes(asked.getSubject());
    Map<ASN1ObjectIdentifier, Attribute> all = attributes(asked);
    this.attributes = identifiers(all);
    Map<ASN1ObjectIdentifier, ASN1Primitive> values = extensionValues(all);
    this.extensions = identifiers(values);
    this.names = RequestedNames.of(values.get(Extension.subjectAlternativeName));
    this.usages =
        RequestedUsages.of(values.get(Extension.keyUsage), values.get(Extension.extendedKeyUsage));
    this.certificateAuthority = certificateAuthority(values.get(Extension.basicConstraints));
  }

  /**
   * Reads the value of {@code spec.request} and verifies the self-signature of the PKCS#10 in it
   * (RFC 2986 4.2).
   *
   * @param source what to call the request in messages, such as {@code csr orders-7f9}
   * @param base64OfPem the value as it is in JSON: base64 of one PEM block
   * @return what it asks for
   * @throws InvalidMaterialException if the text is not exactly one PEM block {@code CERTIFICATE
   *     REQUEST} of at most 64 KiB, if the PKCS#10 is not DER of version 0, is ambiguous (the same
   *     extension twice), or is not signed by its own key with RSA, ECDSA or Ed25519 and SHA-2
   */
  public static Pkcs10Content ofSpecRequest(String source, String base64OfPem) {
    requireNonNull(source, "source");
    requireNonNull(base64OfPem, "base64OfPem");
    try {
      return new Pkcs10Content(SpecRequest.content(base64OfPem));
    } catch (InvalidContentException e) {
      throw new InvalidMaterialException(source, e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      // Bouncy Castle reports malformed structures with many kinds of unchecked exceptions.
      throw new InvalidMaterialException(source, "the PKCS#10 is malformed", e);
    }
  }

  /** {@return the subject, which may be empty; its encoding is the one in the request} */
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
    return extensions;
  }

  /** {@return the object identifiers of the request's attributes (RFC 2986 4.1)} */
  public Set<String> attributes() {
    return attributes;
  }

  /** {@return the key, whose private half signed the request} */
  public PublicKey publicKey() {
    return publicKey;
  }

  /** The PKCS#10 in DER. */
  byte[] encoded() {
    return encoded.clone();
  }

  /**
   * Compares what is asked for, which includes the key. The signatures may differ: those of ECDSA
   * do each time that the same request is signed.
   */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Pkcs10Content content && Arrays.equals(info, content.info);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(info);
  }

  /** {@return the subject and the subject alternative names, with all but ASCII as {@code ?}} */
  @Override
  public String toString() {
    return Printable.of("PKCS#10 of " + subject.getName() + " for " + names.known(), 300);
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

  /** Refuses an object that another reader could take differently than its canonical form. */
  static void requireDer(ASN1Object read, byte[] from, String what)
      throws InvalidContentException, IOException {
    if (!Arrays.equals(read.getEncoded(ASN1Encoding.DER), from)) {
      throw new InvalidContentException(what + " is not encoded as DER");
    }
  }

  private static X500Principal subject(X500Name name) throws InvalidContentException, IOException {
    byte[] der = name.getEncoded(ASN1Encoding.DER);
    X500Principal subject = new X500Principal(der);
    if (!Arrays.equals(subject.getEncoded(), der)) {
      throw new InvalidContentException("the subject of the PKCS#10 is malformed");
    }
    return subject;
  }

  private static List<SubjectAttribute> subjectAttributes(X500Name subject)
      throws InvalidContentException, IOException {
    List<SubjectAttribute> all = new ArrayList<>();
    for (RDN rdn : subject.getRDNs()) {
      if (rdn.size() == 0) {
        throw new InvalidContentException("the subject of the PKCS#10 has an empty RDN");
      }
      for (AttributeTypeAndValue part : rdn.getTypesAndValues()) {
        String symbol = BCStyle.INSTANCE.oidToDisplayName(part.getType());
        all.add(
            new SubjectAttribute(
                symbol == null ? part.getType().getId() : symbol, text(part.getValue())));
      }
    }
    return List.copyOf(all);
  }

  private static String text(ASN1Encodable value) throws IOException {
    ASN1Primitive primitive = value.toASN1Primitive();
    return primitive instanceof ASN1String string
        ? string.getString()
        : "#" + HexFormat.of().formatHex(primitive.getEncoded(ASN1Encoding.DER));
  }

  private static Map<ASN1ObjectIdentifier, Attribute> attributes(CertificationRequestInfo info)
      throws InvalidContentException {
    Map<ASN1ObjectIdentifier, Attribute> all = new LinkedHashMap<>();
    if (info.getAttributes() != null) {
      for (ASN1Encodable each : info.getAttributes()) {
        Attribute attribute = Attribute.getInstance(each);
        if (all.put(attribute.getAttrType(), attribute) != null) {
          throw new InvalidContentException(
              "the PKCS#10 has the attribute " + attribute.getAttrType() + " twice");
        }
      }
    }
    return all;
  }

  private static Map<ASN1ObjectIdentifier, ASN1Primitive> extensionValues(
      Map<ASN1ObjectIdentifier, Attribute> attributes) throws InvalidContentException, IOException {
    Attribute request = attributes.get(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest);
    if (request == null) {
      return Map.of();
    }
    if (request.getAttrValues().size() != 1) {
      throw new InvalidContentException(
          "the PKCS#10 has " + request.getAttrValues().size() + " extension requests in one");
    }
    // Extensions refuses the same extension twice.
    Extensions requested = Extensions.getInstance(request.getAttrValues().getObjectAt(0));
    Map<ASN1ObjectIdentifier, ASN1Primitive> values = new LinkedHashMap<>();
    for (ASN1ObjectIdentifier type : requested.getExtensionOIDs()) {
      byte[] octets = requested.getExtension(type).getExtnValue().getOctets();
      String what = "the value of extension " + type;
      if (octets.length == 0) {
        throw new InvalidContentException(what + " is empty");
      }
      ASN1Primitive value = ASN1Primitive.fromByteArray(octets);
      requireDer(value, octets, what);
      values.put(type, value);
    }
    return values;
  }

  private static boolean certificateAuthority(@Nullable ASN1Primitive value)
      throws InvalidContentException, IOException {
    if (value == null) {
      return false;
    }
    BasicConstraints constraints = BasicConstraints.getInstance(value);
    requireDer(constraints, value.getEncoded(ASN1Encoding.DER), "the value of BasicConstraints");
    return constraints.isCA();
  }

  private static Set<String> identifiers(Map<ASN1ObjectIdentifier, ?> from) {
    return from.keySet().stream()
        .map(ASN1ObjectIdentifier::getId)
        .collect(Collectors.toUnmodifiableSet());
  }
}
