package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.podtls.fabric8.approval.ApprovalDecision.Approve;
import io.podtls.fabric8.approval.ApprovalDecision.Deny;
import io.podtls.fabric8.approval.ApprovalDecision.Ignore;
import io.podtls.fabric8.approval.ApprovalDecision.NotYet;
import io.podtls.request.SignerName;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ApprovalPolicyTest {

  private static final ApprovalDecision APPROVE = new Approve("A", "fine");
  private static final ApprovalDecision DENY = new Deny("D", "no");
  private static final ApprovalDecision NOT_YET = new NotYet("N", "later");
  private static final ApprovalDecision IGNORE = new Ignore();

  private final ReviewedRequest request =
      TestRequest.of(TestPkcs10.dns("orders.shop.svc")).reviewed();

  @Test
  @DisplayName(
      "all: approves only what every policy approves; denial, not yet and ignore win in this order")
  void allNeedsEveryApproval() {
    assertThat(all(APPROVE, new Approve("B", "too"))).isEqualTo(APPROVE);
    assertThat(all(APPROVE, IGNORE, NOT_YET, DENY)).isEqualTo(DENY);
    assertThat(all(APPROVE, IGNORE, NOT_YET)).isEqualTo(NOT_YET);
    assertThat(all(APPROVE, IGNORE)).isEqualTo(IGNORE);
  }

  @Test
  @DisplayName("first: decides as the first policy that does not ignore; later ones are not asked")
  void firstThatDoesNotIgnore() {
    ApprovalPolicy never =
        asked -> {
          throw new AssertionError("asked");
        };

    assertThat(ApprovalPolicy.first(says(IGNORE), says(NOT_YET), never).decide(request))
        .isEqualTo(NOT_YET);
    assertThat(ApprovalPolicy.first(says(IGNORE), says(IGNORE)).decide(request)).isEqualTo(IGNORE);
  }

  @Test
  @DisplayName("onlyFor: requests of other signers are ignored without asking the policy")
  void onlyForSigners() {
    assertThat(
            says(APPROVE)
                .onlyFor(SignerName.of("example.com/other"), SignerName.of(TestRequest.SIGNER))
                .decide(request))
        .isEqualTo(APPROVE);
    ApprovalPolicy never =
        asked -> {
          throw new AssertionError("asked");
        };
    assertThat(never.onlyFor(SignerName.of("example.com/other")).decide(request)).isEqualTo(IGNORE);
  }

  @Test
  @DisplayName("a decision without a reason cannot be made")
  void reasonIsRequired() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Deny(" ", "no"));
    assertThatIllegalArgumentException().isThrownBy(() -> new Approve("", "fine"));
    assertThatIllegalArgumentException().isThrownBy(() -> new NotYet("", "later"));
  }

  private ApprovalDecision all(ApprovalDecision first, ApprovalDecision... others) {
    ApprovalPolicy[] policies = new ApprovalPolicy[others.length];
    for (int i = 0; i < others.length; i++) {
      policies[i] = says(others[i]);
    }
    return ApprovalPolicy.all(says(first), policies).decide(request);
  }

  private static ApprovalPolicy says(ApprovalDecision decision) {
    return asked -> decision;
  }
}
