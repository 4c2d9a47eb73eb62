package io.podtls.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.failure.InvalidCertificateException.Violation;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.peer.Peers;
import io.podtls.pem.Pem;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.KeyUsage;
import io.podtls.testing.LoopbackTls;
import io.podtls.testing.OpenSsl;
import io.podtls.testing.SampleRequests;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Serializable;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("TlsIdentity")
class TlsIdentityTest {

  private final TestCa root = TestCa.root("root");
  private final TestCa issuing = root.intermediate("issuing");
  private final TrustBundle trust = TrustBundle.of(List.of(root.certificate()));

  @Test
  @DisplayName("names the key identifiers where they alone keep a chain from its anchor")
  void namesDifferingKeyIdentifiers(@TempDir Path directory) throws Exception {
    OpenSsl openSsl = OpenSsl.in(directory);
    openSsl.run("genpkey", "-algorithm", "ED25519", "-out", "ca.key");
    openSsl.run("genpkey", "-algorithm", "ED25519", "-out", "tls.key");
    for (String identifier : List.of("01020304", "05060708")) {
      openSsl.run(
          "req",
          "-x509",
          "-new",
          "-key",
          "ca.key",
          "-subj",
          "/CN=root",
          "-out",
          identifier + ".crt",
          "-addext",
          "subjectKeyIdentifier=" + identifier);
    }
    openSsl.run("req", "-new", "-key", "tls.key", "-subj", "/CN=orders", "-out", "tls.csr");
    openSsl.write("extensions", "authorityKeyIdentifier=keyid:always\n");
    openSsl.run(
        "x509",
        "-req",
        "-in",
        "tls.csr",
        "-CA",
        "01020304.crt",
        "-CAkey",
        "ca.key",
        "-out",
        "tls.crt",
        "-extfile",
        "extensions",
        "-set_serial",
        "7");
    TlsIdentity identity = IdentityFiles.directory(directory).load();
    Instant now = Instant.now();

    identity.verify(TrustBundleSource.pemFile(directory.resolve("01020304.crt")).load(), now);
    TrustBundle other = TrustBundleSource.pemFile(directory.resolve("05060708.crt")).load();
    assertThatThrownBy(() -> identity.verify(other, now))
        .hasMessageEndingWith(
            "the way CN=orders > CN=root is not valid: the authority key identifier of CN=orders is"
                + " not the subject key identifier of CN=root");
  }

