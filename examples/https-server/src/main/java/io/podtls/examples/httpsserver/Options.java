package io.podtls.examples.httpsserver;

import io.podtls.renewal.RenewalPolicy;
import io.podtls.request.SignerName;
import java.nio.file.Files;
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
 * @param serve whether to keep serving until stopped
 * @param drain how long to serve after being asked to stop, with readiness off
 * @param soak how long to serve with a certificate a few seconds old, 0 for not at all
 * @param embedded whether to use the embedded cluster even where a real one is in reach
 * @param port the port to listen on, 0 for any free one
 * @param service the Service in front of this server
 * @param signerName the signer
 * @param caFile the CA that peers trust, as a PEM file
 * @param caConfigMap the CA that peers trust, as a ConfigMap in the pod's namespace, if there is no
 *     file
 * @param timeout how long to wait for the certificate
 */
record Options(
    boolean serve,
    Duration drain,
    Duration soak,
    boolean embedded,
    int port,
    String service,
    String signerName,
    Optional<Path> caFile,
    String caConfigMap,
    Duration timeout) {

  static final String USAGE =
      """
      Options:
        --serve              keep serving until stopped (without: check once and end)
        --drain SECONDS      when asked to stop, keep serving for so long with /readyz at 503, so that
                             clients can move on (default: 5)
        --soak MINUTES       keep serving, renewing every few seconds and connecting all the time
        --port PORT          listen on this port (default: 8443 with --serve, else a free one)
        --service NAME       the Service in front of this server (default: orders)
        --signer-name NAME   the signer of the certificate (default: example.com/serving)
        --ca FILE            the CA that peers trust, PEM (default: /etc/serving-ca/ca.crt)
        --ca-config-map NAME the same as a ConfigMap, if there is no file (default: serving-ca)
        --timeout SECONDS    how long to wait for the certificate; longer than an approver looks at a
                             request that it cannot approve yet, so that its reason is read (default: 120)
        --embedded           use the embedded cluster even where a real one is in reach
      """;

  private static final Path MOUNTED_CA = Path.of("/etc/serving-ca/ca.crt");

  /** Returns a day; for a soak the shortest lifetime that the API accepts. */
  Duration expiration() {
    return soak.isZero() ? Duration.ofHours(24) : Duration.ofMinutes(10);
  }

  /** Returns the standard; for a soak a hundredth of the lifetime, which is a few seconds. */
  RenewalPolicy renewal() {
    return soak.isZero() ? RenewalPolicy.standard() : RenewalPolicy.between(0.008, 0.012);
  }

  /**
   * Reads the command line.
   *
   * @throws IllegalArgumentException naming what is wrong with it
   */
  static Options parse(String... arguments) {
    boolean serve = false;
    boolean embedded = false;
    Duration drain = Duration.ofSeconds(5);
    Duration soak = Duration.ZERO;
    int port = -1;
    String service = "orders";
    String signerName = "example.com/serving";
    Optional<Path> caFile = Optional.of(MOUNTED_CA).filter(Files::exists);
    String caConfigMap = "serving-ca";
    Duration timeout = Duration.ofMinutes(2);
    Deque<String> left = new ArrayDeque<>(List.of(arguments));
    while (!left.isEmpty()) {
      String option = left.remove();
      try {
        switch (option) {
          case "--serve" -> serve = true;
          case "--embedded" -> embedded = true;
          case "--drain" -> drain = Duration.ofSeconds(Long.parseLong(left.remove()));
          case "--soak" ->
              soak = Duration.ofMillis((long) (60_000 * Double.parseDouble(left.remove())));
          case "--port" -> port = Integer.parseInt(left.remove());
          case "--service" -> service = left.remove();
          case "--signer-name" -> signerName = SignerName.of(left.remove()).toString();
          case "--ca" -> caFile = Optional.of(Path.of(left.remove()));
          case "--ca-config-map" -> caConfigMap = left.remove();
          case "--timeout" -> timeout = Duration.ofSeconds(Long.parseLong(left.remove()));
          default -> throw new IllegalArgumentException("unknown option " + option);
        }
      } catch (NoSuchElementException e) {
        throw new IllegalArgumentException(option + " needs a value", e);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(option + " needs a number", e);
      }
    }
    if (port < 0) {
      port = serve ? 8443 : 0;
    }
    return new Options(
        serve, drain, soak, embedded, port, service, signerName, caFile, caConfigMap, timeout);
  }
}
