package io.podtls.examples.manual;

import io.podtls.failure.PodTlsException;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyAlgorithm;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.trust.TrustBundleSource;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A server certificate by hand: one step writes a request and a key, an administrator approves it,
 * the other step serves with what came back.
 */
public final class Main {
  private static final Logger ROOT_LOG = Logger.getLogger("");

  private static final String USAGE =
      """
      Usage: manual request [--dir DIR] [--signer-name NAME]
               writes server.csr, server-key.pem and csr.yaml, and says what to do with them
             manual serve [--dir DIR] --ca FILE [--port PORT] [--once]
               verifies server.crt and serves HTTPS with it; --once connects to itself and ends
      DIR is target/manual and NAME is example.com/serving if not given
      """;

  private Main() {}

  /** Runs a step; ends the process with 1 if it failed and 2 if the command line is wrong. */
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
      out.print(USAGE);
      return 0;
    }
    Deque<String> left = new ArrayDeque<>(List.of(arguments));
    Path folder = Path.of("target", "manual");
    SignerName signerName = SignerName.of("example.com/serving");
    Optional<Path> ca = Optional.empty();
    int port = 8443;
    boolean once = false;
    try {
      String step = left.remove();
      while (!left.isEmpty()) {
        String option = left.remove();
        switch (option) {
          case "--dir" -> folder = Path.of(left.remove());
          case "--signer-name" -> signerName = SignerName.of(left.remove());
          case "--ca" -> ca = Optional.of(Path.of(left.remove()));
          case "--port" -> port = Integer.parseInt(left.remove());
          case "--once" -> once = true;
          default -> throw new IllegalArgumentException("unknown option " + option);
        }
      }
      CertificateRequest request = request(signerName);
      switch (step) {
        case "request" -> RequestStep.run(folder, request, out);
        case "serve" -> {
          Path bundle = ca.orElseThrow(() -> new IllegalArgumentException("serve needs --ca FILE"));
          ServeStep.run(folder, request, TrustBundleSource.pemFile(bundle), port, once, out);
        }
        default -> throw new IllegalArgumentException("unknown step " + step);
      }
      return 0;
    } catch (NoSuchElementException e) {
      err.print(USAGE);
      return 2;
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.print(USAGE);
      return 2;
    } catch (PodTlsException | IOException e) {
      err.println(e.getMessage());
      return 1;
    }
  }

  /** The very request of the Kubernetes page. */
  static CertificateRequest request(SignerName signerName) {
    return CertificateRequest.builder(signerName)
        .commonName("my-pod.my-namespace.pod.cluster.local")
        .dnsNames("my-svc.my-namespace.svc.cluster.local", "my-pod.my-namespace.pod.cluster.local")
        .ipAddresses(address(172, 168, 0, 24), address(10, 0, 34, 2))
        .usages(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT, KeyUsage.SERVER_AUTH)
        .keyAlgorithm(KeyAlgorithm.ECDSA_P256)
        .build();
  }

  private static InetAddress address(int a, int b, int c, int d) {
    try {
      return InetAddress.getByAddress(new byte[] {(byte) a, (byte) b, (byte) c, (byte) d});
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
