package io.podtls.identity;

import io.podtls.pem.Der;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.pkcs.AuthenticatedSafe;
import org.bouncycastle.asn1.pkcs.ContentInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.Pfx;
import org.bouncycastle.asn1.pkcs.SafeBag;
import org.jspecify.annotations.Nullable;

/**
 * What a PKCS#12 file (RFC 7292) holds besides what the JDK's key store shows of it.
 *
 * <p>A class of its own because it is looked at only to explain a failure: a reader that meets none
 * does not load Bouncy Castle for it.
 */
final class Pkcs12 {
  private Pkcs12() {}

  /** Whether a key lies in a keyBag (RFC 7292 4.2.1), which the JDK's key store passes over. */
  static boolean hasUnencryptedKey(byte[] file) {
    try {
      byte[] safes = content(Pfx.getInstance(file).getAuthSafe());
      if (safes == null) {
        return false;
      }
      for (ContentInfo safe : AuthenticatedSafe.getInstance(safes).getContentInfo()) {
        byte[] bags = content(safe);
        if (bags == null) {
          continue;
        }
        for (Object bag : ASN1Sequence.getInstance(bags)) {
          if (SafeBag.getInstance(bag).getBagId().equals(PKCSObjectIdentifiers.keyBag)) {
            return true;
          }
        }
      }
      return false;
    } catch (RuntimeException | StackOverflowError notReadable) {
      return false;
    }
  }

  /** The bytes of content that is neither encrypted nor signed, or null. */
  private static byte @Nullable [] content(ContentInfo info) {
    if (!info.getContentType().equals(PKCSObjectIdentifiers.data)) {
      return null;
    }
    byte[] bytes = ASN1OctetString.getInstance(info.getContent()).getOctets();
    return Der.problemInBer(bytes) == null ? bytes : null;
  }
}
