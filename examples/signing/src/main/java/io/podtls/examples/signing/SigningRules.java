package io.podtls.examples.signing;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * The rules of a signer.
 *
 * <p><b>Thread safety:</b> immutable.
 *
 * @param signerName the {@code spec.signerName} whose requests are signed; all others are left
 *     alone
 * @param longest the longest lifetime that is granted, also to a request that asks for none; at
 *     least 10 minutes, the shortest that a request can ask for
 */
public record SigningRules(String signerName, Duration longest) {

  /** Checks the lifetime. */
  public SigningRules {
    requireNonNull(signerName, "signerName");
    if (longest.compareTo(Duration.ofMinutes(10)) < 0) {
      throw new IllegalArgumentException("longest is below 10 minutes: " + longest);
    }
  }
}
