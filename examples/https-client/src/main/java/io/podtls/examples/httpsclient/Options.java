package io.podtls.examples.httpsclient;

import io.podtls.trust.TrustBundleSource;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The command line.
 *
 * @param url what to call
 * @param trust whom to trust
 * @param every how long to wait between two calls, 0 for one call only
 */
record Options(URI url, TrustBundleSource trust, Duration every) {

  static final String USAGE =
      """
      Usage: https-client URL [options]
        --ca FILE        trust the CA certificates in this PEM file (default: the cluster's CA,
                         /var/run/secrets/kubernetes.io/serviceaccount/ca.crt)
        --every SECONDS  call again and again
        --help           print this
      Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 certificate not trusted, 4 certificate for
      another name, 5 no connection, 6 no CA bundle
      """;

  /**
   * Reads the command line.
   *
   * @throws IllegalArgumentException naming what is wrong with it
   */
  static Options parse(String... arguments) {
    @Nullable URI url = null;
    TrustBundleSource trust = TrustBundleSource.clusterCa();
    Duration every = Duration.ZERO;
    Deque<String> left = new ArrayDeque<>(List.of(arguments));
    while (!left.isEmpty()) {
      String argument = left.remove();
      try {
        switch (argument) {
          case "--ca" -> trust = TrustBundleSource.pemFile(Path.of(left.remove()));
          case "--every" -> every = Duration.ofSeconds(Long.parseLong(left.remove()));
          default -> {
            if (url != null || argument.startsWith("-")) {
              throw new IllegalArgumentException("unknown option " + argument);
            }
            url = URI.create(argument);
          }
        }
      } catch (NoSuchElementException e) {
        throw new IllegalArgumentException(argument + " needs a value", e);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(argument + " needs a number", e);
      }
    }
    if (url == null || url.getHost() == null || !"https".equals(url.getScheme())) {
      throw new IllegalArgumentException("a URL is needed, such as https://orders.shop.svc:8443/");
    }
    return new Options(url, trust, every);
  }

  int port() {
    return url.getPort() < 0 ? 443 : url.getPort();
  }
}