  private TlsIdentity identity(KeyAlgorithm algorithm) {
    PendingIdentity pending =
        PendingIdentity.generate(
            CertificateRequest.builder(SampleRequests.SIGNER)
                .dnsNames("localhost")
                .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH, KeyUsage.CLIENT_AUTH)
                .keyAlgorithm(algorithm)
                .build());
    return pending.complete(issuing.leafFor(pending.pkcs10Der()).issueChain(), trust);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RSA_4096")
  @DisplayName("serves and authenticates TLS on both sides, whatever its key")
  void servesTlsOnBothSides(KeyAlgorithm algorithm) throws Exception {
    TlsIdentity server = identity(algorithm);
    TlsIdentity client = identity(algorithm);

    for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
      LoopbackTls.Sessions sessions =
          LoopbackTls.handshake(
              client.sslContext(trust),
              server.sslContext(trust, Peers.anyTrusted()),
              protocol,
              true);

      assertThat(sessions.client().getPeerCertificates()).containsExactlyElementsOf(server.chain());
      assertThat(sessions.server().getPeerCertificates()).containsExactlyElementsOf(client.chain());
    }
  }

  @Test
  @DisplayName("is refused by peers that do not trust its chain")
  void isRefusedByPeersThatDoNotTrustItsChain() {
    SSLContext stranger = TrustBundle.of(List.of(TestCa.root("other").certificate())).sslContext();
    TlsIdentity server = identity(KeyAlgorithm.ECDSA_P256);

    assertThatThrownBy(
            () -> LoopbackTls.handshake(stranger, server.sslContext(trust), "TLSv1.3", false))
        .isInstanceOf(SSLException.class);
  }

  @Test
  @DisplayName("shows its chain, serial number and life, and never its key")
  void tellsItsChainAndLife() {
    KeyPair keys = TestCa.newKeyPair();
    Instant from = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    List<X509Certificate> chain =
        issuing
            .leaf(keys.getPublic())
            .subject("CN=orders")
            .serial(0xabc)
            .valid(from, from.plusSeconds(600))
            .issueChain();
    TlsIdentity identity = TlsIdentity.of(keys.getPrivate(), chain);

    assertThat(identity.chain()).isEqualTo(chain);
    assertThat(identity.leaf()).isEqualTo(chain.get(0));
    assertThat(identity.serialNumber()).isEqualTo(BigInteger.valueOf(0xabc));
    assertThat(identity.notBefore()).isEqualTo(from);
    assertThat(identity.notAfter()).isEqualTo(from.plusSeconds(600));
    assertThat(identity)
        .hasToString("TlsIdentity[CN=orders, serial abc, notAfter " + from.plusSeconds(600) + "]")
        .isNotInstanceOf(Serializable.class);
    assertThat(identity.keyManager().toString()).doesNotContain("PrivateKey");
    assertThat(Pem.parse("chain", identity.chainPem()).certificates()).isEqualTo(chain);
  }

  @Test
  @DisplayName("says its first other name where its subject is empty")
  void saysItsFirstOtherName() {
    assertThat(identity(KeyAlgorithm.ECDSA_P256).toString()).startsWith("TlsIdentity[localhost, ");
  }

  @Test
  @DisplayName("is equal to an identity with the same chain")
  void isEqualToAnIdentityWithTheSameChain() {
    KeyPair keys = TestCa.newKeyPair();
    List<X509Certificate> chain = issuing.leaf(keys.getPublic()).issueChain();

    assertThat(TlsIdentity.of(keys.getPrivate(), chain))
        .isEqualTo(TlsIdentity.of(keys.getPrivate(), chain))
        .hasSameHashCodeAs(TlsIdentity.of(keys.getPrivate(), chain))
        .isNotEqualTo(identity(KeyAlgorithm.ECDSA_P256))
        .isNotEqualTo(null);
  }

  @Test
  @DisplayName("exports its key as PKCS#8, by the loudly named method only")
  void exportsItsKey() throws Exception {
    KeyPair keys = TestCa.newKeyPair();
    TlsIdentity identity =
        TlsIdentity.of(keys.getPrivate(), issuing.leaf(keys.getPublic()).issueChain());

    byte[] der = Pem.parse("key", identity.exportPrivateKeyUnencrypted()).privateKey().der();

    assertThat(KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der)))
        .isEqualTo(keys.getPrivate());
  }

  @Nested
  @DisplayName("from existing material")
  class FromExistingMaterial {

    private final KeyPair keys = TestCa.newKeyPair();

    @Test
    @DisplayName("finds the key's certificate and puts the chain in order")
    void findsTheKeysCertificate() {
      List<X509Certificate> chain = issuing.leaf(keys.getPublic()).issueChain();
      X509Certificate other = issuing.leaf(TestCa.newKeyPair().getPublic()).issue();

      TlsIdentity identity =
          TlsIdentity.of(
              keys.getPrivate(),
              List.of(root.certificate(), chain.get(1), other, chain.get(0), chain.get(0)));

      assertThat(identity.chain()).isEqualTo(chain);
    }

    @Test
    @DisplayName("keeps a self-signed certificate that is all there is")
    void keepsASelfSignedCertificate() {
      TlsIdentity identity = TlsIdentity.of(root.privateKey(), List.of(root.certificate()));

      assertThat(identity.chain()).containsExactly(root.certificate());
    }

    @Test
    @DisplayName("refuses an Ed448 key")
    void refusesEd448() throws Exception {
      PrivateKey ed448 = KeyPairGenerator.getInstance("Ed448").generateKeyPair().getPrivate();

      assertThatThrownBy(() -> TlsIdentity.of(ed448, List.of(root.certificate())))
          .isInstanceOf(InvalidMaterialException.class)
          .hasMessageContainingAll("the EdDSA key cannot be used", "Ed25519");
    }

    @Test
    @DisplayName("refuses a key that belongs to none of the certificates, and names them")
    void refusesAKeyThatBelongsToNone() {
      X509Certificate leaf = issuing.leaf(TestCa.newKeyPair().getPublic()).serial(255).issue();

      assertThatThrownBy(() -> TlsIdentity.of(keys.getPrivate(), List.of(leaf)))
          .isInstanceOf(InvalidMaterialException.class)
          .hasMessage(
              "the given key and chain: the EC key belongs to none of the certificates, certificate"
                  + " CN=leaf (serial ff, issued by CN=issuing)");
      assertThatThrownBy(() -> TlsIdentity.of(keys.getPrivate(), List.of()))
          .isInstanceOf(InvalidMaterialException.class)
          .hasMessage("the given key and chain: no certificate for the EC key");
    }

    @ParameterizedTest
    @EnumSource(
        mode = EnumSource.Mode.EXCLUDE,
        names = {"RSA_3072", "RSA_4096"})
    @DisplayName("refuses a key of another kind than the certificate's")
    void refusesAKeyOfAnotherKind(KeyAlgorithm algorithm) {
      PrivateKey other = identity(algorithm).keyManager().getPrivateKey("podtls");

      for (KeyAlgorithm certified :
          List.of(KeyAlgorithm.ECDSA_P256, KeyAlgorithm.RSA_2048, KeyAlgorithm.ED25519)) {
        assertThatThrownBy(() -> TlsIdentity.of(other, identity(certified).chain()))
            .isInstanceOf(InvalidMaterialException.class);
      }
    }
  }

  @Nested
  @DisplayName("verifies")
  class Verifies {

    private final TlsIdentity identity = identity(KeyAlgorithm.ECDSA_P256);

    private List<Violation> violations(CertificateRequest request) {
      try {
        identity.verify(request, trust, Instant.now());
        return List.of();
      } catch (InvalidCertificateException e) {
        return e.violations();
      }
    }

    private CertificateRequest.Builder request() {
      return CertificateRequest.builder(SampleRequests.SIGNER).dnsNames("localhost");
    }

    @Test
    @DisplayName("against peer trust and time")
    void againstPeerTrustAndTime() {
      identity.verify(trust, Instant.now());
      TrustBundle other = TrustBundle.of(List.of(TestCa.root("other").certificate()));

      assertThatThrownBy(() -> identity.verify(other, identity.notAfter().plusSeconds(1)))
          .isInstanceOfSatisfying(
              InvalidCertificateException.class,
              refusal ->
                  assertThat(refusal.violations())
                      .extracting(Violation::rule)
                      .containsExactly(Rule.VALIDITY, Rule.PEER_TRUST));
    }

    @Test
    @DisplayName("against what a request asks for now")
    void againstARequest() {
      assertThat(violations(request().build())).isEmpty();
      assertThat(violations(request().dnsNames("more").build()))
          .containsExactly(
              new Violation(
                  Rule.SUBJECT_ALTERNATIVE_NAMES,
                  "it lacks the requested names [DNS:more], it has [DNS:localhost]"));
      assertThat(violations(request().usages(KeyUsage.CODE_SIGNING).build()))
          .extracting(Violation::rule)
          .containsExactly(Rule.USAGES);
      assertThat(violations(request().keyAlgorithm(KeyAlgorithm.ED25519).build()))
          .containsExactly(
              new Violation(Rule.KEY_MATCH, "its key is ECDSA P-256, Ed25519 was asked for"));
    }
  }

  @Nested
  @DisplayName("as a key manager")
  class AsAKeyManager {

    private final X509ExtendedKeyManager manager = identity(KeyAlgorithm.ECDSA_P256).keyManager();
    private final Principal rootName = new X500Principal("CN=root");
    private final Principal issuingName = new X500Principal("CN=issuing");
    private final Principal otherName = new X500Principal("CN=other");

    @Test
    @DisplayName("offers itself where its key type is asked for, to servers and clients alike")
    void offersItselfWhereItsKeyTypeIsAskedFor() {
      assertThat(manager.chooseServerAlias("EC", null, null)).isEqualTo("podtls");
      assertThat(manager.chooseEngineServerAlias("EC", null, null)).isEqualTo("podtls");
      assertThat(manager.chooseServerAlias("EC_EC", null, null)).isEqualTo("podtls");
      String[] types = {"RSA", "EC"};
      assertThat(manager.chooseClientAlias(types, null, null)).isEqualTo("podtls");
      assertThat(manager.chooseEngineClientAlias(types, null, null)).isEqualTo("podtls");
      assertThat(manager.getServerAliases("EC", null)).containsExactly("podtls");
      assertThat(manager.getClientAliases("EC", null)).containsExactly("podtls");

      for (String type : new String[] {"RSA", "EdDSA", "EC_RSA", "RSASSA-PSS", "", null}) {
        assertThat(manager.chooseServerAlias(type, null, null)).isNull();
        assertThat(manager.chooseEngineServerAlias(type, null, null)).isNull();
        assertThat(manager.chooseClientAlias(new String[] {type}, null, null)).isNull();
        assertThat(manager.chooseEngineClientAlias(new String[] {type}, null, null)).isNull();
        assertThat(manager.getServerAliases(type, null)).isNull();
        assertThat(manager.getClientAliases(type, null)).isNull();
      }
      assertThat(manager.chooseClientAlias(null, null, null)).isNull();
      assertThat(manager.chooseEngineClientAlias(null, null, null)).isNull();
    }

    @Test
    @DisplayName("offers itself where one of its issuers is accepted")
    void offersItselfWhereOneOfItsIssuersIsAccepted() {
      String[] types = {"EC"};
      for (Principal accepted : List.of(rootName, issuingName)) {
        Principal[] issuers = {otherName, accepted, accepted};
        assertThat(manager.chooseClientAlias(types, issuers, null)).isEqualTo("podtls");
        assertThat(manager.chooseEngineServerAlias("EC", issuers, null)).isEqualTo("podtls");
      }
      assertThat(manager.chooseClientAlias(types, new Principal[0], null)).isEqualTo("podtls");
      assertThat(manager.chooseClientAlias(types, new Principal[] {otherName}, null)).isNull();
      assertThat(manager.getServerAliases("EC", new Principal[] {otherName})).isNull();
    }

    @Test
    @DisplayName("gives key and chain for its alias only, and its own array each time")
    void givesKeyAndChainForItsAliasOnly() {
      X509Certificate[] chain = manager.getCertificateChain("podtls");
      assertThat(chain).hasSize(2);
      chain[0] = root.certificate();

      assertThat(manager.getCertificateChain("podtls")[0]).isNotEqualTo(root.certificate());
      assertThat(manager.getPrivateKey("podtls")).isNotNull();
      assertThat(manager.getCertificateChain("other")).isNull();
      assertThat(manager.getPrivateKey("other")).isNull();
      assertThat(manager.getCertificateChain(null)).isNull();
      assertThat(manager.getPrivateKey(null)).isNull();
    }
  }

  @Test
  @DisplayName("makes a PKCS#12 key store that can be stored and read back")
  void makesAKeyStore() throws Exception {
    TlsIdentity identity = identity(KeyAlgorithm.ED25519);
    char[] password = "changeit".toCharArray();
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    identity.keyStore(password).store(out, password);
    KeyStore read = KeyStore.getInstance("PKCS12");
    read.load(new ByteArrayInputStream(out.toByteArray()), password);

    assertThat(read.getCertificateChain("podtls")).containsExactlyElementsOf(identity.chain());
    assertThat(read.getKey("podtls", password))
        .isEqualTo(identity.keyManager().getPrivateKey("podtls"));
    assertThatThrownBy(() -> identity.keyStore(null)).hasMessage("password");
  }
}
