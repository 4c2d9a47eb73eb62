package io.podtls.fabric8.approval;

import io.podtls.request.KeyUsage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/** The extensions KeyUsage and ExtendedKeyUsage of a request (RFC 5280 4.2.1.3, 4.2.1.12). */
record RequestedUsages(List<String> names) {

  private static final Map<Integer, KeyUsage> BITS = new LinkedHashMap<>();
  private static final Map<KeyPurposeId, KeyUsage> PURPOSES = new LinkedHashMap<>();

  static {
    BITS.put(org.bouncycastle.asn1.x509.KeyUsage.digitalSignature, KeyUsage.DIGITAL_SIGNATURE);
    BITS.put(org.bouncycastle.asn1.x509.KeyUsage.nonRepudiation, KeyUsage.CONTENT_COMMITMENT);
    BITS.put(org.bouncycastle.asn1.x509.KeyUsage.keyEncipherment, KeyUsage.KEY_ENCIPHERMENT);
    BITS.put(org.bouncycastle.asn1.x509.KeyUsage.dataEncipherment, KeyUsage.DATA_ENCIPHERMENT);
    BITS.put(org.bouncycastle.asn1.x509.KeyUsage.keyAgreement, KeyUsage.KEY_AGREEMENT);
    BITS.put(org.bouncycastle.asn1.x509.KeyUsage.keyCertSign, KeyUsage.CERT_SIGN);
    BITS.put(org.bouncycastle.asn1.x509.KeyUsage.cRLSign, KeyUsage.CRL_SIGN);
    BITS.put(org.bouncycastle.asn1.x509.KeyUsage.encipherOnly, KeyUsage.ENCIPHER_ONLY);
    BITS.put(org.bouncycastle.asn1.x509.KeyUsage.decipherOnly, KeyUsage.DECIPHER_ONLY);
    PURPOSES.put(KeyPurposeId.anyExtendedKeyUsage, KeyUsage.ANY);
    PURPOSES.put(KeyPurposeId.id_kp_serverAuth, KeyUsage.SERVER_AUTH);
    PURPOSES.put(KeyPurposeId.id_kp_clientAuth, KeyUsage.CLIENT_AUTH);
    PURPOSES.put(KeyPurposeId.id_kp_codeSigning, KeyUsage.CODE_SIGNING);
    PURPOSES.put(KeyPurposeId.id_kp_emailProtection, KeyUsage.EMAIL_PROTECTION);
    PURPOSES.put(KeyPurposeId.id_kp_ipsecEndSystem, KeyUsage.IPSEC_END_SYSTEM);
    PURPOSES.put(KeyPurposeId.id_kp_ipsecTunnel, KeyUsage.IPSEC_TUNNEL);
    PURPOSES.put(KeyPurposeId.id_kp_ipsecUser, KeyUsage.IPSEC_USER);
    PURPOSES.put(KeyPurposeId.id_kp_timeStamping, KeyUsage.TIMESTAMPING);
    PURPOSES.put(KeyPurposeId.id_kp_OCSPSigning, KeyUsage.OCSP_SIGNING);
  }

  static RequestedUsages of(
      Optional<ASN1Encodable> keyUsage, Optional<ASN1Encodable> extendedKeyUsage) {
    List<String> names = new ArrayList<>();
    keyUsage
        .map(org.bouncycastle.asn1.x509.KeyUsage::getInstance)
        .ifPresent(
            bits ->
                BITS.forEach(
                    (bit, usage) -> {
                      if (bits.hasUsages(bit)) {
                        names.add(usage.apiName());
                      }
                    }));
    extendedKeyUsage
        .map(ExtendedKeyUsage::getInstance)
        .ifPresent(
            purposes -> {
              for (KeyPurposeId purpose : purposes.getUsages()) {
                KeyUsage known = PURPOSES.get(purpose);
                names.add(known == null ? purpose.getId() : known.apiName());
              }
            });
    return new RequestedUsages(List.copyOf(names));
  }
}
