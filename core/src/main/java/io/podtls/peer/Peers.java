package io.podtls.peer;

import static java.util.Objects.requireNonNull;

import io.podtls.request.PodEnvironment;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who may be at the other end of a connection. That a CA of the trust bundle signed a certificate
 * does not say who holds it: every workload that the signer serves has one.
 *
 * <ul>
 *   <li><b>Clients that connect</b> and show a certificate must match these peers. If none are
 *       named, their certificates are refused.
 *   <li><b>Servers that are called</b> must show a certificate for the host of the call (RFC 9525),
 *       whatever the peers, and whether or not the caller's socket or engine asks for that. If the
 *       peers are {@linkplain #insteadOfHostName() instead of the host name}, servers must match
 *       them.
 * </ul>
 *
 * <p>Both are checked within the handshake, after the chain was found to be trusted. A refusal ends
 * it with a fatal alert, is logged with the names that were seen, and is reported to the listener
 * of a handle; each of these at most once per minute for one peer, and for at most 20 peers.
 *
 * <p>A resumed session is not checked again, as the peer shows no certificate. A handle's sessions
 * do not outlive a change of identity or trust.
 *
 * <p><b>Thread safety:</b> immutable, if a predicate that it was made of is.
 */
public final class Peers {

  /** A Service: its name, or its namespace and its name. */
  private static final Pattern SERVICE =
      Pattern.compile(
          "(?:([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)/)?([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)");

  private final String description;
  private final Function<PeerNames, Optional<String>> check;
  private final boolean naming;
  private final boolean insteadOfHostName;

  private Peers(
      String description,
      Function<PeerNames, Optional<String>> check,
      boolean naming,
      boolean insteadOfHostName) {
    this.description = description;
    this.check = check;
    this.naming = naming;
    this.insteadOfHostName = insteadOfHostName;
  }

  /**
   * Returns no peers, which is the default everywhere: servers are checked by host name, and every
   * client's certificate is refused.
   *
   * @return the peers
   */
  public static Peers none() {
    return new Peers(
        "no peers",
        names ->
            Optional.of(
                "no peers are named: say who may connect with peers(Peers.services(...)) or"
                    + " Peers.spiffeIds(...), or Peers.anyTrusted() for every certificate of the"
                    + " trusted CAs"),
        false,
        false);
  }

  /**
   * Returns the peers that let in every client whose certificate a trusted CA signed, as a server
   * of the JDK does by itself.
   *
   * @return the peers
   */
  public static Peers anyTrusted() {
    return new Peers("any trusted peer", names -> Optional.empty(), false, false);
  }

  /**
   * Returns the peers that hold a certificate of one of these Services: one of its DNS names is
   * {@code <service>.<namespace>.svc}, alone or followed by the cluster's zone. Wildcards do not
   * match. Namespace and zone are those of this pod, see {@link PodEnvironment#detect()}.
   *
   * @param services Services of this pod's namespace, as in {@code billing}, or of another one, as
   *     in {@code shop/cart}; at least one
   * @return the peers
   * @throws IllegalArgumentException if there is none, or one is not written like this
   * @throws IllegalStateException if one has no namespace and this pod's is unknown
   */
  public static Peers services(String... services) {
    return services(PodEnvironment.detect(), services);
  }

  /**
   * Returns the peers that hold a certificate of one of these Services, as {@link
   * #services(String...)} does.
   *
   * @param pod has the namespace of Services without one, and the cluster's zone
   * @param services as in {@code billing} or {@code shop/cart}; at least one
   * @return the peers
   * @throws IllegalArgumentException if there is none, or one is not written like this
   * @throws IllegalStateException if one has no namespace and the pod's is unknown
   */
  public static Peers services(PodEnvironment pod, String... services) {
    requireNonNull(pod, "pod");
    requireSome("services", services);
    Set<String> full = new LinkedHashSet<>();
    for (String service : services) {
      Matcher parts = SERVICE.matcher(service);
      if (!parts.matches()) {
        throw new IllegalArgumentException(
            "\""
                + service
                + "\" is no Service: write its name, as in billing, or its namespace and"
                + " its name, as in shop/cart");
      }
      String namespace = parts.group(1) == null ? pod.namespace() : parts.group(1);
      full.add(parts.group(2) + "." + namespace + ".svc");
    }
    Set<String> accepted = new LinkedHashSet<>(full);
    full.forEach(name -> accepted.add(name + "." + pod.clusterDomain()));
    return naming(
        "services " + full,
        names ->
            names.dnsNames().stream()
                    .filter(name -> name.chars().allMatch(character -> character < 128))
                    .map(name -> name.toLowerCase(Locale.ROOT))
                    .anyMatch(accepted::contains)
                ? Optional.empty()
                : Optional.of("it has no DNS name of the services " + full));
  }

  /**
   * Returns the peers that hold an X.509-SVID whose SPIFFE ID matches one of these patterns. A
   * certificate with another URI beside its SPIFFE ID is refused (SPIFFE X.509-SVID 2).
   *
   * <p>Any CA of the trust bundle can sign for any trust domain: put only those of the trust
   * domains that are named here into it.
   *
   * @param patterns SPIFFE IDs with a path. The trust domain is compared exactly. In the path, a
   *     segment {@code *} stands for any one segment, a last segment {@code **} for one or more, as
   *     in {@code spiffe://cluster.local/ns/shop/sa/*}; at least one pattern
   * @return the peers
   * @throws IllegalArgumentException if there is none, or one is not written like this
   */
  public static Peers spiffeIds(String... patterns) {
    requireSome("patterns", patterns);
    List<SpiffePattern> compiled = Arrays.stream(patterns).map(SpiffePattern::of).toList();
    return naming(
        "SPIFFE IDs " + compiled,
        names ->
            names
                .whyNoSvid()
                .or(
                    () ->
                        compiled.stream().anyMatch(each -> each.matches(names.uris().get(0)))
                            ? Optional.empty()
                            : Optional.of("its SPIFFE ID matches none of " + compiled)));
  }

  /**
   * Returns the peers whose names a predicate accepts. It is asked in each full handshake, by the
   * handshake's thread; its answer holds for sessions that are resumed later. An exception is a
   * refusal.
   *
   * @param predicate must not block; safe for use by several threads
   * @return the peers
   */
  public static Peers matching(Predicate<PeerNames> predicate) {
    requireNonNull(predicate, "predicate");
    return naming(
        "peers that match a predicate",
        names ->
            predicate.test(names)
                ? Optional.empty()
                : Optional.of("the predicate of Peers.matching does not accept its names"));
  }

  private static Peers naming(String description, Function<PeerNames, Optional<String>> check) {
    return new Peers(description, check, true, false);
  }

  private static void requireSome(String parameter, String[] values) {
    if (requireNonNull(values, parameter).length == 0) {
      throw new IllegalArgumentException(parameter + " is empty: name at least one");
    }
    for (String value : values) {
      requireNonNull(value, parameter);
    }
  }

  /**
   * Returns the same peers, to be compared with the servers that are called as well, instead of the
   * host name: for servers whose certificate has a SPIFFE ID and no DNS name, or that are called by
   * an address which is in no certificate.
   *
   * @return the peers
   * @throws IllegalStateException for {@link #none()} and {@link #anyTrusted()}, which name no peer
   */
  public Peers insteadOfHostName() {
    if (!naming) {
      throw new IllegalStateException(
          description + " cannot stand in for the host name: name the servers");
    }
    return new Peers(description, check, true, true);
  }

  /** Returns whether servers are compared with these peers instead of with the host name. */
  public boolean areInsteadOfHostName() {
    return insteadOfHostName;
  }

  /**
   * Returns why a peer is not let in.
   *
   * @param names the peer's names
   * @return the reason, empty if it is let in
   */
  public Optional<String> refusal(PeerNames names) {
    requireNonNull(names, "names");
    try {
      return check.apply(names);
    } catch (RuntimeException e) {
      return Optional.of("its names cannot be checked: " + e);
    }
  }

  /** Shows who is let in. */
  @Override
  public String toString() {
    return description + (insteadOfHostName ? " instead of the host name" : "");
  }
}
