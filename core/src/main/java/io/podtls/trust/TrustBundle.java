package io.podtls.trust;

import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.jsse.Contexts;
import io.podtls.jsse.PeersTrustManager;
import io.podtls.jsse.PkixTrust;
import io.podtls.jsse.RefusalLog;
import io.podtls.peer.Peers;
import io.podtls.pem.Pem;
import java.io.ByteArrayInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A set of CA certificates to trust, and nothing else: never the JVM's own roots, never an empty
 * set.
 *
 * <p>Certificates are compared by their encoding. Duplicates collapse; certificates that share a
 * subject, or subject and serial number (an old and a new CA during a rotation), stay apart and are
 * all trusted. Two bundles are equal if they hold the same certificates, in whatever order.
 *
 * <p>Chains are validated (RFC 5280 section 6), and a server's host name is compared (RFC 2818, RFC
 * 9525), by the JDK's PKIX trust manager, with what follows from that:
 *
 * <ul>
 *   <li>The validity of an anchor is not looked at (RFC 5280 section 6.1.1 takes a name and a key):
 *       an expired root vouches for the unexpired certificates under it until it is taken out of
 *       the bundle, as long as the peer sends its chain in order. Where the JDK has to look for
 *       another way, it passes over expired anchors.
 *   <li>Name constraints in an anchor are not looked at either; those in intermediates are.
 *   <li>An intermediate in the bundle is enough: no path up to its root is asked for.
 *   <li>The JDK chooses among anchors of one subject by their key identifiers (RFC 5280 section
 *       4.2.1.2). Where these are missing the JDK tries one after the other, which is noticeable
 *       from some twenty on.
 *   <li>A {@code *} matches anywhere within the leftmost label of a DNS name, and on JDK 17 within
 *       any label, where RFC 9525 section 6.3 allows it as the whole leftmost label only. A common
 *       name counts for nothing, which is stricter than the JDK and as in RFC 9525 section 2.
 *   <li>A certificate that is no CA (basic constraints, key usage) is allowed in the bundle and
 *       vouches for itself alone: a peer that presents this very certificate is accepted, even an
 *       expired one, and a peer whose certificate it signed is not. Version 1 certificates say
 *       nothing about this and count as CAs.
 *   <li>Revocation is not checked, unless the JVM's own property requires it: {@code
 *       com.sun.net.ssl.checkRevocation}.
 *   <li>Weak algorithms and keys are refused as {@code jdk.certpath.disabledAlgorithms} and {@code
 *       jdk.tls.disabledAlgorithms} say.
 * </ul>
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class TrustBundle {

  private static final int MOST_SUBJECTS = 5;

  private final Set<X509Certificate> certificates;
  private volatile @Nullable X509ExtendedTrustManager chains;

  private TrustBundle(Collection<X509Certificate> parsed) {
    this.certificates = Collections.unmodifiableSet(new LinkedHashSet<>(parsed));
  }

  /**
   * Makes a bundle of certificates already parsed.
   *
   * @param certificates at least one certificate; duplicates are dropped, the order is kept
   * @return the bundle
   * @throws IllegalArgumentException if there is no certificate, or one without a sound encoding
   */
  public static TrustBundle of(Collection<X509Certificate> certificates) {
    if (requireNonNull(certificates, "certificates").isEmpty()) {
      throw new IllegalArgumentException(
          "certificates is empty: that would trust no peer, and does not mean the system's roots");
    }
    LinkedHashSet<X509Certificate> parsed = new LinkedHashSet<>();
    try {
      // Certificates of other providers compare and validate differently: make them all the JDK's.
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (X509Certificate certificate : certificates) {
        byte[] der = requireNonNull(certificate, "certificates").getEncoded();
        parsed.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
      }
    } catch (CertificateException e) {
      throw new IllegalArgumentException("certificates holds one without a sound encoding", e);
    }
    return new TrustBundle(parsed);
  }

  /**
   * Reads every CERTIFICATE block of PEM text. Text between blocks, CRLF, blank lines, duplicates
   * and blocks of other kinds are passed over.
   *
   * @param source where the text came from, for messages: a file's path or an object's name
   * @param pem the text
   * @return the bundle
   * @throws InvalidMaterialException if there is no certificate, or a block is truncated or
   *     damaged; the message names the source and what was found
   */
  public static TrustBundle parse(String source, byte[] pem) {
    return new TrustBundle(Pem.parse(source, pem).certificates());
  }

  /** Returns the certificates, at least one, in the order they were given; unmodifiable. */
  public Set<X509Certificate> certificates() {
    return certificates;
  }

  /**
   * Returns the union of two bundles.
   *
   * @param other the other bundle
   * @return this one's certificates, followed by those that only the other has
   */
  public TrustBundle union(TrustBundle other) {
    Set<X509Certificate> both = new LinkedHashSet<>(certificates);
    return both.addAll(other.certificates) ? new TrustBundle(both) : this;
  }

  /**
   * Returns a trust manager that accepts the chains which lead to a certificate of this bundle, of
   * servers that are for the host of the call, and of no client: {@link Peers#none()}.
   *
   * @return the trust manager, safe for use by many threads
   */
  public X509ExtendedTrustManager trustManager() {
    return trustManager(Peers.none());
  }

  /**
   * Returns a trust manager that accepts the chains which lead to a certificate of this bundle, of
   * the peers that are named. It needs to see the connection, so a server is accepted through the
   * methods with a socket or an engine only, unless the peers are instead of the host name.
   *
   * @param peers who may be at the other end
   * @return the trust manager, safe for use by many threads
   */
  public X509ExtendedTrustManager trustManager(Peers peers) {
    requireNonNull(peers, "peers");
    X509ExtendedTrustManager made = chains;
    if (made == null) {
      made = PkixTrust.over(certificates);
      chains = made;
    }
    return new PeersTrustManager(
        made, peers, new RefusalLog(InstantSource.system(), (names, reason) -> {}));
  }

  /**
   * Returns a new context for clients: this trust and no key. A server must show a certificate for
   * the host of the call.
   *
   * @return a context with the JDK's default protocols
   */
  public SSLContext sslContext() {
    return sslContext(Peers.none());
  }

  /**
   * Returns a new context for clients: this trust and no key.
   *
   * @param peers who may be at the other end; servers are compared with them if they are
   *     {@linkplain Peers#insteadOfHostName() instead of the host name}, otherwise with the host of
   *     the call
   * @return a context with the JDK's default protocols
   */
  public SSLContext sslContext(Peers peers) {
    return Contexts.of(new KeyManager[0], trustManager(peers));
  }

  /**
   * Returns a new store of trusted certificates, for frameworks that insist on one.
   *
   * @return an in-memory PKCS#12 store with the aliases {@code ca-1}, {@code ca-2}, ...; the
   *     caller's to change or store
   */
  public KeyStore keyStore() {
    return PkixTrust.storeOf(certificates);
  }

  /**
   * Returns the bundle as PEM: one CERTIFICATE block each, LF, 64 columns, without text between
   * them.
   *
   * @return what {@link #parse} reads back to an equal bundle
   */
  public String toPem() {
    return Pem.encode(certificates);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TrustBundle that && certificates.equals(that.certificates);
  }

  @Override
  public int hashCode() {
    return certificates.hashCode();
  }

  /** Shows how many certificates there are and the first few subjects. */
  @Override
  public String toString() {
    Map<String, Integer> subjects = new LinkedHashMap<>();
    for (X509Certificate certificate : certificates) {
      subjects.merge(certificate.getSubjectX500Principal().getName(), 1, Integer::sum);
    }
    String shown =
        subjects.entrySet().stream()
            .limit(MOST_SUBJECTS)
            .map(entry -> shortened(entry.getKey()) + times(entry.getValue()))
            .collect(Collectors.joining("; "));
    return "TrustBundle["
        + certificates.size()
        + (certificates.size() == 1 ? " certificate: " : " certificates: ")
        + shown
        + (subjects.size() > MOST_SUBJECTS
            ? "; " + (subjects.size() - MOST_SUBJECTS) + " more subjects"
            : "")
        + "]";
  }

  private static String shortened(String subject) {
    return subject.length() <= 64 ? subject : subject.substring(0, 61) + "...";
  }

  private static String times(int count) {
    return count == 1 ? "" : " (" + count + " times)";
  }
}
