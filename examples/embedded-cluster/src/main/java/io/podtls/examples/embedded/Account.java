package io.podtls.examples.embedded;

import java.util.List;
import java.util.Set;

/**
 * A caller of the API server double.
 *
 * @param username as the API server puts it into {@code spec.username}
 * @param rights what the account may do besides reading
 */
record Account(String username, Set<Right> rights) {

  /** What an account may do with certificate signing requests besides reading them. */
  enum Right {
    CREATE("create", "certificatesigningrequests"),
    APPROVE("update", "certificatesigningrequests/approval"),
    SIGN("update", "certificatesigningrequests/status");

    final String verb;
    final String resource;

    Right(String verb, String resource) {
      this.verb = verb;
      this.resource = resource;
    }
  }

  Account {
    rights = Set.copyOf(rights);
  }

  static Account serviceAccount(String namespace, String name, Right right) {
    return new Account("system:serviceaccount:" + namespace + ":" + name, Set.of(right));
  }

  List<String> groups() {
    return List.of("system:serviceaccounts", "system:authenticated");
  }
}
