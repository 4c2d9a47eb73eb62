package io.podtls.examples.clustersigner;

import io.podtls.examples.signing.CertificateAuthority;
import io.podtls.examples.signing.NameConstraints;
import io.podtls.examples.signing.SigningRules;
import io.podtls.request.PodEnvironment;
import io.podtls.request.SignerName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * The command line.
 *
 * @param signerName the signerName to approve and to sign for
 * @param approving whether to approve; otherwise people or another approver have to
 * @param patience how long to look at a request that the pod may not have yet before denying it
 * @param clusterDomain the domain that ends the names of Services
 * @param caSecret the Secret of the CA in the signer's namespace, unless there is a directory
 * @param caDirectory the directory of the CA, if it is in files
 * @param constrained whether a new CA is constrained to the names of the cluster
 * @param longest the longest lifetime to grant
 * @param configMap the name of the ConfigMaps to publish the CA in
 * @param namespaces the namespaces to publish it in, besides that of the signer
 * @param publishAhead how long a new CA is published before it signs
 * @param healthPort the port of the health endpoint
 */
record Options(
    SignerName signerName,
    boolean approving,
    Duration patience,
    String clusterDomain,
    String caSecret,
    Optional<Path> caDirectory,
    boolean constrained,
    Duration longest,
    String configMap,
    List<String> namespaces,
    Duration publishAhead,
    int healthPort) {

  private static final Duration NEW_CA_LIFETIME = Duration.ofDays(3 * 365L);

  static final String USAGE =
      """
      Approves and signs certificate signing requests, for clusters that have no signer of their own.
        --signer-name NAME       for this signerName (default: example.com/serving)
        --approve pods|nothing   approve what the requesting pod may have, or leave that to others
                                 (default: pods)
        --patience SECONDS       what the pod may not have yet, for example because no Service selects
                                 it, is denied after so long (default: 60)
        --cluster-domain DOMAIN  the domain that ends the names of Services (default: as in
                                 /etc/resolv.conf)
        --ca-secret NAME         the CA: a Secret of this namespace with tls.crt and tls.key; an empty
                                 one is filled with a new CA (default: cluster-signer-ca)
        --ca-dir DIR             the CA: tls.crt and tls.key in this directory instead
        --ca-names any|cluster   what a new CA may sign: any name, or by its name constraints those of
                                 Services and SPIFFE IDs of the cluster domain (default: any)
        --max-hours HOURS        the longest lifetime to grant (default: 24)
        --config-map NAME        publish the CA in ConfigMaps of this name (default: serving-ca)
        --publish-to A,B,...     in these namespaces too, besides this one
        --publish-ahead SECONDS  a new CA is published for so long before it signs (default: 180)
        --health-port PORT       /healthz and /readyz (default: 8080)
      """;

  /**
   * Reads the command line.
   *
   * @throws IllegalArgumentException naming what is wrong with it
   */
  static Options parse(String... arguments) {
    SignerName signerName = SignerName.of("example.com/serving");
    boolean approving = true;
    Duration patience = Duration.ofMinutes(1);
    boolean constrained = false;
    String clusterDomain = PodEnvironment.detect().clusterDomain();
    String caSecret = "cluster-signer-ca";
    Optional<Path> caDirectory = Optional.empty();
    Duration longest = Duration.ofHours(24);
    String configMap = "serving-ca";
    List<String> namespaces = List.of();
    Duration publishAhead = Duration.ofMinutes(3);
    int healthPort = 8080;
    Deque<String> left = new ArrayDeque<>(List.of(arguments));
    while (!left.isEmpty()) {
      String option = left.remove();
      try {
        switch (option) {
          case "--signer-name" -> signerName = SignerName.of(left.remove());
          case "--approve" -> approving = choice(option, left.remove(), "nothing", "pods");
          case "--patience" -> patience = Duration.ofSeconds(Long.parseLong(left.remove()));
          case "--ca-names" -> constrained = choice(option, left.remove(), "any", "cluster");
          case "--cluster-domain" -> clusterDomain = left.remove();
          case "--ca-secret" -> caSecret = left.remove();
          case "--ca-dir" -> caDirectory = Optional.of(Path.of(left.remove()));
          case "--max-hours" -> longest = Duration.ofHours(Long.parseLong(left.remove()));
          case "--config-map" -> configMap = left.remove();
          case "--publish-to" -> namespaces = List.of(left.remove().split(",", -1));
          case "--publish-ahead" ->
              publishAhead = Duration.ofSeconds(Long.parseLong(left.remove()));
          case "--health-port" -> healthPort = Integer.parseInt(left.remove());
          default -> throw new IllegalArgumentException("unknown option " + option);
        }
      } catch (NoSuchElementException e) {
        throw new IllegalArgumentException(option + " needs a value", e);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(option + " needs a number", e);
      }
    }
    return new Options(
        signerName,
        approving,
        patience,
        clusterDomain,
        caSecret,
        caDirectory,
        constrained,
        longest,
        configMap,
        namespaces,
        publishAhead,
        healthPort);
  }

  /** Returns whether the second of two choices was made. */
  private static boolean choice(String option, String made, String no, String yes) {
    if (!made.equals(no) && !made.equals(yes)) {
      throw new IllegalArgumentException(
          "%s takes %s or %s, not %s".formatted(option, yes, no, made));
    }
    return made.equals(yes);
  }

  SigningRules rules() {
    return new SigningRules(signerName.toString(), longest);
  }

  /** Makes a CA for a Secret that has none. */
  CertificateAuthority newAuthority() {
    return CertificateAuthority.create(
        signerName + " CA",
        NEW_CA_LIFETIME,
        constrained ? NameConstraints.cluster(clusterDomain) : NameConstraints.none());
  }

  RotationTimes times() {
    return new RotationTimes(publishAhead, longest);
  }
}
