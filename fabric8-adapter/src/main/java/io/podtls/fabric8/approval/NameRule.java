package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.Pod;
import io.podtls.request.SubjectAlternativeName;

/**
 * Says which names a pod may carry beyond those that {@link PodBoundPolicy} knows by itself, such
 * as the public name of an ingress, a node's address or a URI.
 *
 * <p><b>Thread safety:</b> implementations are called by several threads at once.
 */
@FunctionalInterface
public interface NameRule {

  /**
   * Tells whether the pod may carry the name. What it throws means that nothing is known: the
   * request is looked at again later.
   *
   * @param pod the pod that asks, live, and of the service account that asks
   * @param name the name
   * @return whether the pod may carry the name
   */
  boolean mayCarry(Pod pod, SubjectAlternativeName name);
}
