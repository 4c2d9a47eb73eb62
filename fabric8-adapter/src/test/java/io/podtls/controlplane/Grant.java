package io.podtls.controlplane;

import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import java.util.List;

/**
 * Rights that a service account was given by {@link Cluster#grant}: a ClusterRole and a
 * ClusterRoleBinding of one name.
 *
 * <p>Thread safety: immutable.
 *
 * @param name of the role and of the binding
 * @param serviceAccount who has the rights
 * @param rules the rights
 */
public record Grant(String name, TestServiceAccount serviceAccount, List<PolicyRule> rules) {
  /** Copies the rules. */
  public Grant {
    rules = List.copyOf(rules);
  }
}
