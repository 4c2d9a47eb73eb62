package io.podtls.request;

import static java.util.Objects.requireNonNull;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a workload asks for: the signer, the names, the usages, the lifetime and the kind of key.
 * Not to be confused with cert-manager's resource of the same name, nor with the
 * CertificateSigningRequest that an adapter makes of it.
 *
 * <p>A request that was built is one that the API server admits and that the built-in signers, if
 * it is for one of them, sign: what they would refuse, {@link Builder#build()} refuses first.
 *
 * <p><b>Thread safety:</b> immutable. The builder is for one thread.
 */
public final class CertificateRequest {

  private final SignerName signerName;
  private final @Nullable String commonName;
  private final List<String> organizations;
  private final List<SubjectAlternativeName> names;
  private final Set<KeyUsage> usages;
  private final @Nullable Duration expiration;
  private final KeyAlgorithm keyAlgorithm;

  private CertificateRequest(Builder builder) {
    this.signerName = builder.signerName;
    this.commonName = builder.commonName;
    this.organizations = builder.organizations;
    this.names = List.copyOf(builder.names);
    this.usages = Collections.unmodifiableSet(EnumSet.copyOf(builder.effectiveUsages()));
    this.expiration = builder.expiration;
    this.keyAlgorithm = builder.keyAlgorithm;
  }

  /**
   * Starts a request to a signer.
   *
   * @param signerName the signer
   * @return a builder with the defaults
   */
  public static Builder builder(SignerName signerName) {
    return new Builder(requireNonNull(signerName, "signerName"));
  }

  /** {@return the signer} */
  public SignerName signerName() {
    return signerName;
  }

  /** {@return the common name (CN) of the subject, if there is one} */
  public Optional<String> commonName() {
    return Optional.ofNullable(commonName);
  }

  /** {@return the organizations (O) of the subject, e.g. the groups of a client; may be empty} */
  public List<String> organizations() {
    return organizations;
  }

  /** {@return the subject alternative names in the order in which they were added, each once} */
  public List<SubjectAlternativeName> subjectAlternativeNames() {
    return names;
  }

  /** {@return the usages, at least one, in the API's order} */
  public Set<KeyUsage> usages() {
    return usages;
  }

  /** {@return the lifetime asked for, 600 s or more; empty if the choice is the signer's} */
  public Optional<Duration> expiration() {
    return Optional.ofNullable(expiration);
  }

  /** {@return the kind of key to make} */
  public KeyAlgorithm keyAlgorithm() {
    return keyAlgorithm;
  }

  /** Requests are equal if they ask for the same; the order of the names counts. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CertificateRequest request
        && signerName.equals(request.signerName)
        && Objects.equals(commonName, request.commonName)
        && organizations.equals(request.organizations)
        && names.equals(request.names)
        && usages.equals(request.usages)
        && Objects.equals(expiration, request.expiration)
        && keyAlgorithm == request.keyAlgorithm;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        signerName, commonName, organizations, names, usages, expiration, keyAlgorithm.name());
  }

  /** {@return everything that is asked for, in one line} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("CertificateRequest[signer=").append(signerName);
    if (commonName != null) {
      text.append(", CN=").append(commonName);
    }
    if (!organizations.isEmpty()) {
      text.append(", O=").append(organizations);
    }
    text.append(", names=").append(names).append(", usages=").append(usages);
    if (expiration != null) {
      text.append(", expiration=").append(expiration);
    }
    return text.append(", key=").append(keyAlgorithm).append(']').toString();
  }

  /**
   * Collects what to ask for. Methods that add names can be called repeatedly; a name given twice
   * is asked for once.
   *
   * <p><b>Thread safety:</b> for one thread.
   */
  public static final class Builder {

    private static final Duration MIN_EXPIRATION = Duration.ofMinutes(10);
    private static final Duration MAX_EXPIRATION = Duration.ofSeconds(Integer.MAX_VALUE);
    // RFC 5280 A.1, ub-common-name.
    private static final int MAX_COMMON_NAME = 64;

    private final SignerName signerName;
    private @Nullable String commonName;
    private List<String> organizations = List.of();
    private final Set<SubjectAlternativeName> names = new LinkedHashSet<>();
    private final Set<KeyUsage> usages = EnumSet.noneOf(KeyUsage.class);
    private @Nullable Duration expiration;
    private KeyAlgorithm keyAlgorithm = KeyAlgorithm.ECDSA_P256;

    private Builder(SignerName signerName) {
      this.signerName = signerName;
    }

    /**
     * Sets the common name (CN) of the subject, character by character as given: to the API server,
     * the user that a client certificate stands for. A server needs none, and clients do not look
     * at it (RFC 9525 2). If not called, there is none.
     *
     * @param commonName 1 to 64 characters (RFC 5280 A.1)
     * @return this builder
     * @throws IllegalArgumentException if it is blank or too long, or has control characters or
     *     half of a surrogate pair
     */
    public Builder commonName(String commonName) {
      requireText("commonName", commonName);
      int length = commonName.codePointCount(0, commonName.length());
      if (length > MAX_COMMON_NAME) {
        throw new IllegalArgumentException(
            "commonName has "
                + length
                + " characters, at most "
                + MAX_COMMON_NAME
                + " are allowed: \""
                + commonName
                + "\"; leave it out and give the name as a subject alternative name");
      }
      this.commonName = commonName;
      return this;
    }

    /**
     * Sets the organizations (O) of the subject, character by character as given: to the API
     * server, the groups of the user that a client certificate stands for. If not called, there are
     * none.
     *
     * @param organizations all of them, in place of those set before
     * @return this builder
     * @throws IllegalArgumentException if one is blank, or has control characters or half of a
     *     surrogate pair
     */
    public Builder organizations(String... organizations) {
      List<String> all = new ArrayList<>();
      for (String organization : requireNonNull(organizations, "organizations")) {
        requireText("organization", organization);
        all.add(organization);
      }
      this.organizations = List.copyOf(all);
      return this;
    }

    /**
     * Adds the two full names of a Service in the pod's namespace, {@code <service>.<ns>.svc} and
     * {@code <service>.<ns>.svc.<zone>}. Short ones come from {@link
     * PodEnvironment#shortServiceNames(String)}.
     *
     * @param service the Service's name alone, e.g. {@code orders}
     * @param pod where the Service is
     * @return this builder
     * @throws IllegalArgumentException if the service's name is no DNS label
     * @throws IllegalStateException if the pod's namespace is unknown
     */
    public Builder service(String service, PodEnvironment pod) {
      return subjectAlternativeNames(requireNonNull(pod, "pod").serviceNames(service));
    }

    /**
     * Adds host names.
     *
     * @param names as {@link SubjectAlternativeName#dns(String)} takes them
     * @return this builder
     * @throws IllegalArgumentException if one is no host name
     */
    public Builder dnsNames(String... names) {
      for (String name : requireNonNull(names, "names")) {
        this.names.add(SubjectAlternativeName.dns(name));
      }
      return this;
    }

    /**
     * Adds addresses.
     *
     * @param addresses IPv4 or IPv6, not the unspecified one
     * @return this builder
     * @throws IllegalArgumentException if one is the unspecified address
     */
    public Builder ipAddresses(InetAddress... addresses) {
      for (InetAddress address : requireNonNull(addresses, "addresses")) {
        this.names.add(SubjectAlternativeName.ipAddress(address));
      }
      return this;
    }

    /**
     * Adds names of any kind.
     *
     * @param names to add to those added before
     * @return this builder
     */
    public Builder subjectAlternativeNames(SubjectAlternativeName... names) {
      return subjectAlternativeNames(Arrays.asList(requireNonNull(names, "names")));
    }

    /**
     * Adds names of any kind.
     *
     * @param names to add to those added before
     * @return this builder
     */
    public Builder subjectAlternativeNames(Collection<SubjectAlternativeName> names) {
      for (SubjectAlternativeName name : requireNonNull(names, "names")) {
        this.names.add(requireNonNull(name, "names"));
      }
      return this;
    }

    /**
     * Sets the usages. If not called, they are digital signature and server auth; client auth in
     * the latter's place for the two built-in signers of client certificates. Add {@link
     * KeyUsage#CLIENT_AUTH} for mutual TLS, and {@link KeyUsage#KEY_ENCIPHERMENT} if an RSA key has
     * to serve peers that know only RSA key transport.
     *
     * @param usages all of them, in place of those set before; at least one, each once
     * @return this builder
     * @throws IllegalArgumentException if there is none or one is given twice
     */
    public Builder usages(KeyUsage... usages) {
      if (requireNonNull(usages, "usages").length == 0) {
        throw new IllegalArgumentException("usages is empty; the API server requires one or more");
      }
      this.usages.clear();
      for (KeyUsage usage : usages) {
        if (!this.usages.add(requireNonNull(usage, "usage"))) {
          throw new IllegalArgumentException("usages has \"" + usage + "\" twice");
        }
      }
      return this;
    }

    /**
     * Sets the lifetime to ask for, from the signing; the signer may shorten it. If not called, the
     * choice is the signer's.
     *
     * @param expiration 600 s to 2,147,483,647 s, in whole seconds; what is below a second is cut
     * @return this builder
     * @throws IllegalArgumentException if it is less (zero and negative included) or more
     */
    public Builder expiration(Duration expiration) {
      requireNonNull(expiration, "expiration");
      if (expiration.compareTo(MIN_EXPIRATION) < 0) {
        throw new IllegalArgumentException(
            "expiration is " + expiration + "; the API server requires 600 s (PT10M) or more");
      }
      if (expiration.compareTo(MAX_EXPIRATION) > 0) {
        throw new IllegalArgumentException(
            "expiration is " + expiration + "; the API server takes at most 2147483647 s");
      }
      this.expiration = Duration.ofSeconds(expiration.toSeconds());
      return this;
    }

    /**
     * Sets the kind of key to make; {@link KeyAlgorithm#ECDSA_P256} if not called.
     *
     * @param algorithm the algorithm and size
     * @return this builder
     */
    public Builder keyAlgorithm(KeyAlgorithm algorithm) {
      this.keyAlgorithm = requireNonNull(algorithm, "algorithm");
      return this;
    }

    /**
     * Checks the whole and returns the request.
     *
     * @return what the builder holds now, immutable
     * @throws IllegalArgumentException if the API server or the built-in signers would refuse the
     *     request, or no peer would accept the certificate; the message says why
     */
    public CertificateRequest build() {
      CertificateRequest request = new CertificateRequest(this);
      BuiltInSigners.check(request);
      if (request.usages.contains(KeyUsage.SERVER_AUTH) && names.isEmpty()) {
        throw new IllegalArgumentException(
            "subjectAlternativeNames is empty; a server's certificate needs one or more, as clients"
                + " look for its name there and nowhere else (RFC 9525 2)");
      }
      if (commonName == null && names.isEmpty()) {
        throw new IllegalArgumentException(
            "the request has no name: neither commonName nor subjectAlternativeNames is set");
      }
      return request;
    }

    private Set<KeyUsage> effectiveUsages() {
      return usages.isEmpty() ? BuiltInSigners.defaultUsages(signerName) : usages;
    }

    private static void requireText(String what, String text) {
      requireNonNull(text, what);
      if (text.isBlank()) {
        throw new IllegalArgumentException(what + " is empty");
      }
      if (text.codePoints().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException(what + " has control characters");
      }
      if (text.codePoints().anyMatch(point -> Character.getType(point) == Character.SURROGATE)) {
        throw new IllegalArgumentException(what + " has half of a surrogate pair");
      }
    }
  }
}
