package io.podtls.request;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a workload asks for. */
public final class CertificateRequest {
  private CertificateRequest() {}

  public static Builder builder(SignerName signerName) {
    throw new UnsupportedOperationException();
  }

  public SignerName signerName() {
    throw new UnsupportedOperationException();
  }

  public Optional<String> commonName() {
    throw new UnsupportedOperationException();
  }

  /** Organizations (O) of the subject, e.g. groups of a client certificate. */
  public List<String> organizations() {
    throw new UnsupportedOperationException();
  }

  public List<SubjectAlternativeName> subjectAlternativeNames() {
    throw new UnsupportedOperationException();
  }

  public Set<KeyUsage> usages() {
    throw new UnsupportedOperationException();
  }

  public Optional<Duration> expiration() {
    throw new UnsupportedOperationException();
  }

  public KeyAlgorithm keyAlgorithm() {
    throw new UnsupportedOperationException();
  }

  /** Ten option methods at most, plus build(). */
  public static final class Builder {
    private Builder() {}

    public Builder commonName(String commonName) {
      throw new UnsupportedOperationException();
    }

    public Builder organizations(String... organizations) {
      throw new UnsupportedOperationException();
    }

    /** The default names of a Service in the pod's namespace. */
    public Builder service(String service, PodEnvironment pod) {
      throw new UnsupportedOperationException();
    }

    public Builder dnsNames(String... names) {
      throw new UnsupportedOperationException();
    }

    public Builder ipAddresses(InetAddress... addresses) {
      throw new UnsupportedOperationException();
    }

    /** Any other kind of name. */
    public Builder subjectAlternativeNames(SubjectAlternativeName... names) {
      throw new UnsupportedOperationException();
    }

    public Builder usages(KeyUsage... usages) {
      throw new UnsupportedOperationException();
    }

    public Builder expiration(Duration expiration) {
      throw new UnsupportedOperationException();
    }

    public Builder keyAlgorithm(KeyAlgorithm algorithm) {
      throw new UnsupportedOperationException();
    }

    public CertificateRequest build() {
      throw new UnsupportedOperationException();
    }
  }
}
