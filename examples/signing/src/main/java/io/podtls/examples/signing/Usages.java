package io.podtls.examples.signing;

import static java.util.Map.entry;

import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;

/** The usages of {@code certificates.k8s.io/v1} that a workload may have, as X.509 extensions. */
final class Usages {
  private static final Map<String, Integer> KEY_USAGES =
      Map.ofEntries(
          entry("signing", KeyUsage.digitalSignature),
          entry("digital signature", KeyUsage.digitalSignature),
          entry("key encipherment", KeyUsage.keyEncipherment),
          entry("key agreement", KeyUsage.keyAgreement));

  private static final Map<String, KeyPurposeId> PURPOSES =
      Map.ofEntries(
          entry("server auth", KeyPurposeId.id_kp_serverAuth),
          entry("client auth", KeyPurposeId.id_kp_clientAuth));

  private final int keyUsage;
  private final List<KeyPurposeId> purposes;

  private Usages(int keyUsage, List<KeyPurposeId> purposes) {
    this.keyUsage = keyUsage;
    this.purposes = purposes;
  }

  /**
   * Translates the names of usages. Leaves out {@code key encipherment} and {@code key agreement}
   * for keys that are not made for it (RFC 3279 2.3, RFC 5480 3, RFC 8410 5): many requests ask for
   * the former with every kind of key.
   *
   * @throws RequestRefusedException if a usage is not one of a leaf
   */
  static Usages of(Collection<String> names, PublicKey key) throws RequestRefusedException {
    int keyUsage = 0;
    List<KeyPurposeId> purposes = new ArrayList<>();
    for (String name : names) {
      Integer bit = KEY_USAGES.get(name);
      KeyPurposeId purpose = PURPOSES.get(name);
      if (bit != null) {
        keyUsage |= bit;
      } else if (purpose != null) {
        purposes.add(purpose);
      } else {
        TreeSet<String> known = new TreeSet<>(KEY_USAGES.keySet());
        known.addAll(PURPOSES.keySet());
        throw new RequestRefusedException(
            "usage \"" + name + "\" is not issued here; these are: " + String.join(", ", known));
      }
    }
    if (purposes.isEmpty()) {
      throw new RequestRefusedException("neither server auth nor client auth is among the usages");
    }
    if (!(key instanceof RSAPublicKey)) {
      keyUsage &= ~KeyUsage.keyEncipherment;
    }
    if (!(key instanceof ECPublicKey)) {
      keyUsage &= ~KeyUsage.keyAgreement;
    }
    return new Usages(keyUsage, purposes);
  }

  /** Returns the bits of the KeyUsage extension, 0 for none. */
  int keyUsage() {
    return keyUsage;
  }

  ExtendedKeyUsage extendedKeyUsage() {
    return new ExtendedKeyUsage(purposes.toArray(new KeyPurposeId[0]));
  }
}
