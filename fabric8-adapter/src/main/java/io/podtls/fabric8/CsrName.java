package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.podtls.identity.PendingIdentity;
import io.podtls.request.KeyUsage;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The name of a CertificateSigningRequest, derived from the key and what is asked for it.
 *
 * <p>The same request always has the same name, so that after a lost answer a second CREATE finds
 * the first one's object instead of making another; no two keys share a name.
 */
final class CsrName {

  private static final int HASH_BYTES = 12;

  private CsrName() {}

  /**
   * Names a request.
   *
   * @param prefix what the name starts with
   * @param pending the key and what is asked for it
   * @param ordinal 0 at first, greater if another requester's object has the name before
   */
  static String of(String prefix, PendingIdentity pending, int ordinal) {
    MessageDigest digest = sha256();
    digest.update(pending.publicKey().getEncoded());
    digest.update(pending.request().signerName().toString().getBytes(UTF_8));
    for (String usage : usages(pending)) {
      digest.update((byte) 0);
      digest.update(usage.getBytes(UTF_8));
    }
    digest.update((byte) ordinal);
    return prefix + HexFormat.of().formatHex(digest.digest(), 0, HASH_BYTES);
  }

  /** The usages as the API spells them, sorted. */
  static List<String> usages(PendingIdentity pending) {
    return pending.request().usages().stream().map(KeyUsage::apiName).sorted().toList();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
