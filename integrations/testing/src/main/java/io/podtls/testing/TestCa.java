package io.podtls.testing;

import io.podtls.request.KeyUsage;
import java.math.BigInteger;
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
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/**
 * A certificate authority for tests that need a certificate with a flaw: real keys and signatures,
 * and what the certificate says is up to the test. {@link TestAuthority} issues sound ones.
 *
 * <p><b>Thread safety:</b> immutable; a {@link Leaf} is not safe.
 */
public final class TestCa {

  private final KeyPair keys;
  private final X509Certificate certificate;
  private final List<X509Certificate> intermediates;

  private TestCa(KeyPair keys, X509Certificate certificate, List<X509Certificate> intermediates) {
    this.keys = keys;
    this.certificate = certificate;
    this.intermediates = intermediates;
  }

  /** Returns a self-signed root named {@code CN=name}, valid from an hour ago for ten years. */
  public static TestCa root(String name) {
    KeyPair keys = newKeyPair();
    X500Name subject = new X500Name("CN=" + name);
    Instant now = Instant.now();
    X509Certificate certificate =
        caCertificate(
            subject,
            keys,
            subject,
            keys.getPublic(),
            now.minus(Duration.ofHours(1)),
            now.plus(Duration.ofDays(3650)),
            true);
    return new TestCa(keys, certificate, List.of());
  }

  /** Returns a root without key identifiers; the certificates that it signs have none either. */
  public static TestCa rootWithoutKeyIdentifiers(String name) {
    KeyPair keys = newKeyPair();
    X500Name subject = new X500Name("CN=" + name);
    Instant now = Instant.now();
    return new TestCa(
        keys,
        caCertificate(
            subject,
            keys,
            subject,
            keys.getPublic(),
            now.minus(Duration.ofHours(1)),
            now.plus(Duration.ofDays(3650)),
            false),
        List.of());
  }

  /** Returns a self-signed root with the given life, for expired ones and ones to come. */
  public static TestCa root(String name, Instant notBefore, Instant notAfter) {
    KeyPair keys = newKeyPair();
    X500Name subject = new X500Name("CN=" + name);
    return new TestCa(
        keys,
        caCertificate(subject, keys, subject, keys.getPublic(), notBefore, notAfter, true),
        List.of());
  }

  /** Returns an intermediate signed by this CA. */
  public TestCa intermediate(String name) {
    Instant now = Instant.now();
    return intermediate(name, now.minus(Duration.ofHours(1)), now.plus(Duration.ofDays(3650)));
  }

  /** Returns an intermediate signed by this CA with the given life. */
  public TestCa intermediate(String name, Instant notBefore, Instant notAfter) {
    return certify(newKeyPair(), new X500Name("CN=" + name), notBefore, notAfter);
  }

  /** Returns another CA's name and key with a certificate of this CA, as a cross-signed root. */
  public TestCa crossSign(TestCa other) {
    Instant now = Instant.now();
    return certify(
        other.keys,
        other.issuerName(),
        now.minus(Duration.ofHours(1)),
        now.plus(Duration.ofDays(3650)));
  }

  private TestCa certify(KeyPair child, X500Name name, Instant notBefore, Instant notAfter) {
    X509Certificate issued =
        caCertificate(
            issuerName(), keys, name, child.getPublic(), notBefore, notAfter, hasKeyIdentifiers());
    List<X509Certificate> path = new ArrayList<>();
    path.add(issued);
    path.addAll(intermediates);
    return new TestCa(child, issued, List.copyOf(path));
  }

  /** Returns this CA's certificate. */
  public X509Certificate certificate() {
    return certificate;
  }

  /** Returns this CA's key, for tests that hand the CA to a signer. */
  public PrivateKey privateKey() {
    return keys.getPrivate();
  }

  /**
   * Returns the certificates between a leaf and the root, nearest to the leaf first; empty for a
   * root.
   */
  public List<X509Certificate> intermediates() {
    return intermediates;
  }

  /** Returns the description of a leaf for the key. */
  public Leaf leaf(PublicKey key) {
    return new Leaf(key);
  }

