package io.podtls.examples.httpsserver;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.PodTls;
import io.podtls.fabric8.KubernetesTls;
import io.podtls.failure.PodTlsException;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * An HTTPS server whose certificate comes from {@code certificates.k8s.io}. The method {@link
 * #serve} has the lines that an application needs; the rest of this package finds a cluster and
 * prints.
 */
public final class Main {
  private static final Logger ROOT_LOG = Logger.getLogger("");

  private Main() {}

  /** Runs the example; exits with 1 if it failed and 2 if the options are wrong. */
  public static void main(String[] arguments) throws InterruptedException {
    ROOT_LOG.setLevel(Level.SEVERE); // the report has it all
    int code = run(System.getenv(), System.out, System.err, arguments);
    if (code != 0) {
      System.exit(code);
    }
  }

  static int run(
      Map<String, String> environment, PrintStream out, PrintStream err, String... arguments)
      throws InterruptedException {
    Options options;
    try {
      options = Options.parse(arguments);
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.print(Options.USAGE);
      return 2;
    }
    Report report = new Report(out, options.soak().isZero());
    report.headline("podtls: an HTTPS server with a certificate from certificates.k8s.io");
    try (Surroundings here = Surroundings.find(options, environment)) {
      report.surroundings(here);
      return serve(options, here, report);
    } catch (PodTlsException | IllegalStateException e) {
      err.println(e.getMessage()); // has what was seen and what to do
      return 1;
    } catch (KubernetesClientException | IOException e) {
      err.println(e);
      return 1;
    }
  }

  private static int serve(Options options, Surroundings here, Report report)
      throws IOException, InterruptedException {
    ExecutorService threads = Site.threads();
    // All that an application does, from here ...
    try (PodTls tls =
        here.settle(KubernetesTls.forService(options.service()).signedBy(options.signerName()))
            .expiration(options.expiration())
            .renewing(options.renewal())
            .addListener(report)
            .bootstrap(options.timeout())) {
      HttpsServer server = HttpsServer.create(new InetSocketAddress(options.port()), 0);
      server.setHttpsConfigurator(new HttpsConfigurator(tls.sslContext()));
      server.setExecutor(threads); // without one, the server serves one connection at a time
      // ... to here: every new handshake shows the current certificate.
      report.issued(tls.generation().identity().orElseThrow(), here.requests());
      try (Site site = Site.open(server, tls)) {
        InetAddress address = here.pod().ip();
        String name = here.pod().serviceNames(options.service()).get(0).value();
        report.seen(SelfCheck.get(name, address, site.port(), tls.generation().trust()));
        if (!options.soak().isZero()) {
          return Soak.run(options.soak(), tls, name, address, site.port(), report) == 0 ? 0 : 1;
        }
        if (options.serve()) {
          report.line("serving", site.url(address) + " until stopped (Ctrl-C)");
          site.awaitStop(options.drain(), report);
        }
        return 0;
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
