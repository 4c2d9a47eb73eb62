package io.podtls.testing;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
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
import java.security.interfaces.ECPrivateKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECParameterSpec;
import java.util.List;
import java.util.Map;

/** A provider of EC keys that work, and whose encoding fails as a test says. */
public final class UnreliableKeys extends Provider {

  private static final long serialVersionUID = 1L;

  /** A provider whose keys run this before each encoding. */
  public UnreliableKeys(Runnable beforeEncoding) {
    super("PodtlsUnreliableKeys", "1", "keys whose encoding fails");
    putService(
        new Service(this, "KeyPairGenerator", "EC", Generator.class.getName(), null, null) {
          @Override
          public Object newInstance(Object parameter) {
            return new Generator(beforeEncoding);
          }
        });
    putService(
        new Service(
            this,
            "Signature",
            "SHA256withECDSA",
            Signing.class.getName(),
            List.of(),
            Map.of("SupportedKeyClasses", Unreliable.class.getName())) {
          @Override
          public Object newInstance(Object parameter) {
            return new Signing();
          }
        });
  }

  private static final class Unreliable implements ECPrivateKey {
    private static final long serialVersionUID = 1L;
    private final transient ECPrivateKey inside;
    private final transient Runnable beforeEncoding;

    Unreliable(PrivateKey inside, Runnable beforeEncoding) {
      this.inside = (ECPrivateKey) inside;
      this.beforeEncoding = beforeEncoding;
    }

    @Override
    public java.math.BigInteger getS() {
      return inside.getS();
    }

    @Override
    public ECParameterSpec getParams() {
      return inside.getParams();
    }

    @Override
    public String getAlgorithm() {
      return inside.getAlgorithm();
    }

    @Override
    public String getFormat() {
      return inside.getFormat();
    }

    @Override
    public byte[] getEncoded() {
      beforeEncoding.run();
      return inside.getEncoded();
    }
  }

  private static final class Generator extends KeyPairGeneratorSpi {
    private final Runnable beforeEncoding;
    private final KeyPairGenerator inside;

    Generator(Runnable beforeEncoding) {
      this.beforeEncoding = beforeEncoding;
      try {
        inside = KeyPairGenerator.getInstance("EC", "SunEC");
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
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
      return new KeyPair(keys.getPublic(), new Unreliable(keys.getPrivate(), beforeEncoding));
    }
  }

  private static final class Signing extends SignatureSpi {
    private final Signature inside;

    Signing() {
      try {
        inside = Signature.getInstance("SHA256withECDSA", "SunEC");
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    protected void engineInitVerify(PublicKey key) throws InvalidKeyException {
      inside.initVerify(key);
    }

    @Override
    protected void engineInitSign(PrivateKey key) throws InvalidKeyException {
      inside.initSign(key);
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
      return inside.verify(signature);
    }

    @Override
    @Deprecated
    protected void engineSetParameter(String name, Object value) {
      throw new UnsupportedOperationException(name);
    }

    @Override
    @Deprecated
    protected Object engineGetParameter(String name) {
      throw new UnsupportedOperationException(name);
    }
  }
}
