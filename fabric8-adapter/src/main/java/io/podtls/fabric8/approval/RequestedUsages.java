package io.podtls.fabric8.approval;

import io.podtls.request.KeyUsage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/** The extensions KeyUsage and ExtendedKeyUsage of a request (RFC 5280 4.2.1.3, 4.2.1.12). */
record RequestedUsages(List<String> names) {

  static RequestedUsages of(
      Optional<ASN1Encodable> keyUsage, Optional<ASN1Encodable> extendedKeyUsage) {
    List<String> names = new ArrayList<>();
    keyUsage.map(ASN1BitString::getInstance).ifPresent(bits -> addBits(bits.getBytes(), names));
    extendedKeyUsage
        .map(ExtendedKeyUsage::getInstance)
        .ifPresent(purposes -> addPurposes(purposes.getUsages(), names));
    return new RequestedUsages(List.copyOf(names));
  }

  private static void addBits(byte[] bits, List<String> names) {
    for (int bit = 0; bit < bits.length * 8; bit++) {
      if ((bits[bit / 8] & 0x80 >> bit % 8) != 0) {
        names.add(nameOfBit(bit));
      }
    }
  }

  private static String nameOfBit(int bit) {
    return bit == 0
        ? KeyUsage.DIGITAL_SIGNATURE.apiName() // not by its old name
        : Arrays.stream(KeyUsage.values())
            .filter(usage -> usage.keyUsageBit().orElse(-1) == bit)
            .map(KeyUsage::apiName)
            .findFirst()
            .orElse("key usage bit " + bit);
  }

  private static void addPurposes(KeyPurposeId[] purposes, List<String> names) {
    for (KeyPurposeId purpose : purposes) {
      names.add(
          Arrays.stream(KeyUsage.values())
              .filter(usage -> usage.extendedKeyUsage().equals(Optional.of(purpose.getId())))
              .map(KeyUsage::apiName)
              .findFirst()
              .orElse(purpose.getId()));
    }
  }
}
