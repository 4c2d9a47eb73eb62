package io.podtls.identity;

import static io.podtls.failure.InvalidCertificateException.Rule.CHAIN;
import static io.podtls.failure.InvalidCertificateException.Rule.KEY_MATCH;
import static io.podtls.failure.InvalidCertificateException.Rule.NOT_A_CA;
import static io.podtls.failure.InvalidCertificateException.Rule.PEER_TRUST;
import static io.podtls.failure.InvalidCertificateException.Rule.SUBJECT_ALTERNATIVE_NAMES;
import static io.podtls.failure.InvalidCertificateException.Rule.USAGES;
import static io.podtls.failure.InvalidCertificateException.Rule.VALIDITY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidCertificateException.Violation;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.pem.Pem;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.KeyUsage;
import io.podtls.testing.SampleRequests;
import io.podtls.testing.TestCa;
import io.podtls.testing.TokenProvider;
import io.podtls.trust.TrustBundle;
import java.io.Serializable;
import java.net.InetAddress;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("PendingIdentity")
class PendingIdentityTest {

  private final TestCa ca = TestCa.root("ca");
  private final TrustBundle trust = trusting(ca);
  private final PendingIdentity pending = PendingIdentity.generate(serving("orders.shop.svc"));

  private static CertificateRequest serving(String... names) {
    return CertificateRequest.builder(SampleRequests.SIGNER).dnsNames(names).build();
  }

  private static TrustBundle trusting(TestCa... authorities) {
    return TrustBundle.of(Arrays.stream(authorities).map(TestCa::certificate).toList());
  }

  private TestCa.Leaf leaf() {
    return ca.leafFor(pending.pkcs10Der());
  }

  private InvalidCertificateException refusal(List<X509Certificate> chain) {
    return refusal(chain, trust, Instant.now());
  }

  private InvalidCertificateException refusal(
      List<X509Certificate> chain, TrustBundle peers, Instant now) {
    InvalidCertificateException refusal =
        catchThrowableOfType(
            InvalidCertificateException.class, () -> pending.complete(chain, peers, now));
    assertThat(refusal).as("refusal").isNotNull();
    return refusal;
  }

  private static void assertOnly(
      InvalidCertificateException refusal, InvalidCertificateException.Rule rule, String detail) {
    assertThat(refusal.violations()).containsExactly(new Violation(rule, detail));
    assertThat(refusal).hasMessageContaining(" cannot be used: " + detail);
  }

  static Stream<String> samples() {
    return SampleRequests.all().keySet().stream().filter(name -> !name.equals("all usages"));
  }

  @ParameterizedTest
  @MethodSource("samples")
  @DisplayName("completes with the certificate that was issued as requested")
  void completesWithTheCertificateIssuedAsRequested(String sample) {
    CertificateRequest request = SampleRequests.all().get(sample);
    PendingIdentity sampled = PendingIdentity.generate(request);
    assertThat(sampled.request()).isSameAs(request);
    assertThat(request.keyAlgorithm().matches(sampled.publicKey())).isTrue();

    TlsIdentity identity =
        sampled.complete(
            ca.leafFor(sampled.pkcs10Der()).usages(request.usages()).issueChain(), trust);

    assertThat(identity.leaf().getPublicKey()).isEqualTo(sampled.publicKey());
    assertThat(identity.exportPrivateKeyUnencrypted())
        .isEqualTo(sampled.exportPrivateKeyUnencrypted());
    identity.verify(request, trust, Instant.now());
  }

  @Test
  @DisplayName("accepts more names, more usages and a shorter life than requested")
  void acceptsMoreNamesAndUsagesAndAShorterLife() {
    Instant now = Instant.now();

    TlsIdentity identity =
        pending.complete(
            leaf()
                .dns("more.example", "my_weird.example")
                .ip("10.0.0.1")
                .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH, KeyUsage.CODE_SIGNING)
                .valid(now, now.plusSeconds(30))
                .issueChain(),
            trust);

