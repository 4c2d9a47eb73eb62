package io.podtls.fabric8;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A rule of a Role or ClusterRole, shown to the administrator who can grant it.
 *
 * @param role {@code ClusterRole}, or {@code Role} with the namespace it must be in
 * @param apiGroup the API group, empty for the core one
 * @param resource the resource, e.g. {@code certificatesigningrequests}
 * @param name the object that suffices, empty if the rule is for all of them
 * @param verbs what must be allowed
 */
record RbacRule(String role, String apiGroup, String resource, String name, List<String> verbs) {

  private static final String CERTIFICATES = "certificates.k8s.io";

  /** What a requester needs; without {@code watch} it polls. */
  static final RbacRule REQUESTER =
      onCluster(CERTIFICATES, "certificatesigningrequests", "create", "get", "watch");

  static RbacRule onCluster(String apiGroup, String resource, String... verbs) {
    return new RbacRule("ClusterRole", apiGroup, resource, "", List.of(verbs));
  }

  static RbacRule inNamespace(String namespace, String resource, String... verbs) {
    return new RbacRule("Role in namespace " + namespace, "", resource, "", List.of(verbs));
  }

  /** The same rule for one object. */
  RbacRule named(String object) {
    return new RbacRule(role, apiGroup, resource, object, verbs);
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
        + (name.isEmpty() ? "" : "  resourceNames: [" + name + "]\n")
        + "  verbs: ["
        + String.join(", ", verbs)
        + "]\n";
  }

  /** What to do, with the rules; all of them of one role. */
  static String remedy(RbacRule... rules) {
    return "Bind the service account to a "
        + rules[0].role
        + " with\nrules:\n"
        + Arrays.stream(rules).map(RbacRule::yaml).collect(Collectors.joining());
  }
}
