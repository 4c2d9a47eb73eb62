package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.pem.Pem;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/** Reads {@code spec.request} of a CertificateSigningRequest: base64 of PEM text. */
final class SpecRequest {

  private SpecRequest() {}

  /**
   * Reads the PKCS#10 in it; nothing in it is verified.
   *
   * @throws IOException if there is none, saying why
   */
  static PKCS10CertificationRequest read(String base64OfPem) throws IOException {
    try {
      String pem = new String(Base64.getDecoder().decode(base64OfPem), ISO_8859_1);
      List<Pem.Block> blocks = Pem.parse("spec.request", pem).blocks(Pem.CERTIFICATE_REQUEST);
      if (blocks.isEmpty()) {
        throw new IOException("no block CERTIFICATE REQUEST");
      }
      return new PKCS10CertificationRequest(blocks.get(0).der());
    } catch (InvalidMaterialException e) {
      throw new IOException(e.getMessage(), e);
    } catch (RuntimeException e) {
      // Bouncy Castle reports malformed structures with many kinds of unchecked exceptions.
      throw new IOException("malformed", e);
    }
  }
}
