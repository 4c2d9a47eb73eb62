package io.podtls.examples.signing;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority: its certificate, the path from there to a root, and its key.
 *
 * <p>It signs leaves only, with what was approved and nothing else: the request's subject and SANs,
 * the object's usages, and a lifetime that is the shortest of what was asked for, what is allowed
 * here and what is left of the certificates in the path.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class CertificateAuthority {
  /** Allowance for relying parties whose clocks are slow, as Kubernetes' signers have it. */
  private static final Duration BACKDATING = Duration.ofMinutes(5);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final List<X509Certificate> path;
  private final PrivateKey key;

  private CertificateAuthority(List<X509Certificate> path, PrivateKey key) {
    this.path = List.copyOf(path);
    this.key = key;
  }

  /**
   * Makes a new root with a P-256 key that may sign any name.
   *
   * @param commonName its name, at most 64 characters
   * @param lifetime how long it is valid from now, positive; also backdated by 5 minutes
   */
  public static CertificateAuthority create(String commonName, Duration lifetime) {
    return create(commonName, lifetime, NameConstraints.none());
  }

  /**
   * Makes a new root with a P-256 key.
   *
   * @param commonName its name, at most 64 characters
   * @param lifetime how long it is valid from now, positive; also backdated by 5 minutes
   * @param constraints the names that it may sign
   */
  public static CertificateAuthority create(
      String commonName, Duration lifetime, NameConstraints constraints) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair keys = generator.generateKeyPair();
      X500Name name = new X500NameBuilder().addRDN(BCStyle.CN, commonName).build();
      Instant now = Instant.now();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name,
              newSerialNumber(),
              Date.from(now.minus(BACKDATING)),
              Date.from(now.plus(lifetime)),
              name,
              keys.getPublic());
      JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          identifiers.createSubjectKeyIdentifier(keys.getPublic()));
      constraints.addTo(builder);
      X509Certificate root =
          new JcaX509CertificateConverter()
              .getCertificate(builder.build(signer(keys.getPrivate())));
      return new CertificateAuthority(List.of(root), keys.getPrivate());
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("cannot make a certificate authority", e);
    }
  }

  /**
   * Reads an authority from PEM.
   *
   * @param source the origin of the text, for messages
   * @param certificates its certificate, then, if it is not a root, those that lead to the root
   * @param privateKey its key, not encrypted: PKCS#8, PKCS#1 or SEC1
   * @throws IllegalArgumentException if certificate and key cannot be used to sign, with the reason
   */
  public static CertificateAuthority fromPem(
      String source, String certificates, String privateKey) {
    requireNonNull(source, "source");
    List<X509Certificate> path = new ArrayList<>();
    PrivateKey key = null;
    try {
      for (Object block : blocks(certificates)) {
        if (block instanceof X509CertificateHolder holder) {
          path.add(new JcaX509CertificateConverter().getCertificate(holder));
        }
      }
      for (Object block : blocks(privateKey)) {
        if (block instanceof PEMKeyPair pair) {
          key = new JcaPEMKeyConverter().getKeyPair(pair).getPrivate();
        } else if (block instanceof PrivateKeyInfo pkcs8) {
          key = new JcaPEMKeyConverter().getPrivateKey(pkcs8);
        }
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(source + ": not readable as PEM", e);
    }
    if (path.isEmpty()) {
      throw new IllegalArgumentException(source + ": no certificate found");
    }
    if (key == null) {
      throw new IllegalArgumentException(source + ": no unencrypted private key found");
    }
    String problem = problem(path.get(0), key);
    if (problem != null) {
      throw new IllegalArgumentException(
          source + ": " + path.get(0).getSubjectX500Principal() + " " + problem);
    }
    return new CertificateAuthority(path, key);
  }

  private static List<Object> blocks(String pem) throws IOException {
    List<Object> blocks = new ArrayList<>();
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      for (Object block = parser.readObject(); block != null; block = parser.readObject()) {
        blocks.add(block);
      }
    }
    return blocks;
  }

  private static @Nullable String problem(X509Certificate certificate, PrivateKey key) {
    boolean[] keyUsage = certificate.getKeyUsage();
    if (certificate.getBasicConstraints() < 0) {
      return "is not a CA certificate";
    }
    if (keyUsage != null && !keyUsage[5]) {
      return "may not sign certificates (key usage)";
    }
    try {
      byte[] probe = new byte[32];
      Signature signature = Signature.getInstance(signatureAlgorithm(key));
      signature.initSign(key);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      signature.update(probe);
      return signature.verify(signed) ? null : "belongs to another key";
    } catch (GeneralSecurityException e) {
      return "belongs to another kind of key";
    }
  }

  /** Returns the certificate of the authority. */
  public X509Certificate certificate() {
    return path.get(0);
  }

  /** Returns the certificate that relying parties trust: the last of the path, normally a root. */
  public X509Certificate anchor() {
    return path.get(path.size() - 1);
  }

  /** Returns the key as unencrypted PKCS#8 PEM, which belongs into a Secret and nowhere else. */
  public String exportPrivateKeyUnencrypted() {
    return pem("PRIVATE KEY", key.getEncoded());
  }

  /** Returns the authority's certificate and those that lead to its root, as PEM. */
  public String pathPem() {
    return pem(path);
  }

  /**
   * Signs a request, whether or not it is approved.
   *
   * @param csr the request
   * @param longest the longest lifetime that is allowed, also the default
   * @param now the present
   * @return leaf first, then intermediates, without the root
   * @throws RequestRefusedException if the request cannot be read, or no certificate be made of it
   * @throws IllegalStateException if the authority cannot sign now, for any request
   */
  public List<X509Certificate> sign(CertificateSigningRequest csr, Duration longest, Instant now)
      throws RequestRefusedException {
    return sign(ApprovedRequest.read(csr), longest, now);
  }

  /**
   * Signs a request.
   *
   * @param request the approved request
   * @param longest the longest lifetime that is allowed, also the default
   * @param now the present
   * @return leaf first, then intermediates, without the root
   * @throws RequestRefusedException if no certificate can be made of the request
   * @throws IllegalStateException if the authority cannot sign now, for any request
   */
  List<X509Certificate> sign(ApprovedRequest request, Duration longest, Instant now)
      throws RequestRefusedException {
    Instant notAfter = now.plus(longest);
    Instant asked = now.plus(request.expiration().orElse(longest));
    if (asked.isBefore(notAfter)) {
      notAfter = asked;
    }
    Instant notBefore = now.minus(BACKDATING);
    for (X509Certificate above : path) {
      if (above.getNotAfter().toInstant().isBefore(notAfter)) {
        notAfter = above.getNotAfter().toInstant();
      }
      if (above.getNotBefore().toInstant().isAfter(notBefore)) {
        notBefore = above.getNotBefore().toInstant();
      }
    }
    if (!notAfter.isAfter(now)) {
      throw new IllegalStateException("the certificate of the CA expired at " + notAfter);
    }
    for (X509Certificate above : path) {
      NameConstraints.of(above).check(request);
    }
    List<X509Certificate> chain = new ArrayList<>();
    chain.add(leaf(request, notBefore, notAfter));
    for (X509Certificate above : path) {
      if (!above.getSubjectX500Principal().equals(above.getIssuerX500Principal())) {
        chain.add(above);
      }
    }
    return List.copyOf(chain);
  }

  private X509Certificate leaf(ApprovedRequest request, Instant notBefore, Instant notAfter)
      throws RequestRefusedException {
    ContentSigner signer = signer(key);
    try {
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              X500Name.getInstance(certificate().getSubjectX500Principal().getEncoded()),
              newSerialNumber(),
              Date.from(notBefore),
              Date.from(notAfter),
              request.subject(),
              request.key());
      JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      if (request.usages().keyUsage() != 0) {
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(request.usages().keyUsage()));
      }
      builder.addExtension(Extension.extendedKeyUsage, false, request.usages().extendedKeyUsage());
      if (request.names().isPresent()) {
        // RFC 5280 4.2.1.6: critical where the subject is empty.
        boolean critical = request.subject().getRDNs().length == 0;
        builder.addExtension(
            Extension.subjectAlternativeName, critical, request.names().orElseThrow());
      }
      builder.addExtension(
          Extension.authorityKeyIdentifier, false, authorityKeyIdentifier(identifiers));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          identifiers.createSubjectKeyIdentifier(request.key()));
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      throw new RequestRefusedException("no certificate can be made of the request: " + e, e);
    } catch (StackOverflowError e) {
      throw new RequestRefusedException("the request is nested too deeply for a certificate", e);
    }
  }

  /** Returns the CA's key identifier if it has one (RFC 5280 4.2.1.1), else one of its key. */
  private AuthorityKeyIdentifier authorityKeyIdentifier(JcaX509ExtensionUtils identifiers)
      throws GeneralSecurityException {
    SubjectKeyIdentifier present =
        SubjectKeyIdentifier.fromExtensions(
            new JcaX509CertificateHolder(certificate()).getExtensions());
    return present == null
        ? identifiers.createAuthorityKeyIdentifier(certificate().getPublicKey())
        : new AuthorityKeyIdentifier(present.getKeyIdentifier());
  }

  private static ContentSigner signer(PrivateKey key) {
    try {
      return new JcaContentSignerBuilder(signatureAlgorithm(key)).build(key);
    } catch (OperatorCreationException e) {
      throw new IllegalStateException("cannot sign with the key of the CA", e);
    }
  }

  private static String signatureAlgorithm(PrivateKey key) {
    if (key instanceof ECKey ec) {
      int bits = ec.getParams().getCurve().getField().getFieldSize();
      return bits > 384 ? "SHA512withECDSA" : bits > 256 ? "SHA384withECDSA" : "SHA256withECDSA";
    }
    return switch (key.getAlgorithm()) {
      case "RSA" -> "SHA256withRSA";
      case "EdDSA", "Ed25519" -> "Ed25519";
      default ->
          throw new IllegalArgumentException("cannot sign with a key of " + key.getAlgorithm());
    };
  }

  /** Returns a positive number of 127 bits, 126 of them random (RFC 5280 4.1.2.2). */
  private static BigInteger newSerialNumber() {
    return new BigInteger(126, RANDOM).setBit(126);
  }

  /** Returns the certificates as PEM, one block each. */
  static String pem(List<X509Certificate> certificates) {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      try {
        text.append(pem("CERTIFICATE", certificate.getEncoded()));
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("a parsed certificate has no encoding", e);
      }
    }
    return text.toString();
  }

  private static String pem(String label, byte[] content) {
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(label, base64, label);
  }

  /** Returns subject and serial number of the authority, never its key. */
  @Override
  public String toString() {
    return "CertificateAuthority["
        + certificate().getSubjectX500Principal()
        + ", serial "
        + certificate().getSerialNumber().toString(16)
        + "]";
  }
}
