package io.podtls.identity;

import java.security.PublicKey;
import java.security.Signature;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/** Verifies a PKCS#10 request's P-256 signature with the JDK. */
final class SignatureCheck {
  private SignatureCheck() {}

  static boolean verifies(byte[] pkcs10, PublicKey key) throws Exception {
    PKCS10CertificationRequest request = new PKCS10CertificationRequest(pkcs10);
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initVerify(key);
    signature.update(request.toASN1Structure().getCertificationRequestInfo().getEncoded("DER"));
    return signature.verify(request.getSignature());
  }
}
