package io.podtls.fabric8.approval;

import io.podtls.request.SignerName;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A rule that judges certificate signing requests.
 *
 * <p>That the PKCS#10 is well formed and that the requester holds its key is settled before a
 * policy is asked: a {@link ReviewedRequest} exists for no other.
 *
 * <p><b>Thread safety:</b> implementations are called by several threads at once.
 */
@FunctionalInterface
public interface ApprovalPolicy {

  /**
   * Judges a request. May call the API server.
   *
   * <p>An exception means that nothing is known, such as when a lookup failed: the request is
   * neither approved nor denied, and the policy is called again later.
   *
   * @param request the request, its PKCS#10 already read and its signature verified
   * @return the decision
   */
  ApprovalDecision decide(ReviewedRequest request);

  /**
   * Restricts this policy to some signers; it ignores the requests of all others without looking at
   * them.
   *
   * @param first a signer whose requests this policy judges
   * @param others more of them
   * @return the restricted policy
   */
  default ApprovalPolicy onlyFor(SignerName first, SignerName... others) {
    Set<SignerName> signers = new LinkedHashSet<>();
    Stream.concat(Stream.of(first), Stream.of(others)).forEach(signers::add);
    return request ->
        signers.contains(request.signerName()) ? decide(request) : new ApprovalDecision.Ignore();
  }

  /**
   * A policy that approves what every one of the given policies approves. One denial denies; else
   * one "not yet" is a "not yet"; else one that ignores the request makes it ignored.
   *
   * @param first a policy
   * @param others more of them
   * @return the combined policy, with the approval of {@code first} as its approval
   */
  static ApprovalPolicy all(ApprovalPolicy first, ApprovalPolicy... others) {
    List<ApprovalPolicy> policies = listOf(first, others);
    return request -> {
      List<ApprovalDecision> decisions =
          policies.stream().map(policy -> policy.decide(request)).toList();
      return Stream.of(
              ApprovalDecision.Deny.class,
              ApprovalDecision.NotYet.class,
              ApprovalDecision.Ignore.class)
          .flatMap(kind -> decisions.stream().filter(kind::isInstance))
          .findFirst()
          .orElse(decisions.get(0));
    };
  }

  /**
   * A policy that decides as the first of the given policies that does not ignore the request;
   * those after it are not asked.
   *
   * @param first the policy that is asked first
   * @param others the policies that are asked next, in this order
   * @return the combined policy
   */
  static ApprovalPolicy first(ApprovalPolicy first, ApprovalPolicy... others) {
    List<ApprovalPolicy> policies = listOf(first, others);
    return request ->
        policies.stream()
            .map(policy -> policy.decide(request))
            .filter(decision -> !(decision instanceof ApprovalDecision.Ignore))
            .findFirst()
            .orElse(new ApprovalDecision.Ignore());
  }

  private static List<ApprovalPolicy> listOf(ApprovalPolicy first, ApprovalPolicy... others) {
    return Stream.concat(Stream.of(first), Stream.of(others))
        .map(policy -> Objects.requireNonNull(policy, "policy"))
        .toList();
  }
}
