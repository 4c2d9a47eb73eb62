package io.podtls;

import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.CertificateSigner;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Path;
import java.security.Provider;
import java.time.Duration;
import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.concurrent.ScheduledExecutorService;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** The running handle. */
public final class PodTls implements AutoCloseable {
  private PodTls() {}

  /** A certificate issued through a signer; the signer stays the caller's to close. */
  public static Builder requesting(CertificateRequest request, CertificateSigner signer) {
    throw new UnsupportedOperationException();
  }

  /** A key and chain that somebody else writes. */
  public static Builder reading(IdentityFiles files) {
    throw new UnsupportedOperationException();
  }

  /** No identity: a client that trusts this source and follows its changes. */
  public static Builder withoutIdentity() {
    throw new UnsupportedOperationException();
  }

  public SSLContext sslContext() {
    throw new UnsupportedOperationException();
  }

  public X509ExtendedKeyManager keyManager() {
    throw new UnsupportedOperationException();
  }

  public X509ExtendedTrustManager trustManager() {
    throw new UnsupportedOperationException();
  }

  public TlsIdentity identity() {
    throw new UnsupportedOperationException();
  }

  public TrustBundle trust() {
    throw new UnsupportedOperationException();
  }

  public PodTlsStatus status() {
    throw new UnsupportedOperationException();
  }

  /** The generation that a connection was made with. */
  public OptionalLong generationOf(SSLSession session) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }

  /** Options of a bootstrap. */
  public static final class Builder {
    private Builder() {}

    /** Peer trust; TrustBundleSource.clusterCa() if not called. */
    public Builder trusting(TrustBundleSource source) {
      throw new UnsupportedOperationException();
    }

    /** Mounted files first where they are there, else a request. */
    public Builder preferring(IdentityFiles files) {
      throw new UnsupportedOperationException();
    }

    public Builder renewing(RenewalPolicy policy) {
      throw new UnsupportedOperationException();
    }

    public Builder listener(PodTlsListener listener) {
      throw new UnsupportedOperationException();
    }

    public Builder keyProvider(Provider provider) {
      throw new UnsupportedOperationException();
    }

    /** The scheduler and the clock; one daemon thread and the system clock if not called. */
    public Builder runningOn(ScheduledExecutorService scheduler, InstantSource clock) {
      throw new UnsupportedOperationException();
    }

    /** Persistence across container restarts. */
    public Builder keepingIn(Path directory) {
      throw new UnsupportedOperationException();
    }

    /** PEM and PKCS#12 output for a neighbour container. */
    public Builder publishingTo(Path directory) {
      throw new UnsupportedOperationException();
    }

    /** The one blocking call. */
    public PodTls bootstrap(Duration timeout) throws InterruptedException {
      throw new UnsupportedOperationException();
    }
  }
}
