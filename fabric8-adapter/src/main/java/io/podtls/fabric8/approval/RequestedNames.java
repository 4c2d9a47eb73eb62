package io.podtls.fabric8.approval;

import io.podtls.request.SubjectAlternativeName;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.jspecify.annotations.Nullable;

/** The extension SubjectAltName of a request (RFC 5280 4.2.1.6). */
record RequestedNames(List<SubjectAlternativeName> known, List<String> otherKinds) {

  /**
   * The characters of host names in Kubernetes and the web; none that two readers could take
   * differently.
   */
  private static final Pattern DNS_NAME =
      Pattern.compile(
          "(\\*\\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
              + "(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*");

  private static final int LONGEST_DNS_NAME = 253;

  static RequestedNames of(@Nullable ASN1Primitive extension)
      throws InvalidContentException, IOException {
    List<SubjectAlternativeName> known = new ArrayList<>();
    List<String> otherKinds = new ArrayList<>();
    if (extension != null) {
      GeneralNames names = GeneralNames.getInstance(extension);
      Pkcs10Content.requireDer(
          names, extension.getEncoded(ASN1Encoding.DER), "the value of SubjectAltName");
      for (GeneralName name : names.getNames()) {
        Optional<String> other = otherKind(name.getTagNo());
        if (other.isPresent()) {
          otherKinds.add(other.get());
        } else {
          known.add(read(name));
        }
      }
    }
    return new RequestedNames(List.copyOf(known), List.copyOf(otherKinds));
  }

  private static Optional<String> otherKind(int tag) {
    return switch (tag) {
      case GeneralName.dNSName,
          GeneralName.iPAddress,
          GeneralName.uniformResourceIdentifier,
          GeneralName.rfc822Name ->
          Optional.empty();
      case GeneralName.otherName -> Optional.of("otherName");
      case GeneralName.x400Address -> Optional.of("x400Address");
      case GeneralName.directoryName -> Optional.of("directoryName");
      case GeneralName.ediPartyName -> Optional.of("ediPartyName");
      case GeneralName.registeredID -> Optional.of("registeredID");
      default -> Optional.of("tag " + tag);
    };
  }

  private static SubjectAlternativeName read(GeneralName name) throws InvalidContentException {
    if (name.getTagNo() == GeneralName.iPAddress) {
      return ipAddress(ASN1OctetString.getInstance(name.getName()).getOctets());
    }
    String text = ASN1IA5String.getInstance(name.getName()).getString();
    if (text.chars().anyMatch(character -> character >= 0x80)) {
      throw malformed(text); // no IA5String, and rewritten by those who read it
    }
    try {
      return switch (name.getTagNo()) {
        case GeneralName.dNSName -> dnsName(text);
        case GeneralName.uniformResourceIdentifier -> SubjectAlternativeName.uri(new URI(text));
        default -> SubjectAlternativeName.email(text);
      };
    } catch (URISyntaxException | IllegalArgumentException e) {
      throw malformed(text);
    }
  }

  private static SubjectAlternativeName dnsName(String text) throws InvalidContentException {
    if (text.length() > LONGEST_DNS_NAME || !DNS_NAME.matcher(text).matches()) {
      throw malformed(text);
    }
    return SubjectAlternativeName.dns(text);
  }

  private static SubjectAlternativeName ipAddress(byte[] octets) throws InvalidContentException {
    try {
      InetAddress address = InetAddress.getByAddress(octets);
      if (octets.length == 16 && address instanceof Inet4Address) {
        throw new InvalidContentException(
            "the IP address " + address.getHostAddress() + " is written as IPv4-mapped IPv6");
      }
      return SubjectAlternativeName.ipAddress(address);
    } catch (UnknownHostException e) {
      throw new InvalidContentException(
          "an IP address of " + octets.length + " bytes is neither IPv4 nor IPv6");
    }
  }

  private static InvalidContentException malformed(String name) {
    return new InvalidContentException(
        "the subject alternative name " + Printable.of(name) + " is malformed");
  }
}
