package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;
import java.util.Set;

/** Whether the pod that a token was bound to is there and may have a certificate at all. */
final class PodRules {

  private static final Set<String> FINISHED = Set.of("Succeeded", "Failed");

  Optional<Objection> objection(
      Optional<Pod> found, Requester.BoundPod bound, Requester.ServiceAccount account) {
    if (found.isEmpty()) {
      return lasting(
          "PodGone", "there is no pod " + bound.name() + " in namespace " + account.namespace());
    }
    Pod pod = found.get();
    String uid = pod.getMetadata().getUid();
    String runsAs = pod.getSpec().getServiceAccountName();
    if (!bound.uid().equals(uid)) {
      return lasting(
          "PodReplaced",
          "the token was bound to pod "
              + bound.name()
              + " with uid "
              + bound.uid()
              + ", the pod of that name now has uid "
              + uid);
    }
    if (!account.name().equals(runsAs)) {
      return lasting(
          "ForeignServiceAccount",
          "pod "
              + bound.name()
              + " runs as service account "
              + runsAs
              + ", not as "
              + account.name());
    }
    if (pod.getMetadata().getDeletionTimestamp() != null) {
      return lasting("PodTerminating", "pod " + bound.name() + " is being deleted");
    }
    if (FINISHED.contains(pod.getStatus().getPhase())) {
      return lasting(
          "PodFinished", "pod " + bound.name() + " has ended: " + pod.getStatus().getPhase());
    }
    return Optional.empty();
  }

  private static Optional<Objection> lasting(String reason, String message) {
    return Optional.of(Objection.lasting(reason, Printable.of(message, 400)));
  }
}
