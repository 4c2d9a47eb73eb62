package io.podtls.benchmarks.issuance;

import io.podtls.PodTls;
import io.podtls.benchmarks.report.Options;
import io.podtls.benchmarks.report.Report;
import io.podtls.benchmarks.report.Table;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What a handle keeps: heap after a garbage collection and threads, of many handles by their
 * number, without an API client.
 *
 * <p>Arguments: {@code --handles 200}.
 */
public final class Cost {
  private static final Logger LOG =
      Logger.getLogger("io.podtls"); // held, or its level is forgotten

  private Cost() {}

  /** Signs at once, and keeps nothing. */
  private record SignerInMemory(TestCa ca) implements CertificateSigner {
    @Override
    public Attempt begin(PendingIdentity pending, Runnable wakeUp) {
      return new Attempt() {
        @Override
        public SigningOutcome advance() {
          return new SigningOutcome.Issued("csr", ca.leafFor(pending.pkcs10Der()).issueChain());
        }

        @Override
        public void close() {}
      };
    }
  }

  /** Runs the benchmark. */
  public static void main(String[] arguments) throws Exception {
    LOG.setLevel(Level.OFF);
    Options options = Options.of(arguments, "handles");
    int handles = options.number("handles", 200);
    SignerInMemory signer = new SignerInMemory(TestCa.root("benchmark CA"));
    TrustBundle trust = TrustBundle.of(List.of(signer.ca().certificate()));
    // What all handles share is loaded with the first one.
    List<PodTls> open = new ArrayList<>(List.of(bootstrap(signer, trust)));
    long heap = usedHeap();
    int threads = threads();
    for (int i = 0; i < handles; i++) {
      open.add(bootstrap(signer, trust));
    }
    double kib = (usedHeap() - heap) / 1024.0 / handles;
    double each = (double) (threads() - threads) / handles;
    open.forEach(PodTls::close);
    Report.of("cost", arguments)
        .fact("handles", handles)
        .fact("Java", System.getProperty("java.version"))
        .add(
            Table.of("One handle, without the API client", "quantity", "value")
                .row("retained heap, KiB", Table.number(kib, 1))
                .row("threads", Table.number(each, 2)))
        .writeTo(options.out());
    System.exit(0);
  }

  private static PodTls bootstrap(CertificateSigner signer, TrustBundle trust)
      throws InterruptedException {
    CertificateRequest request =
        CertificateRequest.builder(SignerName.of("example.com/serving"))
            .dnsNames("orders.shop.svc", "orders.shop.svc.cluster.local")
            .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.SERVER_AUTH)
            .build();
    return PodTls.requesting(request, signer)
        .trusting(TrustBundleSource.fixed(trust))
        .bootstrap(Duration.ofSeconds(30));
  }

  private static int threads() {
    return (int)
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> !thread.getThreadGroup().getName().equals("system"))
            .count();
  }

  private static long usedHeap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
