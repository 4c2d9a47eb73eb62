package io.podtls.rotation;

import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.failure.InvalidCertificateException.Violation;
import io.podtls.jsse.ForwardingTrustManager;
import io.podtls.jsse.PkixTrust;
import io.podtls.jsse.PresentedChain;
import io.podtls.request.KeyUsage;
import io.podtls.trust.TrustBundle;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The other side of a self-probe: looks at the chain as a JDK peer with this trust does, as of a
 * given moment, in each role that the leaf is for.
 */
final class ProbingPeer extends ForwardingTrustManager {

  /** Extended key usages, RFC 5280 4.2.1.12. */
  private enum Role {
    SERVER(KeyUsage.SERVER_AUTH),
    CLIENT(KeyUsage.CLIENT_AUTH);

    private final KeyUsage usage;

    Role(KeyUsage usage) {
      this.usage = usage;
    }

    static Set<Role> of(X509Certificate leaf) throws CertificateException {
      Set<Role> roles = EnumSet.allOf(Role.class);
      List<String> usages = leaf.getExtendedKeyUsage();
      if (usages != null && !usages.contains(KeyUsage.ANY.extendedKeyUsage().orElseThrow())) {
        roles.removeIf(role -> !usages.contains(role.usage.extendedKeyUsage().orElseThrow()));
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
  protected void check(PresentedChain presented) throws CertificateException {
    X509Certificate[] chain = presented.certificates();
    try {
      Set<Role> roles = Role.of(chain[0]);
      if (roles.isEmpty()) {
        throw new CertificateException("neither for server auth nor for client auth");
      }
      // The bundle's own trust manager goes by the system's clock; the rotation's is to decide.
      X509ExtendedTrustManager judge = PkixTrust.over(trust.certificates(), at);
      if (roles.contains(Role.SERVER)) {
        presented.checkWith(judge);
      }
      if (roles.contains(Role.CLIENT)) {
        judge.checkClientTrusted(chain, presented.authType());
      }
    } catch (CertificateException e) {
      // The JDK gives a cause where the path fails, and none where the leaf is not for this use.
      Rule rule = e.getCause() == null ? Rule.USAGES : Rule.PEER_TRUST;
      refusal = new Violation(rule, "a TLS peer refuses it: " + e.getMessage());
      throw e;
    }
  }
}
