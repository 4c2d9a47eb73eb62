package io.podtls.controlplane;

import java.time.Instant;
import java.util.OptionalInt;

/**
 * One request as the API server's audit log records it, whatever the number of its stages.
 *
 * <p>Thread safety: immutable.
 *
 * @param id the audit ID
 * @param username who asked, such as {@code system:serviceaccount:shop:orders}
 * @param verb get, list, watch, create, update, patch, delete, deletecollection
 * @param resource such as certificatesigningrequests, or {@code
 *     certificatesigningrequests/approval} for a subresource; empty if the request names none
 * @param namespace empty for cluster-scoped objects
 * @param name of the object; empty in a list or watch of all, and for generateName
 * @param uri path and query
 * @param userAgent as sent
 * @param received when the API server got it
 * @param status HTTP status of the answer, once there is one
 * @param complete whether the answer has ended; a watch that is still open has not
 */
public record AuditedRequest(
    String id,
    String username,
    String verb,
    String resource,
    String namespace,
    String name,
    String uri,
    String userAgent,
    Instant received,
    OptionalInt status,
    boolean complete) {

  /** Verb and resource, such as {@code create certificatesigningrequests}; else verb and URI. */
  public String action() {
    return verb + " " + (resource.isEmpty() ? uri : resource);
  }
}
