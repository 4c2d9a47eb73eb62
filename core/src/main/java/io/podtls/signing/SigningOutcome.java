package io.podtls.signing;

import static java.util.Objects.requireNonNull;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a submitted request stands.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public sealed interface SigningOutcome {

  /**
   * Not decided yet.
   *
   * <p><b>Thread safety:</b> immutable.
   */
  final class Pending implements SigningOutcome {
    private final String object;
    private final Stage stage;
    private final Instant since;
    private final String advice;
    private final Duration lookAgain;

    /**
     * Describes a request that waits.
     *
     * @param object the request as its holder names it, e.g. {@code csr orders-7f9}
     * @param stage what is awaited
     * @param since when the request was seen to enter this stage
     * @param advice what would move it, e.g. {@code kubectl certificate approve orders-7f9}
     * @param lookAgain how long to wait for a wake-up before the next step, more than zero
     * @throws IllegalArgumentException if {@code lookAgain} is zero or negative
     */
    public Pending(String object, Stage stage, Instant since, String advice, Duration lookAgain) {
      this.object = requireNonNull(object, "object");
      this.stage = requireNonNull(stage, "stage");
      this.since = requireNonNull(since, "since");
      this.advice = requireNonNull(advice, "advice");
      this.lookAgain = requireNonNull(lookAgain, "lookAgain");
      if (lookAgain.isNegative() || lookAgain.isZero()) {
        throw new IllegalArgumentException("lookAgain is not positive: " + lookAgain);
      }
    }

    /** {@return the request as its holder names it, e.g. {@code csr orders-7f9}} */
    public String object() {
      return object;
    }

    /** {@return what is awaited} */
    public Stage stage() {
      return stage;
    }

    /** {@return when the request was seen to enter this stage} */
    public Instant since() {
      return since;
    }

    /** {@return what would move it, e.g. {@code kubectl certificate approve orders-7f9}} */
    public String advice() {
      return advice;
    }

    /** {@return how long to wait for a wake-up before the next step, more than zero} */
    public Duration lookAgain() {
      return lookAgain;
    }

    /** Outcomes are equal if all of their parts are. */
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Pending that
          && object.equals(that.object)
          && stage == that.stage
          && since.equals(that.since)
          && advice.equals(that.advice)
          && lookAgain.equals(that.lookAgain);
    }

    @Override
    public int hashCode() {
      return Objects.hash(object, stage.name(), since, advice, lookAgain);
    }

    /** {@return everything that is known of it, in one line} */
    @Override
    public String toString() {
      return "Pending["
          + object
          + ", "
          + stage
          + " since "
          + since
          + ", look again in "
          + lookAgain
          + ", "
          + advice
          + "]";
    }
  }

  /** What a pending request waits for. */
  enum Stage {
    /** No approver has decided on the request. */
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
