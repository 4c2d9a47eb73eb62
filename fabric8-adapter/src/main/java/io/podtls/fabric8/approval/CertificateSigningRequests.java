package io.podtls.fabric8.approval;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestCondition;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.CertificateSigningRequestResource;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.podtls.failure.SignerUnavailableException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * An administrator's view of the cluster's CertificateSigningRequests ({@code
 * certificates.k8s.io/v1}): which requests wait for a decision, what a request asks for and who
 * made it, and the decision itself.
 *
 * <pre>{@code
 * CertificateSigningRequests requests = CertificateSigningRequests.using(client);
 * for (RequestDescription request : requests.pending()) {
 *   System.out.println(request);
 * }
 * requests.approve("podtls-3f9c2a417be80d5c6a1e9f24");
 * requests.deny("podtls-77c1", new Reason("NotOurs", "orders.other.svc belongs to another team"));
 * }</pre>
 *
 * <p>Looking needs the verbs {@code get} and {@code list} on {@code certificatesigningrequests};
 * deciding needs {@code update} on {@code certificatesigningrequests/approval} and {@code approve}
 * on the signer.
 *
 * <p>Every method asks the API server, waits at most about 10 s for each answer, and throws {@link
 * SignerUnavailableException} if it cannot be asked or refuses.
 *
 * <p><b>Thread safety:</b> safe for use by many threads at once.
 */
public final class CertificateSigningRequests {

  private static final int UPDATES = 5;

  /** Requests of up to 1.5 MB are possible, so that a page is 75 MB at most. */
  private static final long PAGE = 50;

  private static final String TO_LOOK =
      """
      - apiGroups: ["certificates.k8s.io"]
        resources: [certificatesigningrequests]
        verbs: [get, list]
      """;

  private static final String TO_DECIDE =
      """
      - apiGroups: ["certificates.k8s.io"]
        resources: [certificatesigningrequests/approval]
        verbs: [update]
      - apiGroups: ["certificates.k8s.io"]
        resources: [signers]
        resourceNames: [%s]
        verbs: [approve]
      """;

  /**
   * Why a decision was made.
   *
   * @param code for machines: one word in CamelCase, e.g. {@code NamesOfAnotherTeam}
   * @param message for people
   */
  public record Reason(String code, String message) {
    /** Checks that both are there, and that the code is not empty. */
    public Reason {
      requireNonNull(code, "code");
      requireNonNull(message, "message");
      if (code.isBlank()) {
        throw new IllegalArgumentException("code is empty");
      }
    }
  }

  private static final Reason APPROVED =
      new Reason("AdministratorApprove", "This request was approved by an administrator.");

  private final NonNamespaceOperation<
          CertificateSigningRequest,
          CertificateSigningRequestList,
          CertificateSigningRequestResource<CertificateSigningRequest>>
      requests;
  private final ConditionWriter writer;
  private final InstantSource clock;

  private CertificateSigningRequests(KubernetesClient client, InstantSource clock) {
    this.requests = client.certificates().v1().certificateSigningRequests();
    this.writer = new ConditionWriter(RequestWatch.api(client));
    this.clock = clock;
  }

  /**
   * Creates a view that uses the client's connections and credentials.
   *
   * @param client stays the caller's to close
   * @return the view
   */
  public static CertificateSigningRequests using(KubernetesClient client) {
    return new CertificateSigningRequests(
        Clients.impatient(requireNonNull(client, "client")), InstantSource.system());
  }

  /**
   * Returns all requests without a decision, the oldest first.
   *
   * @return their descriptions
   * @throws InterruptedException when the calling thread is interrupted while it waits
   */
  public List<RequestDescription> pending() throws InterruptedException {
    List<RequestDescription> pending = new ArrayList<>();
    String next = "";
    do {
      ListOptions page =
          new ListOptionsBuilder()
              .withLimit(PAGE)
              .withContinue(next.isEmpty() ? null : next)
              .build();
      CertificateSigningRequestList list =
          ask("list certificate signing requests", () -> requests.list(page), TO_LOOK);
      list.getItems().stream()
          .map(this::description)
          .filter(RequestDescription::isPending)
          .forEach(pending::add);
      next = Optional.ofNullable(list.getMetadata().getContinue()).orElse("");
    } while (!next.isEmpty());
    pending.sort(Comparator.comparing(RequestDescription::created));
    return List.copyOf(pending);
  }

