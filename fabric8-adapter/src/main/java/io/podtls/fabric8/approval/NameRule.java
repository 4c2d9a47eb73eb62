package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.Pod;
import io.podtls.request.SubjectAlternativeName;

/**
 * A rule for names that a pod may carry beyond those that {@link PodBoundPolicy} finds itself, such
 * as the public name of an ingress, a node's address or a URI.
 *
 * <p><b>Thread safety:</b> implementations are called by several threads at once.
 */
@FunctionalInterface
public interface NameRule {

  /**
   * Returns whether the pod may carry the name. An exception means that this is not known: the
   * request is reviewed again later.
   *
   * @param pod the pod that asks, live, and of the service account that asks
   * @param name the name
   * @return whether the pod may carry the name
   */
  boolean mayCarry(Pod pod, SubjectAlternativeName name);
}
