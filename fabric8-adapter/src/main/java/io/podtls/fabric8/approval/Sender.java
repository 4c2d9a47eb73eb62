package io.podtls.fabric8.approval;

import java.util.List;
import java.util.Optional;

/**
 * The place of a requester among all: its namespace, in that its service account, in that its pod.
 * Users other than service accounts are a place of their own each.
 *
 * @param path from the namespace down to the pod
 */
record Sender(List<String> path) {

  private static final int LONGEST_NAME = 300;

  static Sender of(Requester requester) {
    Optional<Requester.ServiceAccount> account = requester.serviceAccount();
    String pod = requester.pod().map(Requester.BoundPod::uid).orElse("");
    return new Sender(
        account
            .map(known -> List.of(known.namespace(), known.name(), shortened(pod)))
            .orElseGet(() -> List.of("user " + shortened(requester.username()), "", "")));
  }

  private static String shortened(String name) {
    return name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name;
  }
}
