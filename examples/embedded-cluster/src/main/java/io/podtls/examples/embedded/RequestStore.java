package io.podtls.examples.embedded;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestSpec;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestStatus;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The certificate signing requests of the API server double, their versions and what happened to
 * them; with the API server's rules for creating and updating them.
 */
final class RequestStore {
  private static final String NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
  private static final int HISTORY = 1_000;

  private final SecureRandom random = new SecureRandom();
  private final Map<String, CertificateSigningRequest> requests = new LinkedHashMap<>();
  private final Deque<Event> history = new ArrayDeque<>();
  private long version = 1;
  private long forgotten = 1;

  /** A change, as a watch reports it. */
  record Event(long version, String type, CertificateSigningRequest object) {}

  /** A list at a version. */
  record Snapshot(long version, List<CertificateSigningRequest> objects) {}

  synchronized CertificateSigningRequest create(CertificateSigningRequest asked, Account requester)
      throws ApiException {
    ObjectMeta metadata = asked.getMetadata();
    String name = metadata.getName();
    if (name == null || name.isEmpty()) {
      if (metadata.getGenerateName() == null || metadata.getGenerateName().isEmpty()) {
        throw ApiException.invalid(
            "", "metadata.name: Required value: name or generateName is required");
      }
      name = metadata.getGenerateName() + suffix();
    }
    validate(name, asked.getSpec());
    if (requests.containsKey(name)) {
      throw ApiException.alreadyExists(name);
    }
    CertificateSigningRequest created =
        new CertificateSigningRequestBuilder(asked)
            .editMetadata()
            .withName(name)
            .withUid(UUID.randomUUID().toString())
            .withCreationTimestamp(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
            .endMetadata()
            .editSpec()
            .withUsername(requester.username())
            .withGroups(requester.groups())
            .withUid(
                UUID.nameUUIDFromBytes(requester.username().getBytes(StandardCharsets.UTF_8))
                    .toString())
            .endSpec()
            .withNewStatus()
            .endStatus()
            .build();
    return store("ADDED", created);
  }

  synchronized CertificateSigningRequest get(String name) throws ApiException {
    CertificateSigningRequest request = requests.get(name);
    if (request == null) {
      throw ApiException.unknownRequest(name);
    }
    return request;
  }

  synchronized Snapshot list(Predicate<CertificateSigningRequest> filter) {
    return new Snapshot(version, requests.values().stream().filter(filter).toList());
  }

  /** Adds what an approver may: the conditions Approved and Denied, which exclude each other. */
  synchronized CertificateSigningRequest updateApproval(
      String name, CertificateSigningRequest update) throws ApiException {
    CertificateSigningRequest current = current(name, update);
    CertificateSigningRequestStatus status = statusOf(update);
    boolean approved = has(status, "Approved");
    if (approved && has(status, "Denied")) {
      throw ApiException.invalid(
          name, "status.conditions: Approved and Denied conditions are mutually exclusive");
    }
    if ((has(statusOf(current), "Approved") && !approved)
        || (has(statusOf(current), "Denied") && !has(status, "Denied"))) {
      throw ApiException.invalid(name, "status.conditions: a decision cannot be removed");
    }
    return store(
        "MODIFIED",
        new CertificateSigningRequestBuilder(current)
            .editStatus()
            .withConditions(status.getConditions())
            .endStatus()
            .build());
  }

  /** Sets what a signer may: the certificate, once, and the condition Failed. */
  synchronized CertificateSigningRequest updateStatus(String name, CertificateSigningRequest update)
      throws ApiException {
    CertificateSigningRequest current = current(name, update);
    CertificateSigningRequestStatus status = statusOf(update);
    String before = statusOf(current).getCertificate();
    if (before != null && !before.isEmpty() && !Objects.equals(before, status.getCertificate())) {
      throw ApiException.invalid(name, "status.certificate: Forbidden: cannot be changed once set");
    }
    for (String decision : List.of("Approved", "Denied")) {
      if (has(status, decision) != has(statusOf(current), decision)) {
        throw ApiException.invalid(name, "status.conditions: not modifiable here: " + decision);
      }
    }
    return store(
        "MODIFIED", new CertificateSigningRequestBuilder(current).withStatus(status).build());
  }

  /**
   * Waits for changes after a version.
   *
   * @return what happened since, in order; empty if nothing did within the time
   * @throws ApiException 410 if that version is too long ago
   */
  synchronized List<Event> awaitChanges(long since, Duration atMost)
      throws ApiException, InterruptedException {
    if (since < forgotten) {
      throw ApiException.expired();
    }
    long deadline = System.nanoTime() + atMost.toNanos();
    while (version <= since) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        return List.of();
      }
      wait(left);
    }
    return history.stream().filter(event -> event.version() > since).toList();
  }

  private CertificateSigningRequest current(String name, CertificateSigningRequest update)
      throws ApiException {
    CertificateSigningRequest current = get(name);
    String expected = update.getMetadata().getResourceVersion();
    if (expected != null && !expected.equals(current.getMetadata().getResourceVersion())) {
      throw ApiException.conflict(name);
    }
    return current;
  }

  private CertificateSigningRequest store(String type, CertificateSigningRequest changed) {
    version++;
    CertificateSigningRequest stored =
        new CertificateSigningRequestBuilder(changed)
            .withMetadata(
                new ObjectMetaBuilder(changed.getMetadata())
                    .withResourceVersion(Long.toString(version))
                    .build())
            .build();
    requests.put(stored.getMetadata().getName(), stored);
    history.add(new Event(version, type, stored));
    if (history.size() > HISTORY) {
      forgotten = history.remove().version();
    }
    notifyAll();
    return stored;
  }

  private static CertificateSigningRequestStatus statusOf(CertificateSigningRequest request) {
    return request.getStatus() == null
        ? new CertificateSigningRequestStatus()
        : request.getStatus();
  }

  private static boolean has(CertificateSigningRequestStatus status, String type) {
    return status.getConditions().stream().anyMatch(c -> type.equals(c.getType()));
  }

  private static void validate(String name, CertificateSigningRequestSpec spec)
      throws ApiException {
    List<String> breaches = RequestRules.breaches(name, spec);
    if (!breaches.isEmpty()) {
      throw ApiException.invalid(name, String.join(", ", breaches));
    }
  }

  private String suffix() {
    StringBuilder suffix = new StringBuilder();
    for (int i = 0; i < 5; i++) {
      suffix.append(NAME_LETTERS.charAt(random.nextInt(NAME_LETTERS.length())));
    }
    return suffix.toString();
  }
}
