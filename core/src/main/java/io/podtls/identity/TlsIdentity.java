package io.podtls.identity;

import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.jsse.Contexts;
import io.podtls.peer.Peers;
import io.podtls.pem.Pem;
import io.podtls.pem.Reasons;
import io.podtls.request.CertificateRequest;
import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * A private key and the certificate chain for it. Prints subject, serial number and notAfter, never
 * the key; cannot be serialized.
 *
 * <p>Comes from {@link PendingIdentity#complete(List, TrustBundle)}, from files through {@link
 * IdentityFiles}, or from existing material through {@link #of(PrivateKey, List)}.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class TlsIdentity {

  static final String ALIAS = "podtls";
  private static final int MOST_DESCRIBED = 8;

  private final PrivateKey key;
  private final List<X509Certificate> chain;
  private final X509ExtendedKeyManager keyManager;

  /** The chain in order, its first certificate for the key. */
  TlsIdentity(PrivateKey key, List<X509Certificate> chain) {
    this.key = key;
    this.chain = List.copyOf(chain);
    this.keyManager = new IdentityKeyManager(key, this.chain);
  }

  /**
   * Puts existing material together. Checks that the key belongs to a certificate, by signing with
   * the one and verifying with the other, and puts the chain in order; certificates that are not
   * part of it and a self-signed anchor are left out. Validity and trust are not checked: {@link
   * #verify(TrustBundle, Instant)} does that.
   *
   * @param key an EC, RSA or Ed25519 key
   * @param certificates the certificate for it and its issuers, in any order
   * @return the identity, its chain in order
   * @throws InvalidMaterialException if this JDK cannot sign with the key, or if it belongs to none
   *     of the certificates
   */
  public static TlsIdentity of(PrivateKey key, List<X509Certificate> certificates) {
    return of("the given key and chain", key, certificates);
  }

  static TlsIdentity of(String source, PrivateKey key, List<X509Certificate> certificates) {
    requireNonNull(key, "key");
    List<X509Certificate> given =
        List.copyOf(new LinkedHashSet<>(requireNonNull(certificates, "certificates")));
    byte[] proof;
    try {
      proof = Keys.proof(key);
    } catch (GeneralSecurityException e) {
      throw new InvalidMaterialException(
          source, "the " + key.getAlgorithm() + " key cannot be used: " + Reasons.of(e), e);
    }
    X509Certificate leaf =
        given.stream()
            .filter(certificate -> Keys.verifies(certificate.getPublicKey(), proof))
            .findFirst()
            .orElseThrow(
                () ->
                    new InvalidMaterialException(
                        source,
                        given.isEmpty()
                            ? "no certificate for the " + key.getAlgorithm() + " key"
                            : "the "
                                + key.getAlgorithm()
                                + " key belongs to none of the certificates, "
                                + given.stream()
                                    .limit(MOST_DESCRIBED)
                                    .map(Certificates::describe)
                                    .collect(Collectors.joining(", "))
                                + (given.size() > MOST_DESCRIBED
                                    ? " and " + (given.size() - MOST_DESCRIBED) + " more"
                                    : ""),
                        null));
    return new TlsIdentity(key, PathToTrust.inOrder(leaf, given));
  }

  /** {@return the leaf, then each one's issuer, as peers want it; without a self-signed anchor} */
  public List<X509Certificate> chain() {
    return chain;
  }

  /** {@return the certificate for the key} */
  public X509Certificate leaf() {
    return chain.get(0);
  }

  /** {@return the leaf's serial number} */
  public BigInteger serialNumber() {
    return leaf().getSerialNumber();
  }

  /** {@return the first moment of the leaf's validity} */
  public Instant notBefore() {
    return leaf().getNotBefore().toInstant();
  }

  /** {@return the last moment of the leaf's validity} */
  public Instant notAfter() {
    return leaf().getNotAfter().toInstant();
  }

  /**
   * Returns the certificate of a trust bundle that this identity's chain leads to.
   *
   * @param trust where to look
   * @param now the present; that the leaf itself has expired or is not valid yet is not considered
   * @return the anchor, empty if the bundle does not trust the chain
   */
  public Optional<X509Certificate> anchorIn(TrustBundle trust, Instant now) {
    return PathToTrust.search(
            leaf(),
            chain,
            requireNonNull(trust, "trust").certificates(),
            requireNonNull(now, "now"))
        .anchor();
  }

  /**
   * Verifies that the chain can be used: the leaf is valid, a notBefore of up to 60 s after now
   * tolerated, and not a CA, and the chain leads to peer trust.
   *
   * @param peerTrust what peers trust
   * @param now the present
   * @throws io.podtls.failure.InvalidCertificateException with every violation, if there is one
   */
  public void verify(TrustBundle peerTrust, Instant now) {
    requireNonNull(peerTrust, "peerTrust");
    Verification.ofMatching(chain)
        .usableAt(requireNonNull(now, "now"))
        .trustedBy(peerTrust.certificates(), now)
        .chain();
  }

  /**
   * Verifies that the chain can be used and is what a request asks for: besides what {@link
   * #verify(TrustBundle, Instant)} checks, the key is of the algorithm asked for and the leaf has
   * every name and usage asked for. Lifetime and subject are the signer's to decide.
   *
   * @param request what a workload asks for now
   * @param peerTrust what peers trust
   * @param now the present
   * @throws io.podtls.failure.InvalidCertificateException with every violation, if there is one
   */
  public void verify(CertificateRequest request, TrustBundle peerTrust, Instant now) {
    requireNonNull(request, "request");
    requireNonNull(peerTrust, "peerTrust");
    Verification.ofMatching(chain)
        .withKeyAsRequested(request)
        .asRequested(request)
        .usableAt(requireNonNull(now, "now"))
        .trustedBy(peerTrust.certificates(), now)
        .chain();
  }

  /**
   * {@return a key manager with this identity under one alias, for servers and clients} It offers
   * the identity where the leaf's key type is asked for, and where one of the chain's issuers is
   * accepted if the peer names any.
   */
  public X509ExtendedKeyManager keyManager() {
    return keyManager;
  }

  /**
   * {@return a new PKCS#12 key store with the key and the chain under the alias {@code podtls}}
   *
   * @param password protects the entry, and the store when it is written; not kept
   * @throws IllegalStateException if the key's provider does not give it out
   */
  public KeyStore keyStore(char[] password) {
    requireNonNull(password, "password");
    encoded(key);
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(ALIAS, key, password, chain.toArray(Certificate[]::new));
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("cannot make a PKCS#12 key store", e);
    }
  }

  /**
   * {@return a new TLS context with this identity, for servers and clients} Servers that are called
   * must show a certificate for the host of the call; a client's certificate is refused, as no
   * peers are named. The context stays as it is when the identity is renewed; the context of a
   * {@code PodTls} follows.
   *
   * @param peerTrust whose certificates to accept
   */
  public SSLContext sslContext(TrustBundle peerTrust) {
    return sslContext(peerTrust, Peers.none());
  }

  /**
   * {@return a new TLS context with this identity, for servers and clients} It stays as it is when
   * the identity is renewed; the context of a {@code PodTls} follows.
   *
   * @param peerTrust whose certificates to accept
   * @param peers who may be at the other end
   */
  public SSLContext sslContext(TrustBundle peerTrust, Peers peers) {
    requireNonNull(peerTrust, "peerTrust");
    return Contexts.of(new KeyManager[] {keyManager}, peerTrust.trustManager(peers));
  }

  /** {@return the chain as PEM, one {@code CERTIFICATE} block each (RFC 7468 5), leaf first} */
  public String chainPem() {
    return Pem.encode(chain);
  }

  /**
   * {@return the private key in the clear, as PKCS#8 PEM (RFC 7468 10)} Its reader can impersonate
   * the workload.
   *
   * @throws IllegalStateException if the key's provider does not give it out
   */
  public String exportPrivateKeyUnencrypted() {
    return exportUnencrypted(key);
  }

  static String exportUnencrypted(PrivateKey key) {
    return Pem.encode(Pem.PRIVATE_KEY, encoded(key));
  }

  private static byte[] encoded(PrivateKey key) {
    byte[] encoded = key.getEncoded();
    if (encoded == null) {
      throw new IllegalStateException(
          "the " + key.getAlgorithm() + " key cannot leave the provider that holds it");
    }
    return encoded;
  }

  /** Identities are equal if their chains are; the key follows from the leaf. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TlsIdentity identity && chain.equals(identity.chain);
  }

  @Override
  public int hashCode() {
    return chain.hashCode();
  }

  /** {@return subject (the first other name if it is empty), serial and notAfter, never the key} */
  @Override
  public String toString() {
    return "TlsIdentity["
        + Certificates.name(leaf())
        + ", serial "
        + Certificates.serial(leaf())
        + ", notAfter "
        + notAfter()
        + "]";
  }
}
