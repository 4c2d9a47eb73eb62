package io.podtls.controlplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** One of the control plane's own authorities: a self-signed P-256 root and what it issues. */
final class CertificateAuthority {
  private static final Duration LIFETIME = Duration.ofDays(10);

  private final Pair root;

  private CertificateAuthority(Pair root) {
    this.root = root;
  }

  /** A certificate with its key. */
  record Pair(X509Certificate certificate, PrivateKey key) {
    String certificatePem() {
      try {
        return pem("CERTIFICATE", certificate.getEncoded());
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    String keyPem() {
      return ecKeyPem(key);
    }

    /** Writes {@code name.crt} and {@code name.key} into the folder. */
    void writeTo(Path folder, String name) {
      try {
        Files.writeString(folder.resolve(name + ".crt"), certificatePem());
        Files.writeString(folder.resolve(name + ".key"), keyPem());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String toString() {
      return "Pair[" + certificate.getSubjectX500Principal() + "]";
    }
  }

  static CertificateAuthority named(String commonName) {
    KeyPair keys = newKeyPair();
    X500Name name = new X500Name("CN=" + commonName);
    try {
      X509v3CertificateBuilder certificate = template(name, name, keys.getPublic());
      certificate.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      certificate.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      return new CertificateAuthority(
          new Pair(sign(certificate, keys.getPrivate()), keys.getPrivate()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Pair root() {
    return root;
  }

  Pair issueServer(String subject, GeneralName... names) {
    return issue(subject, KeyPurposeId.id_kp_serverAuth, names);
  }

  Pair issueClient(String subject) {
    return issue(subject, KeyPurposeId.id_kp_clientAuth);
  }

  private Pair issue(String subject, KeyPurposeId purpose, GeneralName... names) {
    KeyPair keys = newKeyPair();
    try {
      X509v3CertificateBuilder certificate =
          template(
              new X500Name(root.certificate().getSubjectX500Principal().getName()),
              new X500Name(subject),
              keys.getPublic());
      certificate.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      certificate.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
      certificate.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils()
              .createAuthorityKeyIdentifier(root.certificate().getPublicKey()));
      if (names.length > 0) {
        certificate.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
      }
      return new Pair(sign(certificate, root.key()), keys.getPrivate());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static X509v3CertificateBuilder template(X500Name issuer, X500Name subject, PublicKey key)
      throws IOException {
    Instant now = Instant.now();
    X509v3CertificateBuilder certificate =
        new JcaX509v3CertificateBuilder(
            issuer,
            new BigInteger(120, new SecureRandom()).setBit(120),
            Date.from(now.minusSeconds(300)),
            Date.from(now.plus(LIFETIME)),
            subject,
            key);
    try {
      certificate.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    return certificate;
  }

  private static X509Certificate sign(X509v3CertificateBuilder certificate, PrivateKey key) {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(
              certificate.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
    } catch (OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static KeyPair newKeyPair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * An elliptic-curve key in the form of RFC 5915 4: fabric8 takes a kubeconfig's PKCS#8 key for an
   * RSA key.
   */
  static String ecKeyPem(PrivateKey key) {
    try {
      PrivateKeyInfo pkcs8 = PrivateKeyInfo.getInstance(key.getEncoded());
      BigInteger secret = ECPrivateKey.getInstance(pkcs8.parsePrivateKey()).getKey();
      return pem(
          "EC PRIVATE KEY",
          new ECPrivateKey(256, secret, pkcs8.getPrivateKeyAlgorithm().getParameters())
              .getEncoded());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String pem(String label, byte[] content) {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }
}
