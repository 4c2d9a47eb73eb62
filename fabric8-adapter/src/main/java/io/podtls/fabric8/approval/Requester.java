package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The creator of a request, as the API server authenticated and recorded it; nothing here is chosen
 * by the requester.
 *
 * <p><b>Thread safety:</b> immutable.
 *
 * @param username the user name, {@code system:serviceaccount:<namespace>:<name>} for a service
 *     account
 * @param groups the groups of the user
 * @param extra what else the authenticator recorded; a token bound to a pod brings the pod's name
 *     and uid
 */
public record Requester(String username, List<String> groups, Map<String, List<String>> extra) {

  private static final String SERVICE_ACCOUNT = "system:serviceaccount";
  private static final String POD_NAME = "authentication.kubernetes.io/pod-name";
  private static final String POD_UID = "authentication.kubernetes.io/pod-uid";

  /**
   * Copies the groups and the extra values.
   *
   * @param username the user name
   * @param groups the groups of the user
   * @param extra what else the authenticator recorded
   */
  public Requester {
    requireNonNull(username, "username");
    groups = List.copyOf(groups);
    extra =
        extra.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Map.Entry::getKey, entry -> List.copyOf(entry.getValue())));
  }

  /** Reads what the API server recorded in a request. */
  static Requester of(CertificateSigningRequestSpec spec) {
    return new Requester(
        spec.getUsername(),
        requireNonNullElse(spec.getGroups(), List.of()),
        requireNonNullElse(spec.getExtra(), Map.of()));
  }

  /** {@return the service account, empty if the requester is none} */
  public Optional<ServiceAccount> serviceAccount() {
    String[] parts = username.split(":", -1);
    if (parts.length != 4
        || !username.startsWith(SERVICE_ACCOUNT + ":")
        || parts[2].isEmpty()
        || parts[3].isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new ServiceAccount(parts[2], parts[3]));
  }

  /**
   * {@return the pod to which the requester's token was bound, empty if to none, or if the record
   * of it is ambiguous}
   */
  public Optional<BoundPod> pod() {
    return single(POD_NAME).flatMap(name -> single(POD_UID).map(uid -> new BoundPod(name, uid)));
  }

  private Optional<String> single(String key) {
    List<String> values = extra.getOrDefault(key, List.of());
    return values.size() == 1 && !values.get(0).isEmpty()
        ? Optional.of(values.get(0))
        : Optional.empty();
  }

  /**
   * A service account.
   *
   * @param namespace the namespace in which it is
   * @param name its name
   */
  public record ServiceAccount(String namespace, String name) {}

  /**
   * The pod that a token was bound to.
   *
   * @param name its name; another pod may bear it by now
   * @param uid its uid, which no other pod ever has
   */
  public record BoundPod(String name, String uid) {}
}
