package io.podtls.examples.httpsclient;

import io.podtls.PodTls;
import io.podtls.failure.BootstrapTimeoutException;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.peer.Peers;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/**
 * An HTTPS client that trusts one CA bundle and nothing else, and follows its changes. Prints who
 * answered; says readably, and by its exit code, why it did not trust a server.
 */
public final class Main {
  private static final Logger ROOT_LOG = Logger.getLogger("");
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** To ask about a chain alone. */
  private static final Peers ANY_NAME = Peers.matching(names -> true).insteadOfHostName();

  private final Options options;
  private final PrintStream out;
  private final PrintStream err;

  private Main(Options options, PrintStream out, PrintStream err) {
    this.options = options;
    this.out = out;
    this.err = err;
  }

  /** Runs the example; the exit code says how it ended. */
  public static void main(String[] arguments) throws InterruptedException {
    ROOT_LOG.setLevel(Level.SEVERE);
    int code = run(System.out, System.err, arguments);
    if (code != 0) {
      System.exit(code);
    }
  }

  static int run(PrintStream out, PrintStream err, String... arguments)
      throws InterruptedException {
    if (List.of(arguments).contains("--help")) {
      out.print(Options.USAGE);
      return Outcome.OK.code;
    }
    try {
      return new Main(Options.parse(arguments), out, err).call().code;
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.print(Options.USAGE);
      return Outcome.USAGE.code;
    }
  }

  private Outcome call() throws InterruptedException {
    try (PodTls tls = PodTls.trusting(options.trust()).bootstrap(TIMEOUT)) {
      if (!options.every().isZero()) {
        awaitServer();
      }
      Outcome outcome = call(tls);
      while (!options.every().isZero()) {
        TimeUnit.NANOSECONDS.sleep(options.every().toNanos());
        outcome = call(tls);
      }
      return outcome;
    } catch (InvalidMaterialException | BootstrapTimeoutException e) {
      err.println("no CA bundle to trust: " + e.getMessage());
      return Outcome.NO_TRUST;
    }
  }

  /** Lets a server that starts at the same time become ready; no longer than two minutes. */
  private void awaitServer() throws InterruptedException {
    for (int second = 0; second < 120; second++) {
      try (Socket connection = new Socket()) {
        InetSocketAddress address = new InetSocketAddress(options.url().getHost(), options.port());
        connection.connect(address, (int) TIMEOUT.toMillis());
        return;
      } catch (IOException e) {
        if (second == 0) {
          out.println("waiting for a server at " + options.url().getAuthority());
        }
        TimeUnit.SECONDS.sleep(1);
      }
    }
  }

  private Outcome call(PodTls tls) throws InterruptedException {
    HttpClient client =
        HttpClient.newBuilder().sslContext(tls.sslContext()).connectTimeout(TIMEOUT).build();
    try {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(options.url()).timeout(TIMEOUT).build(),
              HttpResponse.BodyHandlers.ofString());
      SSLSession session = response.sslSession().orElseThrow();
      out.println(response.statusCode() + " " + response.body().strip());
      out.println("  " + session.getProtocol() + ", " + session.getCipherSuite());
      describe(Arrays.asList((X509Certificate[]) session.getPeerCertificates()), out);
      return response.statusCode() < 400 ? Outcome.OK : Outcome.FAILED;
    } catch (SSLException e) {
      return explain(e, tls);
    } catch (ConnectException | HttpTimeoutException e) {
      err.println("no connection to " + options.url().getAuthority() + ": " + why(e));
      return Outcome.UNREACHABLE;
    } catch (IOException e) {
      err.println("failed: " + text(e));
      return Outcome.FAILED;
    }
  }

  /** Looks at what the server shows, and says what is wrong with it. */
  private Outcome explain(SSLException failure, PodTls tls) {
    List<X509Certificate> shown;
    try {
      shown = PresentedChain.of(options.url().getHost(), options.port());
    } catch (IOException e) {
      shown = List.of();
    }
    if (shown.isEmpty()) {
      err.println("the TLS handshake failed: " + text(failure));
      return Outcome.FAILED;
    }
    Outcome outcome;
    try {
      tls.generation()
          .trust()
          .trustManager(ANY_NAME)
          .checkServerTrusted(shown.toArray(new X509Certificate[0]), "UNKNOWN");
      err.println(
          "the server's certificate is trusted, but it is for "
              + names(shown.get(0))
              + "; not for "
              + options.url().getHost());
      outcome = Outcome.WRONG_NAME;
    } catch (CertificateException e) {
      err.println("the server's certificate is not trusted: " + text(e));
      err.println("trusted is what leads to:");
      tls.generation()
          .trust()
          .certificates()
          .forEach(ca -> err.println("  " + ca.getSubjectX500Principal().getName()));
      outcome = Outcome.UNTRUSTED;
    }
    err.println("the server shows:");
    describe(shown, err);
    return outcome;
  }

  private static void describe(List<X509Certificate> chain, PrintStream to) {
    for (int i = 0; i < chain.size(); i++) {
      X509Certificate certificate = chain.get(i);
      String subject = certificate.getSubjectX500Principal().getName();
      to.println("  " + i + " subject " + (subject.isEmpty() ? "(none)" : subject));
      if (i == 0) {
        to.println("    names   " + names(certificate));
      }
      to.println("    issuer  " + certificate.getIssuerX500Principal().getName());
      to.println("    serial  " + certificate.getSerialNumber().toString(16));
      to.println(
          "    valid   "
              + certificate.getNotBefore().toInstant()
              + " to "
              + certificate.getNotAfter().toInstant());
    }
  }

  private static String names(X509Certificate certificate) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> all = certificate.getSubjectAlternativeNames();
      if (all != null) {
        all.forEach(name -> names.add(String.valueOf(name.get(1))));
      }
    } catch (CertificateParsingException e) {
      names.add("names that cannot be read");
    }
    return names.isEmpty() ? "no name" : String.join(", ", names);
  }

  /** The HTTP client wraps all of these in a ConnectException, most of them without a message. */
  private static String why(IOException failure) {
    for (Throwable seen = failure; seen != null; seen = seen.getCause()) {
      if (seen instanceof UnresolvedAddressException) {
        return "the host name does not resolve";
      }
    }
    return failure instanceof HttpTimeoutException
        ? "no answer within " + TIMEOUT.toSeconds() + " s"
        : "refused, or no route to it (" + text(failure) + ")";
  }

  private static String text(Throwable problem) {
    Throwable deepest = problem;
    while (deepest.getCause() != null && deepest.getCause().getMessage() != null) {
      deepest = deepest.getCause();
    }
    return deepest.getMessage() == null ? deepest.getClass().getSimpleName() : deepest.getMessage();
  }
}