  /** Returns the description of a leaf for a request's key, with its subject and its SANs. */
  public Leaf leafFor(byte[] pkcs10Der) {
    try {
      JcaPKCS10CertificationRequest request =
          new JcaPKCS10CertificationRequest(new PKCS10CertificationRequest(pkcs10Der));
      Leaf leaf = new Leaf(request.getPublicKey());
      leaf.subject = request.getSubject();
      leaf.names.addAll(requestedNames(request));
      return leaf;
    } catch (Exception e) {
      throw new IllegalArgumentException("not a PKCS#10 request", e);
    }
  }

  private static List<GeneralName> requestedNames(PKCS10CertificationRequest request) {
    Extensions extensions = request.getRequestedExtensions();
    if (extensions == null) {
      return List.of();
    }
    GeneralNames names = GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
    return names == null ? List.of() : List.of(names.getNames());
  }

  private boolean hasKeyIdentifiers() {
    return certificate.getExtensionValue(Extension.subjectKeyIdentifier.getId()) != null;
  }

  private X500Name issuerName() {
    return X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
  }

  /** The description of a leaf: a sound one for 24 hours, unless an option says otherwise. */
  public final class Leaf {
    private final PublicKey key;
    private X500Name subject = new X500Name("CN=leaf");
    private final List<GeneralName> names = new ArrayList<>();
    private Set<KeyUsage> usages =
        EnumSet.of(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH, KeyUsage.CLIENT_AUTH);
    private Instant notBefore = Instant.now().minus(Duration.ofMinutes(5));
    private Instant notAfter = Instant.now().plus(Duration.ofHours(24));
    private boolean ca;
    private boolean emptyNames;
    private BigInteger serial = new BigInteger(63, new SecureRandom()).add(BigInteger.ONE);

    private Leaf(PublicKey key) {
      this.key = key;
    }

    /** Sets the subject. Default: {@code CN=leaf}. */
    public Leaf subject(String distinguishedName) {
      subject = new X500Name(distinguishedName);
      return this;
    }

    /** Adds DNS names. */
    public Leaf dns(String... dnsNames) {
      for (String name : dnsNames) {
        names.add(new GeneralName(GeneralName.dNSName, name));
      }
      return this;
    }

    /** Adds IP addresses, as literals. */
    public Leaf ip(String... addresses) {
      for (String address : addresses) {
        names.add(new GeneralName(GeneralName.iPAddress, address));
      }
      return this;
    }

    public Leaf uri(String... uris) {
      for (String uri : uris) {
        names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
      }
      return this;
    }

    /** Has the extension for names, without a name in it. */
    public Leaf emptyNames() {
      names.clear();
      emptyNames = true;
      return this;
    }

    /** Drops every name so far. */
    public Leaf withoutNames() {
      names.clear();
      return this;
    }

    /** Sets the usages. Default: digital signature, server auth and client auth. */
    public Leaf usages(KeyUsage first, KeyUsage... others) {
      usages = EnumSet.of(first, others);
      return this;
    }

    /** Sets the usages, none if the set is empty. */
    public Leaf usages(Set<KeyUsage> all) {
      usages = Set.copyOf(all);
      return this;
    }

    /** Sets the validity. Default: from five minutes ago for 24 hours. */
    public Leaf valid(Instant from, Instant to) {
      notBefore = from;
      notAfter = to;
      return this;
    }

    /** Makes it a CA certificate. */
    public Leaf asCa() {
      ca = true;
      return this;
    }

    /** Sets the serial number. Default: a random one. */
    public Leaf serial(long number) {
      serial = BigInteger.valueOf(number);
      return this;
    }

    /** Returns the leaf alone. */
    public X509Certificate issue() {
      try {
        X509v3CertificateBuilder builder =
            new JcaX509v3CertificateBuilder(
                issuerName(), serial, Date.from(notBefore), Date.from(notAfter), subject, key);
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(ca));
        if (hasKeyIdentifiers()) {
          addKeyIdentifiers(builder, keys.getPublic(), key);
        }
        addUsages(builder);
        if (!names.isEmpty() || emptyNames) {
          builder.addExtension(
              Extension.subjectAlternativeName,
              subject.getRDNs().length == 0,
              new GeneralNames(names.toArray(new GeneralName[0])));
        }
        return signed(builder, keys.getPrivate());
      } catch (Exception e) {
        throw new IllegalStateException("cannot issue", e);
      }
    }

