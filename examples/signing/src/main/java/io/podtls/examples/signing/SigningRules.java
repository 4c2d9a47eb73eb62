package io.podtls.examples.signing;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What a signer signs.
 *
 * <p><b>Thread safety:</b> immutable.
 *
 * @param signerName the {@code spec.signerName} it answers for; all others are left alone
 * @param longest the longest lifetime it grants, also where a request asks for none; 10 minutes at
 *     least, since no request can ask for less
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
