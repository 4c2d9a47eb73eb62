package io.podtls.fabric8.approval;

import io.podtls.request.KeyUsage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1BitString;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;

/** The extensions KeyUsage and ExtendedKeyUsage of a request (RFC 5280 4.2.1.3, 4.2.1.12). */
record RequestedUsages(List<String> names) {

  /** Nine have names. Each is a word here, and a request has room for some 380,000 of them. */
  private static final int MOST_BITS = 16;

  static RequestedUsages of(
      @Nullable ASN1Primitive keyUsage, @Nullable ASN1Primitive extendedKeyUsage)
      throws InvalidContentException, IOException {
    List<String> names = new ArrayList<>();
    if (keyUsage != null) {
      byte[] bits = ASN1BitString.getInstance(keyUsage).getBytes();
      if (bits.length > MOST_BITS / 8) {
        throw new InvalidContentException(
            "the value of KeyUsage has more than " + MOST_BITS + " bits, of which nine have names");
      }
      addBits(bits, names);
    }
    if (extendedKeyUsage != null) {
      ExtendedKeyUsage purposes = ExtendedKeyUsage.getInstance(extendedKeyUsage);
      Pkcs10Content.requireDer(
          purposes, extendedKeyUsage.getEncoded(ASN1Encoding.DER), "the value of ExtendedKeyUsage");
      addPurposes(purposes.getUsages(), names);
    }
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
