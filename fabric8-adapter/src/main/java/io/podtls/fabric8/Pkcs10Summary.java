package io.podtls.fabric8;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/**
 * What a PKCS#10 asks for, as far as it can be read; for people, not for decisions of programs.
 *
 * @param subject RFC 2253, or what is wrong with the request
 * @param names the subject alternative names with their kinds
 */
record Pkcs10Summary(String subject, List<String> names) {

  /** Reads spec.request: base64 of PEM text. */
  static Pkcs10Summary of(String base64OfPem) {
    try {
      PKCS10CertificationRequest request = SpecRequest.read(base64OfPem);
      String subject = new X500Principal(request.getSubject().getEncoded()).getName();
      return new Pkcs10Summary(subject, names(request.getRequestedExtensions()));
    } catch (IOException e) {
      return unreadable(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      return unreadable("malformed");
    }
  }

  private static Pkcs10Summary unreadable(String why) {
    return new Pkcs10Summary("(not a readable PKCS#10: " + why + ")", List.of());
  }

  private static List<String> names(Extensions extensions) {
    if (extensions == null) {
      return List.of();
    }
    GeneralNames requested =
        GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
    if (requested == null) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    for (GeneralName name : requested.getNames()) {
      names.add(
          switch (name.getTagNo()) {
            case GeneralName.dNSName -> "DNS:" + name.getName();
            case GeneralName.iPAddress -> "IP:" + address(name);
            case GeneralName.uniformResourceIdentifier -> "URI:" + name.getName();
            case GeneralName.rfc822Name -> "email:" + name.getName();
            default -> "other:" + name.getName();
          });
    }
    return names;
  }

  private static String address(GeneralName name) {
    try {
      return InetAddress.getByAddress(ASN1OctetString.getInstance(name.getName()).getOctets())
          .getHostAddress();
    } catch (UnknownHostException e) {
      return "malformed";
    }
  }
}
