package io.podtls.controlplane;

import java.util.List;

/**
 * A service account by name.
 *
 * <p>Thread safety: immutable.
 *
 * @param namespace where it is
 * @param name its name there
 */
public record TestServiceAccount(String namespace, String name) {
  /** The user name that its tokens have. */
  public String username() {
    return "system:serviceaccount:" + namespace + ":" + name;
  }

  /** The groups that its tokens have. */
  List<String> groups() {
    return List.of(
        "system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated");
  }
}