    assertThat(identity.notAfter()).isEqualTo(now.plusSeconds(30).truncatedTo(ChronoUnit.SECONDS));
  }

  @Test
  @DisplayName("finds names whatever their case and the way an address is written")
  void findsNamesWhateverTheirCase() throws Exception {
    CertificateRequest request =
        CertificateRequest.builder(SampleRequests.SIGNER)
            .dnsNames("orders.shop.svc")
            .ipAddresses(InetAddress.getByName("2001:db8::1"))
            .build();
    PendingIdentity both = PendingIdentity.generate(request);

    both.complete(
        ca.leaf(both.publicKey()).dns("Orders.SHOP.svc").ip("2001:0DB8:0:0:0:0:0:1").issueChain(),
        trust);
  }

  @Nested
  @DisplayName("refuses a certificate")
  class Refuses {

    @Test
    @DisplayName("for another key")
    void forAnotherKey() {
      X509Certificate other =
          ca.leaf(TestCa.newKeyPair().getPublic()).dns("orders.shop.svc").issue();

      InvalidCertificateException refusal = refusal(List.of(other));

      assertOnly(
          refusal,
          KEY_MATCH,
          "it is for another key (ECDSA P-256) than the requested one (ECDSA P-256)");
      assertThat(refusal)
          .hasMessageStartingWith(
              "certificate CN=leaf (serial "
                  + other.getSerialNumber().toString(16)
                  + ", issued by CN=ca) cannot be used: ");
    }

    @Test
    @DisplayName("for another key in a chain that is in no order, and means its leaf")
    void forAnotherKeyInAChainInNoOrder() {
      List<X509Certificate> chain =
          new ArrayList<>(
              ca.intermediate("issuing")
                  .leaf(TestCa.newKeyPair().getPublic())
                  .dns("orders.shop.svc")
                  .issueChain());
      Collections.reverse(chain);
      chain.add(0, ca.certificate());

      assertThat(refusal(chain).violations())
          .extracting(Violation::rule)
          .containsExactly(KEY_MATCH);
    }

    @Test
    @DisplayName("whose address is a network, without asking a name service for it")
    void whoseAddressIsANetwork() throws Exception {
      PendingIdentity byAddress =
          PendingIdentity.generate(
              CertificateRequest.builder(SampleRequests.SIGNER)
                  .ipAddresses(InetAddress.getByName("10.0.0.0"))
                  .build());
      List<X509Certificate> chain =
          ca.leaf(byAddress.publicKey()).ip("10.0.0.0/255.0.0.0").issueChain();

      assertThatThrownBy(() -> byAddress.complete(chain, trust))
          .isInstanceOf(InvalidCertificateException.class)
          .hasMessageContaining("it lacks the requested names [IP:10.0.0.0] and has none");
    }

    @Test
    @DisplayName("that lacks requested names")
    void thatLacksRequestedNames() {
      assertOnly(
          refusal(leaf().withoutNames().dns("other.example").issueChain()),
          SUBJECT_ALTERNATIVE_NAMES,
          "it lacks the requested names [DNS:orders.shop.svc], it has [DNS:other.example]");
      assertOnly(
          refusal(leaf().subject("CN=orders.shop.svc").withoutNames().issueChain()),
          SUBJECT_ALTERNATIVE_NAMES,
          "it lacks the requested names [DNS:orders.shop.svc] and has none");
    }

    @Test
    @DisplayName("that lacks requested usages, even if it has any or no usage extension")
    void thatLacksRequestedUsages() {
      assertOnly(
          refusal(leaf().usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH).issueChain()),
          USAGES,
          "it lacks the requested usages [server auth], it has [digital signature, client auth]");
      assertOnly(
          refusal(leaf().usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.ANY).issueChain()),
          USAGES,
          "it lacks the requested usages [server auth], it has [digital signature, any]");
      assertOnly(
          refusal(leaf().usages(KeyUsage.KEY_ENCIPHERMENT, KeyUsage.SERVER_AUTH).issueChain()),
          USAGES,
          "it lacks the requested usages [digital signature], it has [key encipherment, server"
              + " auth]");
      assertOnly(
          refusal(leaf().usages(Set.of()).issueChain()),
          USAGES,
          "it lacks the requested usages [digital signature, server auth], it has []");
    }

    @Test
    @DisplayName("that is a CA")
    void thatIsACa() {
      assertOnly(
          refusal(leaf().asCa().issueChain()),
          NOT_A_CA,
          "it is a CA certificate, which no workload should hold");
    }

    @Test
    @DisplayName("that is expired or not valid yet")
    void thatIsNotValidNow() {
      Instant start = Instant.parse("2030-01-01T00:00:00Z");
      Instant end = start.plus(Duration.ofHours(1));
      List<X509Certificate> chain = leaf().valid(start, end).issueChain();

      assertOnly(
          refusal(chain, trust, end.plusMillis(1)),
          VALIDITY,
          "it expired at 2030-01-01T01:00:00Z and now is 2030-01-01T01:00:00.001Z");
      assertOnly(
          refusal(chain, trust, start.minusSeconds(61)),
          VALIDITY,
          "it is valid from 2030-01-01T00:00:00Z only and now is 2029-12-31T23:58:59Z; is a clock"
              + " wrong?");
      pending.complete(chain, trust, end);
      pending.complete(chain, trust, start);
      pending.complete(chain, trust, start.minusSeconds(60));
    }

    @Test
    @DisplayName("for every reason at once")
    void forEveryReasonAtOnce() {
      TestCa strange = TestCa.root("strange");
      Instant past = Instant.parse("2020-01-01T00:00:00Z");
      X509Certificate wrong =
          strange
              .leaf(TestCa.newKeyPair().getPublic())
              .usages(KeyUsage.CODE_SIGNING)
              .valid(past, past.plusSeconds(1))
              .asCa()
              .issue();

      InvalidCertificateException refusal = refusal(List.of(wrong, TestCa.root("x").certificate()));

      assertThat(refusal.violations())
          .extracting(Violation::rule)
          .containsExactly(
              KEY_MATCH, SUBJECT_ALTERNATIVE_NAMES, USAGES, VALIDITY, NOT_A_CA, CHAIN, PEER_TRUST);
      refusal
          .violations()
          .forEach(violation -> assertThat(refusal).hasMessageContaining(violation.detail()));
    }
  }

  @Nested
  @DisplayName("follows the chain")
  class FollowsTheChain {

    private final TestCa middle = ca.intermediate("middle");
    private final TestCa issuing = middle.intermediate("issuing");
    private final List<X509Certificate> chain = issuing.leafFor(pending.pkcs10Der()).issueChain();

    @Test
    @DisplayName(
        "in order, reversed, with duplicates, strangers and the anchor, to the same result")
    void inAnyOrder() {
      List<X509Certificate> reversed = new ArrayList<>(chain);
      Collections.reverse(reversed);
      List<X509Certificate> messy = new ArrayList<>(reversed);
      messy.addAll(chain);
      messy.add(1, ca.certificate());
      messy.add(0, TestCa.root("stranger").certificate());

      assertThat(chain).hasSize(3);
      assertThat(pending.complete(chain, trust).chain()).isEqualTo(chain);
      assertThat(pending.complete(reversed, trust).chain()).isEqualTo(chain);
      assertThat(pending.complete(messy, trust).chain()).isEqualTo(chain);
    }

    @Test
    @DisplayName(
        "keeps intermediates above one that peers trust, for peers that trust the root only")
    void keepsIntermediatesAboveATrustedOne() {
      assertThat(pending.complete(chain, trusting(issuing)).chain()).isEqualTo(chain);
      assertThat(pending.complete(chain, trusting(middle, ca)).chain()).isEqualTo(chain);
    }

    @Test
    @DisplayName("needs no intermediate that peers have in their bundle")
    void needsNoIntermediateThatPeersHave() {
      assertThat(pending.complete(List.of(chain.get(0)), trusting(issuing)).chain())
          .containsExactly(chain.get(0));
    }

    @Test
    @DisplayName("takes the bridge that leads to a root that peers trust")
    void takesTheBridgeToATrustedRoot() {
      TestCa newRoot = TestCa.root("new root");
      TestCa bridge = newRoot.crossSign(ca);
      List<X509Certificate> bridged = new ArrayList<>(chain);
      bridged.add(ca.certificate());
      bridged.add(bridge.certificate());

      assertThat(pending.complete(bridged, trusting(newRoot)).chain())
          .containsExactly(
              chain.get(0), issuing.certificate(), middle.certificate(), bridge.certificate());
      assertThat(pending.complete(bridged, trust).chain())
          .as("with the bridge, which other peers may need")
          .isEqualTo(pending.complete(bridged, trusting(newRoot)).chain());
    }

    @Test
    @DisplayName("accepts the leaf itself as peers' trust")
    void acceptsThePinnedLeaf() {
      assertThat(
              pending
                  .complete(List.of(chain.get(0)), TrustBundle.of(List.of(chain.get(0))))
                  .chain())
          .containsExactly(chain.get(0));
    }

    @Test
    @DisplayName("says whose certificate peers lack")
    void saysWhoseCertificatePeersLack() {
      assertOnly(
          refusal(leaf().issueChain(), trusting(TestCa.root("a"), TestCa.root("b")), Instant.now()),
          PEER_TRUST,
          "it was issued by CN=ca, which is none of the 2 certificates in the trust bundle: CN=a |"
              + " CN=b; if CN=ca is an intermediate, the chain lacks it");
      assertOnly(
          refusal(chain, trusting(TestCa.root("a")), Instant.now()),
          PEER_TRUST,
          "its chain ends at CN=middle, issued by CN=ca, which is not the certificate in the trust"
              + " bundle: CN=a; if CN=ca is an intermediate, the chain lacks it");
      List<X509Certificate> withRoot = new ArrayList<>(chain);
      withRoot.add(ca.certificate());
      assertOnly(
          refusal(withRoot, trusting(TestCa.root("a")), Instant.now()),
          PEER_TRUST,
          "its chain ends at CN=ca, issued by itself, which is not the certificate in the trust"
              + " bundle: CN=a");
    }

    @Test
    @DisplayName("names the first of many certificates in the bundle")
    void namesTheFirstOfMany() {
      TrustBundle many =
          TrustBundle.of(
              IntStream.range(0, 10).mapToObj(i -> TestCa.root("r" + i).certificate()).toList());

      assertThat(refusal(leaf().issueChain(), many, Instant.now()))
          .hasMessageEndingWith(
              "none of the 10 certificates in the trust bundle: CN=r0 | CN=r1 | CN=r2 | CN=r3 |"
                  + " CN=r4 | CN=r5 | CN=r6 | CN=r7 and 2 more; if CN=ca is an intermediate, the"
                  + " chain lacks it");
    }

    @Test
    @DisplayName("distinguishes a CA that was replaced under its old name from one that is missing")
    void tellsACaMadeAnew() {
      assertOnly(
          refusal(leaf().issueChain(), trusting(TestCa.root("ca")), Instant.now()),
          PEER_TRUST,
          "it was issued by CN=ca; the trust bundle has a certificate of that name, but with"
              + " another key (was the CA replaced?)");
    }

    @Test
    @DisplayName("says where it breaks when an intermediate is missing")
    void saysWhereItBreaks() {
      assertThat(refusal(List.of(chain.get(0), chain.get(2))).violations())
          .containsExactly(
              new Violation(
                  CHAIN,
                  "the chain breaks after orders.shop.svc: none of the others in it, CN=middle, is"
                      + " its issuer CN=issuing"),
              new Violation(
                  PEER_TRUST,
                  "it was issued by CN=issuing, which is not the certificate in the trust bundle:"
                      + " CN=ca; if CN=issuing is an intermediate, the chain lacks it"));
    }

    @Test
    @DisplayName("refuses what the JDK's path validation refuses, and says where")
    void refusesWhatPathValidationRefuses() {
      Instant now = Instant.now();
      TestCa expired =
          ca.intermediate("expired", now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1)));
      InvalidCertificateException refusal =
          refusal(expired.leafFor(pending.pkcs10Der()).issueChain());

      assertThat(refusal.violations()).extracting(Violation::rule).containsExactly(PEER_TRUST);
      assertThat(refusal)
          .hasMessageContaining("> CN=expired > CN=ca is not valid at CN=expired: validity check");
    }

    @Test
    @DisplayName("tolerates intermediates of a clock that is 60 s ahead")
    void toleratesIntermediatesOfASkewedClock() {
      Instant now = Instant.now();
      Instant soon = now.plusSeconds(50);
      TestCa ahead = ca.intermediate("ahead", soon, soon.plus(Duration.ofDays(1)));

      pending.complete(
          ahead
              .leafFor(pending.pkcs10Der())
              .valid(now.plusSeconds(40), now.plus(Duration.ofHours(1)))
              .issueChain(),
          trust,
          now);
    }

    @Test
    @DisplayName("does not take a certificate that only bears the issuer's name")
    void doesNotTakeAMereNamesake() {
      X509Certificate namesake = ca.intermediate("issuing").certificate();

      assertThat(refusal(List.of(chain.get(0), namesake, middle.certificate())).violations())
          .extracting(Violation::rule)
          .containsExactly(CHAIN, PEER_TRUST);
    }

    @Test
    @Timeout(60)
    @DisplayName("finds the anchor among 200 of one name by its key identifier")
    void findsTheAnchorAmongNamesakes() {
      List<X509Certificate> roots = new ArrayList<>(trust.certificates());
      IntStream.range(0, 199).forEach(i -> roots.add(TestCa.root("ca").certificate()));

      assertThat(pending.complete(leaf().issueChain(), TrustBundle.of(roots)).chain()).hasSize(1);
    }

    @Test
    @Timeout(60)
    @DisplayName("is not stalled by a great many ways that lead nowhere")
    void isNotStalledByManyWays() {
      TestCa here = TestCa.root("here");
      TestCa there = TestCa.root("there");
      List<X509Certificate> maze = new ArrayList<>();
      maze.add(here.leafFor(pending.pkcs10Der()).issue());
      for (int i = 0; i < 12; i++) {
        maze.add(here.crossSign(there).certificate());
        maze.add(there.crossSign(here).certificate());
      }

      assertThat(refusal(maze).violations()).extracting(Violation::rule).contains(PEER_TRUST);
    }

    @Test
    @DisplayName("refuses an empty chain")
    void refusesAnEmptyChain() {
      assertOnly(refusal(List.of()), CHAIN, "it has no certificate");
    }
  }

  @Nested
  @DisplayName("from PEM text")
  class FromPem {

    @Test
    @DisplayName("completes, whatever text and line ends are around and in the blocks")
    void completesFromPemText() {
      TestCa issuing = ca.intermediate("issuing");
      List<X509Certificate> chain = issuing.leafFor(pending.pkcs10Der()).issueChain();
      String pem =
          "Certificate:\n  Data: of openssl x509 -text\n"
              + Pem.encode(List.of(chain.get(1))).replace("\n", "\r\n")
              + "# and the leaf\n"
              + Pem.encode(List.of(chain.get(0)))
              + "\n\nend";

      assertThat(pending.completePem(pem, trust).chain()).isEqualTo(chain);
    }

    @Test
    @DisplayName("refuses text without a certificate or with a damaged one, without showing it")
    void refusesTextWithoutACertificate() {
      String pem = Pem.encode(leaf().issueChain());
      String secret = pending.exportPrivateKeyUnencrypted();

      assertThatThrownBy(() -> pending.completePem("not issued yet", trust))
          .isInstanceOf(InvalidMaterialException.class)
          .hasMessageStartingWith("the issued chain: ");
      assertThatThrownBy(() -> pending.completePem(pem.substring(0, pem.length() / 2), trust))
          .isInstanceOf(InvalidMaterialException.class);
      assertThatThrownBy(() -> pending.completePem(secret, trust))
          .isInstanceOf(InvalidMaterialException.class)
          .hasMessageContaining("has no CERTIFICATE block")
          .hasMessageNotContaining(secret.substring(40, 60));
    }
  }

  @Nested
  @DisplayName("with the caller's provider")
  class WithAProvider {

    private final TokenProvider token = new TokenProvider();

    @Test
    @DisplayName("makes a key that stays there, signs the request there and completes")
    void makesAKeyThatStaysThere() throws Exception {
      PendingIdentity onToken = PendingIdentity.generate(serving("orders"), token);

      assertThat(new PKCS10CertificationRequest(onToken.pkcs10Der()).getSubjectPublicKeyInfo())
          .isNotNull();
      // TestCa's reader does not verify; openssl's and the JDK's tests do, for the other requests.
      assertThat(SignatureCheck.verifies(onToken.pkcs10Der(), onToken.publicKey())).isTrue();
      TlsIdentity identity = onToken.complete(ca.leafFor(onToken.pkcs10Der()).issueChain(), trust);

      assertThat(identity.keyManager().getPrivateKey("podtls"))
          .isInstanceOf(TokenProvider.TokenKey.class);
      assertThatIllegalStateException()
          .isThrownBy(onToken::exportPrivateKeyUnencrypted)
          .withMessage("the EC key cannot leave the provider that holds it");
      assertThatIllegalStateException()
          .isThrownBy(() -> identity.keyStore(new char[0]))
          .withMessage("the EC key cannot leave the provider that holds it");
      assertThat(Security.getProvider(token.getName())).isNull();
    }

    @Test
    @DisplayName("refuses an algorithm that the provider does not have")
    void refusesAnAlgorithmThatTheProviderDoesNotHave() {
      CertificateRequest rsa =
          CertificateRequest.builder(SampleRequests.SIGNER)
              .dnsNames("orders")
              .keyAlgorithm(KeyAlgorithm.RSA_2048)
              .build();

      assertThatIllegalArgumentException()
          .isThrownBy(() -> PendingIdentity.generate(rsa, token))
          .withMessage("provider PodtlsTestToken makes no RSA 2048 keys");
      assertThatNullPointerException()
          .isThrownBy(() -> PendingIdentity.generate(rsa, null))
          .withMessage("provider");
    }
  }

  @Test
  @DisplayName("never shows the key and cannot be serialized")
  void neverShowsTheKey() {
    byte[] key = Pem.parse("key", pending.exportPrivateKeyUnencrypted()).privateKey().der();

    assertThat(pending.toString())
        .isEqualTo("PendingIdentity[" + pending.request() + "]")
        .doesNotContain(Base64.getEncoder().encodeToString(key).substring(40, 60));
    assertThat(pending).isNotInstanceOf(Serializable.class);
  }
}
