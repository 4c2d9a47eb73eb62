package io.podtls.testing;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.InvalidParameterException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyPairGeneratorSpi;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.security.spec.AlgorithmParameterSpec;
import java.util.List;
import java.util.Map;

/**
 * A provider like one for PKCS#11: its EC keys do not leave it. They have no encoding, and nobody
 * else can sign with them.
 */
public final class TokenProvider extends Provider {

  private static final long serialVersionUID = 1L;

  /** A fresh token. */
  public TokenProvider() {
    super("PodtlsTestToken", "1", "keys that do not leave");
    put("KeyPairGenerator.EC", Generator.class.getName());
    putService(
        new Service(
            this,
            "Signature",
            "SHA256withECDSA",
            Signing.class.getName(),
            List.of(),
            Map.of("SupportedKeyClasses", TokenKey.class.getName())));
  }

  /** A key that shows nothing. */
  public static final class TokenKey implements PrivateKey {
    private static final long serialVersionUID = 1L;
    private final transient PrivateKey inside;

    TokenKey(PrivateKey inside) {
      this.inside = inside;
    }

    @Override
    public String getAlgorithm() {
      return "EC";
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

  /** Makes keys on the token. */
  public static final class Generator extends KeyPairGeneratorSpi {
    private final KeyPairGenerator inside;

    /** For the provider framework. */
    public Generator() throws GeneralSecurityException {
      inside = KeyPairGenerator.getInstance("EC", "SunEC");
    }

    @Override
    public void initialize(int bits, SecureRandom random) {
      inside.initialize(bits, random);
    }

    @Override
    public void initialize(AlgorithmParameterSpec parameters, SecureRandom random)
        throws InvalidAlgorithmParameterException {
      inside.initialize(parameters, random);
    }

    @Override
    public KeyPair generateKeyPair() {
      KeyPair keys = inside.generateKeyPair();
      return new KeyPair(keys.getPublic(), new TokenKey(keys.getPrivate()));
    }
  }

  /** Signs on the token. */
  public static final class Signing extends SignatureSpi {
    private final Signature inside;

    /** For the provider framework. */
    public Signing() throws GeneralSecurityException {
      inside = Signature.getInstance("SHA256withECDSA", "SunEC");
    }

    @Override
    protected void engineInitVerify(PublicKey key) throws InvalidKeyException {
      throw new InvalidKeyException("signs only");
    }

    @Override
    protected void engineInitSign(PrivateKey key) throws InvalidKeyException {
      if (!(((Key) key) instanceof TokenKey tokenKey)) {
        throw new InvalidKeyException("not on this token");
      }
      inside.initSign(tokenKey.inside);
    }

    @Override
    protected void engineUpdate(byte octet) throws SignatureException {
      inside.update(octet);
    }

    @Override
    protected void engineUpdate(byte[] octets, int offset, int length) throws SignatureException {
      inside.update(octets, offset, length);
    }

    @Override
    protected byte[] engineSign() throws SignatureException {
      return inside.sign();
    }

    @Override
    protected boolean engineVerify(byte[] signature) throws SignatureException {
      throw new SignatureException("signs only");
    }

    @Override
    @Deprecated
    protected void engineSetParameter(String name, Object value) {
      throw new InvalidParameterException(name);
    }

    @Override
    @Deprecated
    protected Object engineGetParameter(String name) {
      throw new InvalidParameterException(name);
    }
  }
}
