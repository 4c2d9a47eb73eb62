package io.podtls.examples.pods;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.podtls.PodTls;
import io.podtls.PodTlsListener;
import io.podtls.fabric8.KubernetesTls;
import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;

/**
 * An HTTPS server on port 8443 that answers with the serial number of its certificate. It takes the
 * certificate from files, from a signer, or from a signer where the files are missing, and prints a
 * line for each change.
 */
final class Serve {
  private Serve() {}

  /** Prints one line per event, with the time. */
  private static final class Lines implements PodTlsListener {
    @Override
    public void requested(CertificateRequest request) {
      say("requested");
    }

    @Override
    public void issued(TlsIdentity identity, Optional<Instant> nextRenewal) {
      say("identity " + serial(identity));
    }

    @Override
    public void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {
      say("identity " + serial(current));
    }

    @Override
    public void trustChanged(TrustBundle previous, TrustBundle current) {
      say("trust " + current);
    }

    static void say(String event) {
      System.out.println(Instant.now() + " " + event);
    }
  }

  static void run(Options options) throws InterruptedException, IOException {
    TrustBundleSource trust = TrustBundleSource.pemFile(options.findPath("--ca").orElseThrow());
    Optional<IdentityFiles> files = options.findPath("--files").map(IdentityFiles::bundle);
    Optional<String> signer = options.find("--signer-name");
    try (PodTls tls =
        signer.isPresent()
            ? requesting(signer.get(), files, trust, options)
            : PodTls.reading(files.orElseThrow())
                .trusting(trust)
                .addListener(new Lines())
                .bootstrap(Duration.ofSeconds(90))) {
      HttpsServer server = HttpsServer.create(new InetSocketAddress(8443), 0);
      server.setExecutor(Executors.newCachedThreadPool());
      server.setHttpsConfigurator(new HttpsConfigurator(tls.sslContext()));
      server.createContext(
          "/",
          exchange -> {
            try (exchange) {
              byte[] body =
                  serial(tls.generation().identity().orElseThrow())
                      .getBytes(StandardCharsets.UTF_8);
              exchange.sendResponseHeaders(200, body.length);
              exchange.getResponseBody().write(body);
            }
          });
      server.start();
      Lines.say("serving");
      Thread.currentThread().join();
    }
  }

  private static PodTls requesting(
      String signer, Optional<IdentityFiles> files, TrustBundleSource trust, Options options)
      throws InterruptedException {
    KubernetesTls handle =
        KubernetesTls.forService(options.get("--service"))
            .signedBy(signer)
            .trusting(trust)
            .expiration(Duration.ofSeconds(options.number("--expiration", 86_400)))
            .addListener(new Lines());
    files.ifPresent(handle::preferring);
    options.findPath("--keep").ifPresent(handle::keepingIn);
    return handle.bootstrap(Duration.ofSeconds(options.number("--timeout", 90)));
  }

  private static String serial(TlsIdentity identity) {
    return identity.serialNumber().toString(16);
  }
}
