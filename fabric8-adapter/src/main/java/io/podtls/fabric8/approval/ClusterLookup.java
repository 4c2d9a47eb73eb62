package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Optional;

/**
 * The cluster as a policy reads it. An exception of a method means that the answer is not known.
 */
interface ClusterLookup {

  /** The pod as it is now; empty only if the API server says that there is none. */
  Optional<Pod> pod(String namespace, String name);

  /** The Services of a namespace. */
  List<Service> services(String namespace, Freshness freshness);

  /** The EndpointSlices of a namespace. */
  List<EndpointSlice> endpointSlices(String namespace, Freshness freshness);

  /** How old an answer may be. */
  enum Freshness {
    /** A few seconds: good enough to approve by. */
    RECENT,
    /** Read after the question was asked: what a denial rests on. */
    LIVE
  }
}
