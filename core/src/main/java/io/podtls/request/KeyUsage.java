package io.podtls.request;

/** A usage of {@code certificates.k8s.io/v1}, by its API name. */
public enum KeyUsage {
  SIGNING("signing"),
  DIGITAL_SIGNATURE("digital signature"),
  CONTENT_COMMITMENT("content commitment"),
  KEY_ENCIPHERMENT("key encipherment"),
  KEY_AGREEMENT("key agreement"),
  DATA_ENCIPHERMENT("data encipherment"),
  CERT_SIGN("cert sign"),
  CRL_SIGN("crl sign"),
  ENCIPHER_ONLY("encipher only"),
  DECIPHER_ONLY("decipher only"),
  ANY("any"),
  SERVER_AUTH("server auth"),
  CLIENT_AUTH("client auth"),
  CODE_SIGNING("code signing"),
  EMAIL_PROTECTION("email protection"),
  S_MIME("s/mime"),
  IPSEC_END_SYSTEM("ipsec end system"),
  IPSEC_TUNNEL("ipsec tunnel"),
  IPSEC_USER("ipsec user"),
  TIMESTAMPING("timestamping"),
  OCSP_SIGNING("ocsp signing"),
  MICROSOFT_SGC("microsoft sgc"),
  NETSCAPE_SGC("netscape sgc");

  private final String apiName;

  KeyUsage(String apiName) {
    this.apiName = apiName;
  }

  /** Returns the usage as the API spells it, e.g. {@code digital signature}. */
  public String apiName() {
    return apiName;
  }
}