  /**
   * Returns what a request asks for, who made it and its status, to be read by people: its {@code
   * toString()} is laid out like {@code kubectl describe csr}.
   *
   * @param name the object's name
   * @return the description
   * @throws NoSuchElementException if there is no request of that name
   * @throws InterruptedException when the calling thread is interrupted while it waits
   */
  public RequestDescription describe(String name) throws InterruptedException {
    return description(read(name));
  }

  /**
   * Approves a request, as {@code kubectl certificate approve} does. Approving again changes
   * nothing.
   *
   * @param name the object's name
   * @throws NoSuchElementException if there is no request of that name
   * @throws IllegalStateException if the request is denied: a decision is never taken back
   * @throws InterruptedException when the calling thread is interrupted while it waits
   */
  public void approve(String name) throws InterruptedException {
    approve(name, APPROVED);
  }

  /**
   * Approves a request with a reason.
   *
   * @param name the object's name
   * @param reason why
   * @throws NoSuchElementException if there is no request of that name
   * @throws IllegalStateException if the request is denied: a decision is never taken back
   * @throws InterruptedException when the calling thread is interrupted while it waits
   */
  public void approve(String name, Reason reason) throws InterruptedException {
    decide(name, "Approved", "Denied", requireNonNull(reason, "reason"));
  }

  /**
   * Denies a request. Denying again changes nothing.
   *
   * @param name the object's name
   * @param reason why; the requester reads it
   * @throws NoSuchElementException if there is no request of that name
   * @throws IllegalStateException if the request is approved: a decision is never taken back
   * @throws InterruptedException when the calling thread is interrupted while it waits
   */
  public void deny(String name, Reason reason) throws InterruptedException {
    decide(name, "Denied", "Approved", requireNonNull(reason, "reason"));
  }

  private void decide(String name, String decision, String opposite, Reason reason)
      throws InterruptedException {
    for (int tries = 0; tries < UPDATES; tries++) {
      CertificateSigningRequest csr = read(name);
      Optional<CertificateSigningRequestCondition> contrary = condition(csr, opposite);
      if (contrary.isPresent()) {
        throw new IllegalStateException(
            "csr %s is %s already (%s), and a decision is never taken back"
                .formatted(
                    Printable.of(name),
                    Names.lowerCase(opposite),
                    Printable.of(contrary.get().getReason())));
      }
      if (condition(csr, decision).isPresent()) {
        return;
      }
      ConditionWriter.Outcome outcome =
          ask(
              "set " + decision + " on csr " + Printable.of(name),
              () ->
                  writer.write(
                      new WatchedRequest(csr, false), decision, reason.code(), reason.message()),
              TO_DECIDE.formatted(csr.getSpec().getSignerName()));
      if (outcome == ConditionWriter.Outcome.WRITTEN) {
        return;
      }
      // Changed or deleted since it was read: read, look and try again.
    }
    throw new SignerUnavailableException(
        "cannot set %s on csr %s: it changed under each of %d updates"
            .formatted(decision, Printable.of(name), UPDATES),
        null);
  }

  private CertificateSigningRequest read(String name) throws InterruptedException {
    requireNonNull(name, "name");
    CertificateSigningRequest csr =
        ask("read csr " + Printable.of(name), () -> requests.withName(name).get(), TO_LOOK);
    // The client takes what follows a question mark in a name for the query of the URL.
    if (csr == null || !name.equals(csr.getMetadata().getName())) {
      throw new NoSuchElementException("there is no csr " + Printable.of(name));
    }
    return csr;
  }

  private static <T> T ask(String attempt, Supplier<T> call, String rules)
      throws InterruptedException {
    try {
      return call.get();
    } catch (KubernetesClientException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while trying to " + attempt);
      }
      String message = "cannot " + attempt + ": " + text(e);
      if (e.getCode() < 100 || e.getCode() > 599) {
        throw new SignerUnavailableException(message, e);
      }
      String remedy =
          e.getCode() == 403 ? ".\nBind this user to a ClusterRole with\nrules:\n" + rules : "";
      throw new SignerUnavailableException(message + remedy, e.getCode(), null, e);
    }
  }

  private static String text(KubernetesClientException e) {
    if (e.getStatus() != null && e.getStatus().getMessage() != null) {
      return e.getStatus().getMessage();
    }
    return e.getCause() == null ? String.valueOf(e.getMessage()) : e.getCause().toString();
  }

  private static Optional<CertificateSigningRequestCondition> condition(
      CertificateSigningRequest csr, String type) {
    return RequestDescription.conditions(csr).stream()
        .filter(condition -> condition.getType().equals(type))
        .findFirst();
  }

  private RequestDescription description(CertificateSigningRequest csr) {
    return RequestDescription.of(csr, clock.instant());
  }
}
