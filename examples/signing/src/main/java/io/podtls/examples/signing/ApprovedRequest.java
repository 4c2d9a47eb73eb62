package io.podtls.examples.signing;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.podtls.fabric8.approval.Pkcs10Content;
import io.podtls.fabric8.approval.Requester;
import io.podtls.fabric8.approval.ReviewedRequest;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.request.SubjectAlternativeName;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/**
 * The content of an approved request: a key, names, usages and a lifetime. Nothing else of the
 * request gets into a certificate.
 *
 * <p>It is read by the reader that the approver uses, so that both see the same request.
 *
 * <p><b>Thread safety:</b> immutable.
 */
final class ApprovedRequest {
  private final Requester requester;
  private final PublicKey key;
  private final X500Name subject;
  private final Optional<GeneralNames> names;
  private final Usages usages;
  private final Optional<Duration> expiration;

  private ApprovedRequest(ReviewedRequest request) throws RequestRefusedException {
    Pkcs10Content pkcs10 = request.pkcs10();
    this.requester = request.requester();
    this.key = strong(pkcs10.publicKey());
    this.subject = subject(pkcs10);
    this.names = names(pkcs10);
    this.usages = Usages.of(request.usages(), key);
    this.expiration = request.expiration();
    if (pkcs10.certificateAuthority()) {
      throw new RequestRefusedException("the request asks for a CA certificate (CA:TRUE)");
    }
    if (names.isEmpty() && subject.getRDNs().length == 0) {
      throw new RequestRefusedException("the request has neither a subject nor a SAN");
    }
  }

  /**
   * Reads a request and checks what an authority must not leave to an approver: that the requester
   * holds the key, that the key is strong enough, and that the certificate is a leaf's.
   *
   * @throws RequestRefusedException if the request cannot be read, or fails a check
   */
  static ApprovedRequest read(CertificateSigningRequest csr) throws RequestRefusedException {
    try {
      return new ApprovedRequest(ReviewedRequest.of(csr));
    } catch (InvalidMaterialException e) {
      throw new RequestRefusedException(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException e) {
      throw new RequestRefusedException("the request cannot be read: " + e, e);
    } catch (StackOverflowError e) {
      throw new RequestRefusedException("the request is nested too deeply to be read", e);
    }
  }

  private static PublicKey strong(PublicKey key) throws RequestRefusedException {
    boolean strong =
        key instanceof RSAPublicKey rsa
            ? rsa.getModulus().bitLength() >= 2048
            : !(key instanceof ECPublicKey ec)
                || ec.getParams().getCurve().getField().getFieldSize() >= 256;
    if (!strong) {
      throw new RequestRefusedException("the key is weaker than RSA 2048 or P-256");
    }
    return key;
  }

  private static X500Name subject(Pkcs10Content pkcs10) throws RequestRefusedException {
    X500Name subject = X500Name.getInstance(pkcs10.subject().getEncoded());
    if (Arrays.stream(subject.getRDNs()).anyMatch(rdn -> rdn.size() == 0)) {
      throw new RequestRefusedException(
          "the subject has an empty relative distinguished name (RFC 5280 4.1.2.4)");
    }
    return subject;
  }

  private static Optional<GeneralNames> names(Pkcs10Content pkcs10) throws RequestRefusedException {
    if (!pkcs10.otherNameKinds().isEmpty()) {
      throw new RequestRefusedException(
          "a SAN is neither DNS name, IP address, URI nor e-mail address: "
              + String.join(", ", pkcs10.otherNameKinds()));
    }
    List<GeneralName> names = new ArrayList<>();
    for (SubjectAlternativeName name : pkcs10.subjectAlternativeNames()) {
      names.add(generalName(name));
    }
    return names.isEmpty()
        ? Optional.empty()
        : Optional.of(new GeneralNames(names.toArray(new GeneralName[0])));
  }

  private static GeneralName generalName(SubjectAlternativeName name) {
    return switch (name.kind()) {
      case DNS -> new GeneralName(GeneralName.dNSName, name.value());
      case URI -> new GeneralName(GeneralName.uniformResourceIdentifier, name.value());
      case EMAIL -> new GeneralName(GeneralName.rfc822Name, name.value());
      case IP_ADDRESS -> {
        try {
          // A literal: no name is resolved.
          byte[] octets = InetAddress.getByName(name.value()).getAddress();
          yield new GeneralName(GeneralName.iPAddress, new DEROctetString(octets));
        } catch (UnknownHostException e) {
          throw new IllegalStateException("not an address: " + name, e);
        }
      }
    };
  }

  /** Returns the account that made the request. */
  Requester requester() {
    return requester;
  }

  PublicKey key() {
    return key;
  }

  /** Returns the subject; it may be empty if there are {@link #names()}. */
  X500Name subject() {
    return subject;
  }

  Optional<GeneralNames> names() {
    return names;
  }

  Usages usages() {
    return usages;
  }

  Optional<Duration> expiration() {
    return expiration;
  }
}
