package io.podtls;

import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Submission;
import io.podtls.testing.RecordingListener;
import io.podtls.testing.VirtualTime;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A handle in virtual time, with everything that a test wants to look at. */
final class VirtualHandle implements AutoCloseable {

  static final CertificateRequest REQUEST =
      CertificateRequest.builder(SignerName.of("example.com/serving"))
          .dnsNames("orders.shop.svc", "localhost")
          .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
          .build();

  final VirtualTime time;
  final FakeCertificateSigner signer;
  final SwitchableTrust trust;
  final RecordingListener listener = new RecordingListener();
  final PodTls tls;

  private VirtualHandle(
      VirtualTime time,
      FakeCertificateSigner signer,
      UnaryOperator<TrustBundleSource> source,
      UnaryOperator<PodTls.Requesting> options) {
    this.time = time;
    this.signer = signer.at(time);
    this.trust = new SwitchableTrust(signer.ca().certificate());
    this.tls =
        options
            .apply(
                PodTls.requesting(REQUEST, signer)
                    .trusting(source.apply(trust))
                    .addListener(listener)
                    .scheduler(time)
                    .clock(time))
            .start();
    time.settle();
  }

  /** Starts a handle; nothing but what is due at once has happened. */
  static VirtualHandle with(FakeCertificateSigner signer) {
    return with(signer, options -> options);
  }

  static VirtualHandle with(
      FakeCertificateSigner signer, UnaryOperator<PodTls.Requesting> options) {
    return with(VirtualTime.startingNow(), signer, options);
  }

  static VirtualHandle with(
      VirtualTime time, FakeCertificateSigner signer, UnaryOperator<PodTls.Requesting> options) {
    return new VirtualHandle(time, signer, source -> source, options);
  }

  /** Starts a handle that trusts another source than {@link #trust}. */
  static VirtualHandle trusting(TrustBundleSource source, FakeCertificateSigner signer) {
    return new VirtualHandle(VirtualTime.startingNow(), signer, own -> source, options -> options);
  }

  /** When requests reached the signer. */
  List<Instant> submissions() {
    return signer.submissions().stream().map(Submission::at).toList();
  }

  /** How many requests reached the signer. */
  int requests() {
    return signer.submissions().size();
  }

  PodTlsException lastFailure() {
    return listener.lastFailure();
  }

  TlsIdentity identity() {
    return tls.generation().identity().orElseThrow();
  }

  void advance(Duration by) {
    time.advance(by);
  }

  @Override
  public void close() {
    tls.close();
  }

  /** A trust source that a test switches. */
  static final class SwitchableTrust implements TrustBundleSource {
    private volatile TrustBundle bundle;
    private volatile Throwable failure;
    private volatile Runnable hint = () -> {};
    private final AtomicInteger loads = new AtomicInteger();

    SwitchableTrust(X509Certificate... certificates) {
      bundle = TrustBundle.of(List.of(certificates));
    }

    void become(X509Certificate... certificates) {
      failure = null;
      bundle = TrustBundle.of(List.of(certificates));
    }

    void fail(Throwable with) {
      failure = with;
    }

    int loads() {
      return loads.get();
    }

    void hint() {
      hint.run();
    }

    @Override
    public TrustBundle load() {
      loads.incrementAndGet();
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
      return bundle;
    }

    @Override
    public AutoCloseable onChange(Runnable changed) {
      hint = changed;
      return () -> hint = () -> {};
    }

    @Override
    public String description() {
      return "a test's trust";
    }
  }
}
