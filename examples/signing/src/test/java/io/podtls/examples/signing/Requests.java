package io.podtls.examples.signing;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.Signature;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.jspecify.annotations.Nullable;

/** Certificate signing requests as the API server keeps them, and PKCS#10s of any content. */
final class Requests {
  private static final KeyPair KEYS = newKeys();

  private Requests() {}

  /** Returns an object with that text in {@code spec.request}. */
  static CertificateSigningRequest csr(
      String pem, List<String> usages, @Nullable Duration expiration) {
    return new CertificateSigningRequestBuilder()
        .withNewMetadata()
        .withName("test")
        .endMetadata()
        .withNewSpec()
        .withSignerName("example.com/serving")
        .withUsername("system:serviceaccount:shop:orders")
        .withUsages(usages)
        .withExpirationSeconds(expiration == null ? null : (int) expiration.toSeconds())
        .withRequest(Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.ISO_8859_1)))
        .endSpec()
        .build();
  }

  /** Returns a PKCS#10 with a P-256 key: subject, one SAN as {@code DNS:x}, usages. */
  static byte[] signed(X500Name subject, String dnsName) throws Exception {
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    extensions.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(
            new GeneralName(GeneralName.dNSName, dnsName.substring(dnsName.indexOf(':') + 1))));
    extensions.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    extensions.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
    return new JcaPKCS10CertificationRequestBuilder(subject, KEYS.getPublic())
        .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(KEYS.getPrivate()))
        .getEncoded();
  }

  /** Returns a PKCS#10 with that CertificationRequestInfo, whatever it is, signed by the key. */
  static byte[] signed(byte[] info) throws Exception {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(KEYS.getPrivate());
    signature.update(info);
    byte[] algorithm =
        new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256).getEncoded(ASN1Encoding.DER);
    byte[] bits = new DERBitString(signature.sign()).getEncoded(ASN1Encoding.DER);
    return sequence(info, algorithm, bits);
  }

  /** Returns a SEQUENCE of encodings that need not be well-formed. */
  static byte[] sequence(byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    int length = content.size();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0x30);
    if (length >= 0x80) {
      int octets = (39 - Integer.numberOfLeadingZeros(length)) / 8;
      out.write(0x80 | octets);
      for (int shift = 8 * (octets - 1); shift > 0; shift -= 8) {
        out.write(length >> shift);
      }
    }
    out.write(length);
    out.writeBytes(content.toByteArray());
    return out.toByteArray();
  }

  /** Returns one PEM block. */
  static String pem(byte[] der) {
    return "-----BEGIN CERTIFICATE REQUEST-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END CERTIFICATE REQUEST-----\n";
  }

  private static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
