package io.podtls.fabric8;

import java.util.List;

/**
 * A rule of a Role or ClusterRole, to be shown to whoever can grant it.
 *
 * @param role Role or ClusterRole
 * @param apiGroup the API group, empty for the core one
 * @param resource the resource, e.g. {@code certificatesigningrequests}
 * @param names the objects that suffice, none if all are needed
 * @param verbs what must be allowed
 */
record RbacRule(
    String role, String apiGroup, String resource, List<String> names, List<String> verbs) {

  /** What a requester needs; {@code watch} alone can be missing, then it polls. */
  static final RbacRule REQUESTER =
      clusterRole("certificates.k8s.io", "certificatesigningrequests", "create", "get", "watch");

  static RbacRule clusterRole(String apiGroup, String resource, String... verbs) {
    return new RbacRule("ClusterRole", apiGroup, resource, List.of(), List.of(verbs));
  }

  /** The same rule for one object. */
  RbacRule named(String name) {
    return new RbacRule(role, apiGroup, resource, List.of(name), verbs);
  }

  /** The API, in words. */
  String api() {
    return resource + (apiGroup.isEmpty() ? "" : " of " + apiGroup + "/v1");
  }

  /** The rule as YAML, to be pasted into the list of rules. */
  String yaml() {
    return "- apiGroups: [\""
        + apiGroup
        + "\"]\n  resources: ["
        + resource
        + "]\n"
        + (names.isEmpty() ? "" : "  resourceNames: [" + String.join(", ", names) + "]\n")
        + "  verbs: ["
        + String.join(", ", verbs)
        + "]\n";
  }

  /** What to do, with the rule. */
  String remedy() {
    return "Bind the service account to a " + role + " with this rule:\n" + yaml();
  }
}
