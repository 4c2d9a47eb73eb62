package io.podtls.fabric8.approval;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A reason not to approve a request.
 *
 * @param reason for machines
 * @param message for people: which name, and why
 * @param lasting false if the cluster may change in a moment so that the objection falls away
 */
record Objection(String reason, String message, boolean lasting) {

  private static final int SHOWN = 5;

  static Objection lasting(String reason, String message) {
    return new Objection(reason, message, true);
  }

  static Objection passing(String reason, String message) {
    return new Objection(reason, message, false);
  }

  /** The decision that follows from at least one objection. Lasting ones count first. */
  static ApprovalDecision decision(List<Objection> objections) {
    List<Objection> lasting = objections.stream().filter(Objection::lasting).toList();
    return lasting.isEmpty()
        ? new ApprovalDecision.NotYet(objections.get(0).reason(), text(objections))
        : new ApprovalDecision.Deny(lasting.get(0).reason(), text(lasting));
  }

  private static String text(List<Objection> objections) {
    String shown =
        objections.stream().limit(SHOWN).map(Objection::message).collect(Collectors.joining("; "));
    int more = objections.size() - SHOWN;
    return more > 0 ? shown + "; and " + more + " more" : shown;
  }
}
