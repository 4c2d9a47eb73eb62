package io.podtls.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.KeyUsage;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.ProviderException;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelfProbeTest {

  private static final TestCa CA = TestCa.root("probe");
  private static final TestCa NEXT_CA = TestCa.root("probe replaced");
  private static final TrustBundle TRUST = TrustBundle.of(List.of(CA.certificate()));

  private final Instant start = Instant.now();
  private final SettableClock clock = new SettableClock(start);
  private final Rotation rotation = TestIdentity.rotation(clock);

  private Generation activate(UnaryOperator<TestCa.Leaf> shape) {
    return rotation.activate(Optional.of(TestIdentity.issuedBy(CA, shape)), TRUST);
  }

  private InvalidCertificateException refusal(TlsIdentity identity, TrustBundle trust) {
    InvalidCertificateException refusal =
        catchThrowableOfType(
            InvalidCertificateException.class,
            () -> rotation.activate(Optional.of(identity), trust));
    assertThat(refusal).isNotNull();
    return refusal;
  }

  private InvalidCertificateException refusal(UnaryOperator<TestCa.Leaf> shape) {
    return refusal(TestIdentity.issuedBy(CA, shape), TRUST);
  }

  @ParameterizedTest
  @CsvSource({"EC, 256", "EC, 384", "RSA, 2048", "Ed25519, 255"})
  @DisplayName("keys of every kind prove themselves")
  void acceptsKeys(String algorithm, int size) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
    generator.initialize(size);
    KeyPair keys = generator.generateKeyPair();
    TlsIdentity identity =
        TlsIdentity.of(keys.getPrivate(), CA.leaf(keys.getPublic()).issueChain());

    assertThat(rotation.activate(Optional.of(identity), TRUST).number()).isEqualTo(1);
    assertThat(rotation.keyManager().getPrivateKey("1")).isEqualTo(keys.getPrivate());
  }

  @Test
  @DisplayName("leaves for servers only, for clients only, for any use and without the extension")
  void acceptsRoles() {
    activate(leaf -> leaf.usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH));
    activate(leaf -> leaf.usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CLIENT_AUTH));
    activate(leaf -> leaf.usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.ANY));
    activate(leaf -> leaf.usages(KeyUsage.DIGITAL_SIGNATURE));

    assertThat(rotation.current().number()).isEqualTo(4);
  }

  @Test
  @DisplayName("an intermediate in the chain, or in the trust bundle instead of its root")
  void acceptsIntermediates() {
    TestCa intermediate = CA.intermediate("below probe");
    TlsIdentity identity = TestIdentity.issuedBy(intermediate);

    rotation.activate(Optional.of(identity), TRUST);
    rotation.activate(Optional.of(identity), TrustBundle.of(List.of(intermediate.certificate())));

    assertThat(rotation.current().number()).isEqualTo(2);
  }

  @Test
  @DisplayName("a leaf for neither servers nor clients is refused")
  void refusesOtherPurposes() {
    InvalidCertificateException refusal =
        refusal(leaf -> leaf.usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CODE_SIGNING));

    assertThat(refusal.violations()).singleElement().matches(v -> v.rule() == Rule.USAGES);
    assertThat(refusal).hasMessageContaining("neither for server auth nor for client auth");
  }

  @Test
  @DisplayName("a key usage that does not allow signatures is refused, as TLS 1.3 peers would")
  void refusesKeyUsage() {
    InvalidCertificateException refusal =
        refusal(leaf -> leaf.usages(KeyUsage.KEY_AGREEMENT, KeyUsage.SERVER_AUTH));

    assertThat(refusal.violations()).singleElement().matches(v -> v.rule() == Rule.USAGES);
  }

  /** A key in a token: it signs as long as the token is there. */
  private static final class TokenKey implements ECPrivateKey {
    private static final long serialVersionUID = 1L;

    private final transient ECPrivateKey key;
    private transient boolean gone;

    TokenKey(ECPrivateKey key) {
      this.key = key;
    }

    @Override
    public BigInteger getS() {
      if (gone) {
        throw new ProviderException("the token is gone");
      }
      return key.getS();
    }

    @Override
    public ECParameterSpec getParams() {
      return key.getParams();
    }

    @Override
    public String getAlgorithm() {
      return key.getAlgorithm();
    }

    @Override
    public String getFormat() {
      return null;
    }

    @Override
    public byte[] getEncoded() {
      return null;
    }
  }

  @Test
  @DisplayName("a key that cannot sign a handshake any more is refused")
  void refusesKeysThatDoNotWork() {
    KeyPair keys = TestCa.newKeyPair();
    TokenKey key = new TokenKey((ECPrivateKey) keys.getPrivate());
    TlsIdentity first = TlsIdentity.of(key, CA.leaf(keys.getPublic()).issueChain());
    TlsIdentity second = TlsIdentity.of(key, CA.leaf(keys.getPublic()).issueChain());
    rotation.activate(Optional.of(first), TRUST);

    key.gone = true;

    InvalidCertificateException refusal = refusal(second, TRUST);
    assertThat(refusal.violations()).singleElement().matches(v -> v.rule() == Rule.KEY_MATCH);
    assertThat(refusal).hasMessageContaining("EC key fails in a TLS handshake");
    assertThat(rotation.current().number()).isEqualTo(1);
  }

  @Test
  @DisplayName("a leaf that the new trust does not vouch for is refused, whatever the old one says")
  void refusesWithoutNewTrust() {
    Generation first = activate(leaf -> leaf);

    InvalidCertificateException refusal =
        refusal(TestIdentity.issuedBy(CA), TrustBundle.of(List.of(NEXT_CA.certificate())));

    assertThat(refusal.violations()).singleElement().matches(v -> v.rule() == Rule.PEER_TRUST);
    assertThat(rotation.current()).isSameAs(first);
  }

  @Test
  @DisplayName("a CA replaced in one step is no reason to refuse; who may trip over it is warned")
  void replacesTheCa() {
    TrustBundle nextTrust = TrustBundle.of(List.of(NEXT_CA.certificate()));
    List<LogRecord> warnings = new ArrayList<>();
    Handler collector =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            if (record.getLevel() == Level.WARNING) {
              warnings.add(record);
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("io.podtls");
    logger.addHandler(collector);
    try {
      activate(leaf -> leaf);
      assertThat(
              rotation
                  .activate(Optional.of(TestIdentity.issuedBy(CA)), TRUST.union(nextTrust))
                  .number())
          .isEqualTo(2);
      assertThat(warnings).as("an anchor was added").isEmpty();
      rotation.activate(Optional.of(TestIdentity.issuedBy(NEXT_CA)), nextTrust);
      assertThat(warnings).as("the step before trusted the new CA already").isEmpty();

      assertThat(rotation.activate(Optional.of(TestIdentity.issuedBy(CA)), TRUST).number())
          .isEqualTo(4);

      assertThat(warnings)
          .singleElement()
          .extracting(LogRecord::getMessage)
          .asString()
          .contains("generation 4", "generation 3", "peers that have not followed the change");
    } finally {
      logger.removeHandler(collector);
    }
  }

  @Test
  @DisplayName("expired by the rotation's clock is refused, on the second")
  void refusesTheExpired() {
    UnaryOperator<TestCa.Leaf> hour =
        leaf -> leaf.valid(start.minusSeconds(60), start.plus(Duration.ofHours(1)));
    activate(hour);
    clock.advance(Duration.ofMinutes(59));
    activate(hour);
    clock.advance(Duration.ofMinutes(1).plusSeconds(1));

    InvalidCertificateException refusal = refusal(hour);

    assertThat(refusal.violations()).singleElement().matches(v -> v.rule() == Rule.VALIDITY);
    assertThat(rotation.current().number()).isEqualTo(2);
  }

  @Test
  @DisplayName("valid by the rotation's clock counts, whatever the system's clock says")
  void goesByTheClockGiven() {
    clock.advance(Duration.ofDays(30));

    activate(leaf -> leaf.valid(start.plus(Duration.ofDays(29)), start.plus(Duration.ofDays(31))));

    assertThat(rotation.current().number()).isEqualTo(1);
  }

  @Test
  @DisplayName("a signer's clock may be 60 s ahead; not yet valid beyond that is refused")
  void toleratesSkew() {
    Instant end = start.plus(Duration.ofHours(1));
    activate(leaf -> leaf.valid(start.plusSeconds(55), end));

    InvalidCertificateException refusal = refusal(leaf -> leaf.valid(start.plusSeconds(90), end));

    assertThat(refusal.violations()).singleElement().matches(v -> v.rule() == Rule.VALIDITY);
  }

  @Test
  @DisplayName("a refusal names subject and serial number, and no key")
  void namesTheCertificate() {
    assertThatThrownBy(
            () ->
                activate(
                    leaf ->
                        leaf.subject("CN=orders")
                            .serial(0xabcd)
                            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.CODE_SIGNING)))
        .hasMessageContaining("CN=orders")
        .hasMessageContaining("abcd");
  }
}
