package io.podtls.examples.embedded;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestSpec;
import io.podtls.request.SignerName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/** The API server's rules for a new certificate signing request, and its words for a breach. */
final class RequestRules {
  private static final Set<String> USAGES =
      Set.of(
          "signing",
          "digital signature",
          "content commitment",
          "key encipherment",
          "key agreement",
          "data encipherment",
          "cert sign",
          "crl sign",
          "encipher only",
          "decipher only",
          "any",
          "server auth",
          "client auth",
          "code signing",
          "email protection",
          "s/mime",
          "ipsec end system",
          "ipsec tunnel",
          "ipsec user",
          "timestamping",
          "ocsp signing",
          "microsoft sgc",
          "netscape sgc");
  private static final int SHORTEST_LIFETIME_SECONDS = 600;
  private static final Pattern PEM_BLOCK =
      Pattern.compile(
          "(?m)^-----BEGIN ([^\\n]*)-----\\r?\\n([A-Za-z0-9+/=\\s]*)^-----END \\1-----");

  private RequestRules() {}

  /**
   * Finds what the API server would refuse.
   *
   * @return each breach as a sentence, none if the request is accepted
   */
  static List<String> breaches(String name, CertificateSigningRequestSpec spec) {
    List<String> breaches = new ArrayList<>();
    if (name.equals(".") || name.equals("..") || name.contains("/") || name.contains("%")) {
      breaches.add(
          "metadata.name: Invalid value: \""
              + name
              + "\": may not be '.' or '..', contain '/' or '%'");
    }
    try {
      SignerName.of(String.valueOf(spec.getSignerName()));
    } catch (IllegalArgumentException e) {
      breaches.add("spec.signerName: Invalid value: " + e.getMessage());
    }
    usages(spec.getUsages(), breaches);
    if (spec.getExpirationSeconds() != null
        && spec.getExpirationSeconds() < SHORTEST_LIFETIME_SECONDS) {
      breaches.add(
          "spec.expirationSeconds: Invalid value: may not specify a duration less than 600"
              + " seconds");
    }
    try {
      requireSigned(spec.getRequest());
    } catch (IOException
        | GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | RuntimeException e) {
      breaches.add("spec.request: Invalid value: " + e.getMessage());
    }
    return breaches;
  }

  private static void usages(List<String> usages, List<String> breaches) {
    if (usages.isEmpty()) {
      breaches.add("spec.usages: Required value: usages must be specified");
    }
    Set<String> seen = new HashSet<>();
    for (String usage : usages) {
      if (!USAGES.contains(usage)) {
        breaches.add("spec.usages: Unsupported value: \"" + usage + "\"");
      } else if (!seen.add(usage)) {
        breaches.add("spec.usages: Duplicate value: \"" + usage + "\"");
      }
    }
  }

  /** Requires a PKCS#10 in the first PEM block that is signed with the key in it. */
  private static void requireSigned(String base64OfPem)
      throws IOException, GeneralSecurityException, OperatorCreationException, PKCSException {
    String pem =
        new String(
            Base64.getDecoder().decode(String.valueOf(base64OfPem)), StandardCharsets.ISO_8859_1);
    Matcher block = PEM_BLOCK.matcher(pem);
    if (!block.find() || !block.group(1).equals("CERTIFICATE REQUEST")) {
      throw new IOException("PEM block type must be CERTIFICATE REQUEST");
    }
    JcaPKCS10CertificationRequest request =
        new JcaPKCS10CertificationRequest(Base64.getMimeDecoder().decode(block.group(2)));
    // By the key and not by its encoding, whose algorithm the JDK does not know as an OID.
    if (!request.isSignatureValid(
        new JcaContentVerifierProviderBuilder().build(request.getPublicKey()))) {
      throw new IOException("the signature is not of the key in the request");
    }
  }
}
