package io.podtls.fabric8.approval;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSASSAPSSparams;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.DefaultSignatureAlgorithmIdentifierFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Makes PKCS#10 requests, honest ones and others. */
final class TestPkcs10 {

  /** Key generation is most of a test's time, and which key it is matters to few tests. */
  private static final KeyPair EC_KEY = ecKey("secp256r1");

  private KeyPair keys = EC_KEY;
  private KeyPair signingKeys = EC_KEY;
  private String signatureAlgorithm = "SHA256withECDSA";
  private X500Name subject = new X500Name(new org.bouncycastle.asn1.x500.RDN[0]);
  private final List<GeneralName> names = new ArrayList<>();
  private final ExtensionsGenerator extensions = new ExtensionsGenerator();
  private final List<ASN1Encodable> furtherExtensionRequests = new ArrayList<>();
  private final List<ASN1ObjectIdentifier> furtherAttributes = new ArrayList<>();

  /** One with these DNS names. */
  static TestPkcs10 dns(String... dnsNames) {
    return new TestPkcs10().andDns(dnsNames);
  }

  /** One with these IP addresses. */
  static TestPkcs10 ip(String... addresses) {
    return new TestPkcs10().andIp(addresses);
  }

  TestPkcs10 andDns(String... dnsNames) {
    for (String name : dnsNames) {
      names.add(new GeneralName(GeneralName.dNSName, name));
    }
    return this;
  }

  TestPkcs10 andIp(String... addresses) {
    for (String address : addresses) {
      names.add(new GeneralName(GeneralName.iPAddress, address));
    }
    return this;
  }

  TestPkcs10 andName(GeneralName name) {
    names.add(name);
    return this;
  }

  TestPkcs10 andUri(String uri) {
    return andName(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
  }

  TestPkcs10 subject(String distinguishedName) {
    this.subject = new X500Name(distinguishedName);
    return this;
  }

  TestPkcs10 extension(ASN1ObjectIdentifier type, ASN1Encodable value) {
    try {
      extensions.addExtension(type, false, value);
      return this;
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** With these bytes as an extension's value, whatever they are. */
  TestPkcs10 extension(ASN1ObjectIdentifier type, byte[] value) {
    extensions.addExtension(type, false, value);
    return this;
  }

  TestPkcs10 certificateAuthority() {
    return extension(Extension.basicConstraints, new BasicConstraints(true));
  }

  TestPkcs10 keyUsage(int bits) {
    return extension(Extension.keyUsage, new KeyUsage(bits));
  }

  TestPkcs10 purposes(KeyPurposeId... purposes) {
    return extension(Extension.extendedKeyUsage, new ExtendedKeyUsage(purposes));
  }

  /** A second attribute extensionRequest, which some readers see and some do not. */
  TestPkcs10 hiddenDns(String name) {
    furtherExtensionRequests.add(
        new Extensions(subjectAlternativeNames(new GeneralName(GeneralName.dNSName, name))));
    return this;
  }

  TestPkcs10 hiddenCertificateAuthority() {
    try {
      furtherExtensionRequests.add(
          new Extensions(
              new Extension(
                  Extension.basicConstraints, true, new BasicConstraints(true).getEncoded())));
      return this;
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  TestPkcs10 attribute(ASN1ObjectIdentifier type) {
    furtherAttributes.add(type);
    return this;
  }

  TestPkcs10 key(KeyPair pair, String algorithm) {
    this.keys = pair;
    this.signingKeys = pair;
    this.signatureAlgorithm = algorithm;
    return this;
  }

  /** Signed with another key than the one in the request. */
  TestPkcs10 signedByAnother() {
    this.signingKeys = ecKey("secp256r1");
    return this;
  }

  byte[] der() {
    try {
      PKCS10CertificationRequestBuilder builder =
          new JcaPKCS10CertificationRequestBuilder(subject, keys.getPublic());
      if (!names.isEmpty()) {
        extensions.addExtension(subjectAlternativeNames(names.toArray(new GeneralName[0])));
      }
      if (!extensions.isEmpty()) {
        builder.addAttribute(
            PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
      }
      for (ASN1Encodable further : furtherExtensionRequests) {
        builder.addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, further);
      }
      for (ASN1ObjectIdentifier type : furtherAttributes) {
        builder.addAttribute(type, new org.bouncycastle.asn1.DERUTF8String("value"));
      }
      PKCS10CertificationRequest request =
          builder.build(
              signatureAlgorithm.equals("RSASSA-PSS")
                  ? new PssSigner(signingKeys.getPrivate())
                  : new JcaContentSignerBuilder(signatureAlgorithm)
                      .build(signingKeys.getPrivate()));
      return request.getEncoded();
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Signs a CertificationRequestInfo, whatever its bytes are (RFC 2986 4.2). */
  static byte[] signed(byte[] info, KeyPair keys, String algorithm) {
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(keys.getPrivate());
      signature.update(info);
      byte[] identifier =
          new DefaultSignatureAlgorithmIdentifierFinder().find(algorithm).getEncoded("DER");
      return tlv(0x30, info, identifier, new DERBitString(signature.sign()).getEncoded("DER"));
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One DER object: the tag, a length, and the parts as its content. */
  static byte[] tlv(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    int length = content.size();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(tag);
    if (length >= 0x80) {
      int bytes = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
      all.write(0x80 | bytes);
      for (int shift = 8 * (bytes - 1); shift > 0; shift -= 8) {
        all.write(length >> shift);
      }
    }
    all.write(length);
    all.writeBytes(content.toByteArray());
    return all.toByteArray();
  }

  String pem() {
    return pem(der());
  }

  static String pem(byte[] der) {
    return pem(der, 64);
  }

  /** With lines of that many characters, 0 for all on one. */
  static String pem(byte[] der, int lineLength) {
    return "-----BEGIN CERTIFICATE REQUEST-----\n"
        + Base64.getMimeEncoder(lineLength, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END CERTIFICATE REQUEST-----\n";
  }

  /** The value of {@code spec.request}. */
  String specRequest() {
    return specRequest(pem());
  }

  static String specRequest(String pem) {
    return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.ISO_8859_1));
  }

  static KeyPair ecKey(String curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static KeyPair rsaKey(int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(bits);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static KeyPair ed25519Key() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static Extension subjectAlternativeNames(GeneralName... names) {
    try {
      return new Extension(
          Extension.subjectAlternativeName, false, new GeneralNames(names).getEncoded());
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Bouncy Castle asks the JDK for RSASSA-PSS by a name that the JDK does not know. */
  private record PssSigner(PrivateKey key, ByteArrayOutputStream content) implements ContentSigner {
    PssSigner(PrivateKey key) {
      this(key, new ByteArrayOutputStream());
    }

    @Override
    public AlgorithmIdentifier getAlgorithmIdentifier() {
      AlgorithmIdentifier sha256 =
          new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256, DERNull.INSTANCE);
      return new AlgorithmIdentifier(
          PKCSObjectIdentifiers.id_RSASSA_PSS,
          new RSASSAPSSparams(
              sha256,
              new AlgorithmIdentifier(PKCSObjectIdentifiers.id_mgf1, sha256),
              new ASN1Integer(32),
              RSASSAPSSparams.DEFAULT_TRAILER_FIELD));
    }

    @Override
    public OutputStream getOutputStream() {
      return content;
    }

    @Override
    public byte[] getSignature() {
      try {
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(
            new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        signature.initSign(key);
        signature.update(content.toByteArray());
        return signature.sign();
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
