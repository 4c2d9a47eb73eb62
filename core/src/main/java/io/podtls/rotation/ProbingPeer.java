package io.podtls.rotation;

import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.failure.InvalidCertificateException.Violation;
import io.podtls.trust.TrustBundle;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The other side of a self-probe: looks at the chain as a JDK peer with this trust does, as of a
 * given moment, in each role that the leaf is for.
 */
final class ProbingPeer extends X509ExtendedTrustManager {

  /** Extended key usages, RFC 5280 4.2.1.12. */
  private enum Role {
    SERVER("1.3.6.1.5.5.7.3.1"),
    CLIENT("1.3.6.1.5.5.7.3.2");

    private static final String ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";

    private final String keyPurposeId;

    Role(String keyPurposeId) {
      this.keyPurposeId = keyPurposeId;
    }

    static Set<Role> of(X509Certificate leaf) throws CertificateException {
      Set<Role> roles = EnumSet.allOf(Role.class);
      List<String> usages = leaf.getExtendedKeyUsage();
      if (usages != null && !usages.contains(ANY_EXTENDED_KEY_USAGE)) {
        roles.removeIf(role -> !usages.contains(role.keyPurposeId));
      }
      return roles;
    }
  }

  private final TrustBundle trust;
  private final Instant at;
  private @Nullable Violation refusal;

  ProbingPeer(TrustBundle trust, Instant at) {
    this.trust = trust;
    this.at = at;
  }

  /** Why the chain was refused, if it was. */
  Optional<Violation> refusal() {
    return Optional.ofNullable(refusal);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    try {
      Set<Role> roles = Role.of(chain[0]);
      if (roles.isEmpty()) {
        throw new CertificateException("neither for server auth nor for client auth");
      }
      X509ExtendedTrustManager judge = judge();
      if (roles.contains(Role.SERVER)) {
        judge.checkServerTrusted(chain, authType, engine);
      }
      if (roles.contains(Role.CLIENT)) {
        judge.checkClientTrusted(chain, authType);
      }
    } catch (CertificateException e) {
      // The JDK gives a cause where the path fails, and none where the leaf is not for this use.
      Rule rule = e.getCause() == null ? Rule.USAGES : Rule.PEER_TRUST;
      refusal = new Violation(rule, "a TLS peer refuses it: " + e.getMessage());
      throw e;
    }
  }

  /** The bundle's own trust manager goes by the system's clock; the rotation's is to decide. */
  private X509ExtendedTrustManager judge() throws CertificateException {
    try {
      Set<TrustAnchor> anchors =
          trust.certificates().stream()
              .map(certificate -> new TrustAnchor(certificate, null))
              .collect(Collectors.toSet());
      PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
      parameters.setDate(Date.from(at));
      parameters.setRevocationEnabled(false);
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(new CertPathTrustManagerParameters(parameters));
      return Stream.of(factory.getTrustManagers())
          .filter(X509ExtendedTrustManager.class::isInstance)
          .map(X509ExtendedTrustManager.class::cast)
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("the JDK has no PKIX trust manager"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK has no PKIX trust manager", e);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw notThisWay();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw notThisWay();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw notThisWay();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw notThisWay();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw notThisWay();
  }

  private static CertificateException notThisWay() {
    return new CertificateException("a self-probe is a client with an engine");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