    /** Returns the leaf and the intermediates above it, without the root. */
    public List<X509Certificate> issueChain() {
      List<X509Certificate> chain = new ArrayList<>();
      chain.add(issue());
      chain.addAll(intermediates);
      return List.copyOf(chain);
    }

    private void addUsages(X509v3CertificateBuilder builder) throws Exception {
      int bits = 0;
      List<KeyPurposeId> purposes = new ArrayList<>();
      for (KeyUsage usage : usages) {
        switch (usage) {
          case SIGNING, DIGITAL_SIGNATURE ->
              bits |= org.bouncycastle.asn1.x509.KeyUsage.digitalSignature;
          case CONTENT_COMMITMENT -> bits |= org.bouncycastle.asn1.x509.KeyUsage.nonRepudiation;
          case KEY_ENCIPHERMENT -> bits |= org.bouncycastle.asn1.x509.KeyUsage.keyEncipherment;
          case KEY_AGREEMENT -> bits |= org.bouncycastle.asn1.x509.KeyUsage.keyAgreement;
          case DATA_ENCIPHERMENT -> bits |= org.bouncycastle.asn1.x509.KeyUsage.dataEncipherment;
          case CERT_SIGN -> bits |= org.bouncycastle.asn1.x509.KeyUsage.keyCertSign;
          case CRL_SIGN -> bits |= org.bouncycastle.asn1.x509.KeyUsage.cRLSign;
          case SERVER_AUTH -> purposes.add(KeyPurposeId.id_kp_serverAuth);
          case CLIENT_AUTH -> purposes.add(KeyPurposeId.id_kp_clientAuth);
          case CODE_SIGNING -> purposes.add(KeyPurposeId.id_kp_codeSigning);
          case EMAIL_PROTECTION, S_MIME -> purposes.add(KeyPurposeId.id_kp_emailProtection);
          case TIMESTAMPING -> purposes.add(KeyPurposeId.id_kp_timeStamping);
          case OCSP_SIGNING -> purposes.add(KeyPurposeId.id_kp_OCSPSigning);
          case ANY -> purposes.add(KeyPurposeId.anyExtendedKeyUsage);
          default -> throw new IllegalArgumentException("the test CA does not know " + usage);
        }
      }
      if (bits != 0) {
        builder.addExtension(
            Extension.keyUsage, true, new org.bouncycastle.asn1.x509.KeyUsage(bits));
      }
      if (!purposes.isEmpty()) {
        builder.addExtension(
            Extension.extendedKeyUsage,
            false,
            new ExtendedKeyUsage(purposes.toArray(new KeyPurposeId[0])));
      }
    }
  }

  /** Adds the identifiers by which readers tell CAs of one name apart (RFC 5280 4.2.1.2). */
  private static void addKeyIdentifiers(
      X509v3CertificateBuilder builder, PublicKey issuerKey, PublicKey key) throws Exception {
    JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
    builder.addExtension(
        Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(key));
    builder.addExtension(
        Extension.authorityKeyIdentifier,
        false,
        identifiers.createAuthorityKeyIdentifier(issuerKey));
  }

  private static X509Certificate caCertificate(
      X500Name issuer,
      KeyPair issuerKeys,
      X500Name subject,
      PublicKey key,
      Instant notBefore,
      Instant notAfter,
      boolean keyIdentifiers) {
    try {
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              new BigInteger(63, new SecureRandom()).add(BigInteger.ONE),
              Date.from(notBefore),
              Date.from(notAfter),
              subject,
              key);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
      if (keyIdentifiers) {
        addKeyIdentifiers(builder, issuerKeys.getPublic(), key);
      }
      builder.addExtension(
          Extension.keyUsage,
          true,
          new org.bouncycastle.asn1.x509.KeyUsage(
              org.bouncycastle.asn1.x509.KeyUsage.keyCertSign
                  | org.bouncycastle.asn1.x509.KeyUsage.cRLSign));
      return signed(builder, issuerKeys.getPrivate());
    } catch (Exception e) {
      throw new IllegalStateException("cannot make a CA", e);
    }
  }

  private static X509Certificate signed(X509v3CertificateBuilder builder, PrivateKey key)
      throws Exception {
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
  }

  /** Returns a new P-256 key pair. */
  public static KeyPair newKeyPair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
