package io.podtls.request;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * A usage of {@code certificates.k8s.io/v1}, by its API name. Each stands for one bit of the key
 * usage extension (RFC 5280 4.2.1.3) or one purpose of the extended key usage extension (RFC 5280
 * 4.2.1.12), as the built-in signers translate it.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public enum KeyUsage {
  /** {@code signing}: the bit digitalSignature, under its old name. */
  SIGNING("signing", 0),
  /** {@code digital signature}: the bit digitalSignature; TLS with (EC)DHE needs it. */
  DIGITAL_SIGNATURE("digital signature", 0),
  /** {@code content commitment}: the bit contentCommitment, also known as nonRepudiation. */
  CONTENT_COMMITMENT("content commitment", 1),
  /** {@code key encipherment}: the bit keyEncipherment; TLS with RSA key transport needs it. */
  KEY_ENCIPHERMENT("key encipherment", 2),
  /** {@code key agreement}: the bit keyAgreement. */
  KEY_AGREEMENT("key agreement", 4),
  /** {@code data encipherment}: the bit dataEncipherment. */
  DATA_ENCIPHERMENT("data encipherment", 3),
  /** {@code cert sign}: the bit keyCertSign, for CAs. */
  CERT_SIGN("cert sign", 5),
  /** {@code crl sign}: the bit cRLSign, for CAs. */
  CRL_SIGN("crl sign", 6),
  /** {@code encipher only}: the bit encipherOnly. */
  ENCIPHER_ONLY("encipher only", 7),
  /** {@code decipher only}: the bit decipherOnly. */
  DECIPHER_ONLY("decipher only", 8),
  /** {@code any}: the purpose anyExtendedKeyUsage. */
  ANY("any", "2.5.29.37.0"),
  /** {@code server auth}: the purpose of TLS servers. */
  SERVER_AUTH("server auth", "1.3.6.1.5.5.7.3.1"),
  /** {@code client auth}: the purpose of TLS clients. */
  CLIENT_AUTH("client auth", "1.3.6.1.5.5.7.3.2"),
  /** {@code code signing}. */
  CODE_SIGNING("code signing", "1.3.6.1.5.5.7.3.3"),
  /** {@code email protection}. */
  EMAIL_PROTECTION("email protection", "1.3.6.1.5.5.7.3.4"),
  /** {@code s/mime}: the same purpose as {@link #EMAIL_PROTECTION}. */
  S_MIME("s/mime", "1.3.6.1.5.5.7.3.4"),
  /** {@code ipsec end system}. */
  IPSEC_END_SYSTEM("ipsec end system", "1.3.6.1.5.5.7.3.5"),
  /** {@code ipsec tunnel}. */
  IPSEC_TUNNEL("ipsec tunnel", "1.3.6.1.5.5.7.3.6"),
  /** {@code ipsec user}. */
  IPSEC_USER("ipsec user", "1.3.6.1.5.5.7.3.7"),
  /** {@code timestamping}. */
  TIMESTAMPING("timestamping", "1.3.6.1.5.5.7.3.8"),
  /** {@code ocsp signing}. */
  OCSP_SIGNING("ocsp signing", "1.3.6.1.5.5.7.3.9"),
  /** {@code microsoft sgc}. */
  MICROSOFT_SGC("microsoft sgc", "1.3.6.1.4.1.311.10.3.3"),
  /** {@code netscape sgc}. */
  NETSCAPE_SGC("netscape sgc", "2.16.840.1.113730.4.1");

  private final String apiName;
  private final OptionalInt bit;
  private final Optional<String> purpose;

  KeyUsage(String apiName, int bit) {
    this.apiName = apiName;
    this.bit = OptionalInt.of(bit);
    this.purpose = Optional.empty();
  }

  KeyUsage(String apiName, String purpose) {
    this.apiName = apiName;
    this.bit = OptionalInt.empty();
    this.purpose = Optional.of(purpose);
  }

  /**
   * {@return the usage that the API spells like this}
   *
   * @param apiName e.g. {@code digital signature}; case and blanks count
   * @throws IllegalArgumentException if the API knows no such usage; the message lists those it
   *     knows
   */
  public static KeyUsage fromApiName(String apiName) {
    requireNonNull(apiName, "apiName");
    for (KeyUsage usage : values()) {
      if (usage.apiName.equals(apiName)) {
        return usage;
      }
    }
    throw new IllegalArgumentException(
        "usage \""
            + apiName
            + "\" is unknown to certificates.k8s.io/v1, which has: "
            + Arrays.stream(values()).map(KeyUsage::apiName).collect(Collectors.joining(", ")));
  }

  /** {@return the usage as the API spells it, e.g. {@code digital signature}} */
  public String apiName() {
    return apiName;
  }

  /**
   * {@return the bit of the key usage extension that this usage stands for: 0 (digitalSignature) to
   * 8 (decipherOnly), the index into {@link java.security.cert.X509Certificate#getKeyUsage()}}
   * Empty for an extended key usage.
   */
  public OptionalInt keyUsageBit() {
    return bit;
  }

  /**
   * {@return the object identifier of the extended key usage that this usage stands for, as {@link
   * java.security.cert.X509Certificate#getExtendedKeyUsage()} gives it} Empty for a bit of the key
   * usage extension.
   */
  public Optional<String> extendedKeyUsage() {
    return purpose;
  }

  /** {@return the usage as the API spells it} */
  @Override
  public String toString() {
    return apiName;
  }
}
