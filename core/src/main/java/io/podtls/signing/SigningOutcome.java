package io.podtls.signing;

import static java.util.Objects.requireNonNull;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * How a submitted request stands.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public sealed interface SigningOutcome {

  /**
   * Not decided yet.
   *
   * @param object the request as its holder names it, e.g. {@code csr orders-7f9}
   * @param stage what is awaited
   * @param since when the request was seen to enter this stage
   * @param advice what would move it, e.g. {@code kubectl certificate approve orders-7f9}
   * @param lookAgain how long to wait for a wake-up before the next step, positive
   */
  record Pending(String object, Stage stage, Instant since, String advice, Duration lookAgain)
      implements SigningOutcome {
    /**
     * Checks that all parts are there.
     *
     * @param object the request as its holder names it
     * @param stage what is awaited
     * @param since when the request was seen to enter this stage
     * @param advice what would move it
     * @param lookAgain how long to wait for a wake-up before the next step
     * @throws IllegalArgumentException if {@code lookAgain} is zero or negative
     */
    public Pending {
      requireNonNull(object, "object");
      requireNonNull(stage, "stage");
      requireNonNull(since, "since");
      requireNonNull(advice, "advice");
      if (lookAgain.isNegative() || lookAgain.isZero()) {
        throw new IllegalArgumentException("lookAgain is not positive: " + lookAgain);
      }
    }
  }

  /** What a pending request waits for. */
  enum Stage {
    /** Nobody has decided on the request. */
    AWAITING_APPROVAL,
    /** The request is approved and carries no certificate yet. */
    AWAITING_ISSUANCE
  }

  /**
   * Approved and issued.
   *
   * @param object the request as its holder names it
   * @param chain what came back, in the order in which it came, at least one certificate
   */
  record Issued(String object, List<X509Certificate> chain) implements SigningOutcome {
    /**
     * Copies the chain and checks that it is not empty.
     *
     * @param object the request as its holder names it
     * @param chain what came back
     * @throws IllegalArgumentException if {@code chain} is empty
     */
    public Issued {
      requireNonNull(object, "object");
      chain = List.copyOf(chain);
      if (chain.isEmpty()) {
        throw new IllegalArgumentException("chain is empty");
      }
    }
  }

  /**
   * Refused by an approver; final for this request.
   *
   * @param object the request as its holder names it
   * @param reason machine-readable, may be empty
   * @param message for people, may be empty
   */
  record Denied(String object, String reason, String message) implements SigningOutcome {
    /**
     * Checks that all parts are there.
     *
     * @param object the request as its holder names it
     * @param reason machine-readable, may be empty
     * @param message for people, may be empty
     */
    public Denied {
      requireNonNull(object, "object");
      requireNonNull(reason, "reason");
      requireNonNull(message, "message");
    }
  }

  /**
   * Refused or failed by the signer; final for this request.
   *
   * @param object the request as its holder names it
   * @param reason machine-readable, may be empty
   * @param message for people, may be empty
   */
  record Failed(String object, String reason, String message) implements SigningOutcome {
    /**
     * Checks that all parts are there.
     *
     * @param object the request as its holder names it
     * @param reason machine-readable, may be empty
     * @param message for people, may be empty
     */
    public Failed {
      requireNonNull(object, "object");
      requireNonNull(reason, "reason");
      requireNonNull(message, "message");
    }
  }
}
