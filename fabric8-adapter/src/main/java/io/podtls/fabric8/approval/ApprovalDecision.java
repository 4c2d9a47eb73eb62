package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

/**
 * The decision of an {@link ApprovalPolicy} on one request.
 *
 * <p>A reason is one word in CamelCase for machines, a message is a sentence for people; both end
 * up in the request's condition, where the requester reads them. They never contain key material. A
 * message may quote the requester: it is kept in printable ASCII, cut to 2,000 characters.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public sealed interface ApprovalDecision {

  /**
   * The request gets the condition Approved, and its signer may sign it.
   *
   * @param reason the condition's reason, not blank
   * @param message the condition's message
   */
  record Approve(String reason, String message) implements ApprovalDecision {
    /**
     * Checks that there is a reason.
     *
     * @param reason not blank
     * @param message any text; what is not printable ASCII becomes {@code ?}
     * @throws IllegalArgumentException if {@code reason} is blank
     */
    public Approve {
      requireReason(reason);
      message = Printable.message(requireNonNull(message, "message"));
    }
  }

  /**
   * The request gets the condition Denied, which is final.
   *
   * @param reason the condition's reason, not blank
   * @param message the condition's message: which name, and why
   */
  record Deny(String reason, String message) implements ApprovalDecision {
    /**
     * Checks that there is a reason.
     *
     * @param reason not blank
     * @param message any text; what is not printable ASCII becomes {@code ?}
     * @throws IllegalArgumentException if {@code reason} is blank
     */
    public Deny {
      requireReason(reason);
      message = Printable.message(requireNonNull(message, "message"));
    }
  }

  /**
   * The request cannot be approved now, but might be in a moment, such as when a Service is created
   * after its pods. The approver asks the policy again for a bounded time and then denies the
   * request with this reason.
   *
   * @param reason the reason of the denial it becomes, not blank
   * @param message what is missing
   */
  record NotYet(String reason, String message) implements ApprovalDecision {
    /**
     * Checks that there is a reason.
     *
     * @param reason not blank
     * @param message any text; what is not printable ASCII becomes {@code ?}
     * @throws IllegalArgumentException if {@code reason} is blank
     */
    public NotYet {
      requireReason(reason);
      message = Printable.message(requireNonNull(message, "message"));
    }
  }

  /** The request is for another approver and stays untouched. */
  record Ignore() implements ApprovalDecision {}

  private static void requireReason(String reason) {
    if (requireNonNull(reason, "reason").isBlank()) {
      throw new IllegalArgumentException("reason is blank");
    }
  }
}
