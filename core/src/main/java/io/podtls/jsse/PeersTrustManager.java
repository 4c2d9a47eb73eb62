package io.podtls.jsse;

import static java.util.Objects.requireNonNull;

import io.podtls.jsse.PresentedChain.Role;
import io.podtls.peer.PeerNames;
import io.podtls.peer.Peers;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trust in a chain, by the JDK, and then in the names of its leaf: a server's by its host name,
 * also by the JDK, a client's by the peers that are named.
 *
 * <p><b>Thread safety:</b> safe for use by any number of handshakes.
 */
public final class PeersTrustManager extends ForwardingTrustManager {

  private static final Pattern ADDRESS =
      Pattern.compile("[0-9.]+|\\[?[0-9a-fA-F.]*:[0-9a-fA-F:.]*]?");

  private final X509ExtendedTrustManager chains;
  private final Peers peers;
  private final RefusalLog refusals;

  /**
   * @param chains the JDK's trust manager, which decides about chains
   * @param peers decides about names
   * @param refusals receives the peers that are refused
   */
  public PeersTrustManager(X509ExtendedTrustManager chains, Peers peers, RefusalLog refusals) {
    this.chains = requireNonNull(chains, "chains");
    this.peers = requireNonNull(peers, "peers");
    this.refusals = requireNonNull(refusals, "refusals");
  }

  @Override
  protected void check(PresentedChain presented) throws CertificateException {
    if (presented.role() == Role.CLIENT) {
      presented.checkWith(chains);
      checkNames(presented);
    } else if (peers.areInsteadOfHostName()) {
      presented.checkWithoutHost(chains);
      checkNames(presented);
    } else {
      checkHost(presented);
    }
  }

  private void checkNames(PresentedChain presented) throws CertificateException {
    PeerNames names = PeerNames.of(presented.certificates()[0]);
    Optional<String> reason = peers.refusal(names);
    if (reason.isPresent()) {
      throw refused(presented.role(), names, reason.get(), null);
    }
  }

  private void checkHost(PresentedChain presented) throws CertificateException {
    if (!presented.namesHost()) {
      presented.checkWithoutHost(chains);
      throw refused(
          Role.SERVER,
          PeerNames.of(presented.certificates()[0]),
          "there is no host name to compare it with: give the host to createSSLEngine(host, port)"
              + " or createSocket(...), or name the servers with"
              + " peers(Peers....insteadOfHostName())",
          null);
    }
    try {
      presented.checkWithHost(chains);
    } catch (CertificateException e) {
      presented.checkWithoutHost(chains); // Throws if it is the chain that is refused.
      throw refused(
          Role.SERVER,
          PeerNames.of(presented.certificates()[0]),
          presented.host().map(host -> "called as " + host + ": ").orElse("") + e.getMessage(),
          e);
    }
    PeerNames names = PeerNames.of(presented.certificates()[0]);
    if (names.dnsNames().isEmpty() && !presented.host().filter(isAddressOf(names)).isPresent()) {
      throw refused(
          Role.SERVER,
          names,
          "its subject alternative names have no host, and its common name does not count (RFC 9525"
              + " 2)",
          null);
    }
  }

  private static Predicate<String> isAddressOf(PeerNames names) {
    return host -> {
      try {
        // Matched, it is a literal and not resolved.
        return ADDRESS.matcher(host).matches()
            && names.ipAddresses().contains(InetAddress.getByName(host));
      } catch (UnknownHostException notAnAddress) {
        return false;
      }
    };
  }

  private CertificateException refused(
      Role role, PeerNames names, String reason, @Nullable CertificateException cause) {
    String refusal =
        (role == Role.CLIENT ? "client refused (" : "server refused (") + names + "): " + reason;
    refusals.report(names, reason, refusal);
    return new CertificateException(refusal, cause);
  }
}
