package io.podtls.fabric8;

import static java.util.Objects.requireNonNull;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * An administrator's view of the cluster's CertificateSigningRequests ({@code
 * certificates.k8s.io/v1}): what waits for a decision, what a request asks for and who made it, and
 * the decision itself.
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
 * io.podtls.failure.SignerUnavailableException} if it cannot be asked or refuses.
 *
 * <p><b>Thread safety:</b> safe for use by many threads at once.
 */
public final class CertificateSigningRequests {

  private static final int UPDATES = 5;

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

  private final ApiServer server;
  private final InstantSource clock;

  private CertificateSigningRequests(ApiServer server, InstantSource clock) {
    this.server = server;
    this.clock = clock;
  }

  /**
   * Acts with the client's connections and credentials.
   *
   * @param client stays the caller's to close
   */
  public static CertificateSigningRequests using(KubernetesClient client) {
    return new CertificateSigningRequests(
        ApiServer.lentBy(requireNonNull(client, "client")), InstantSource.system());
  }

  /**
   * Returns all requests that nobody has decided on, the oldest first.
   *
   * @throws InterruptedException when the calling thread is interrupted while it waits
   */
  public List<RequestDescription> pending() throws InterruptedException {
    try {
      return server.get(ApiServerCsrs.PATH).objects("items").stream()
          .map(this::description)
          .filter(RequestDescription::isPending)
          .sorted(Comparator.comparing(RequestDescription::created))
          .toList();
    } catch (ApiException e) {
      throw ApiFailure.of("list certificate signing requests", e, RbacRule.VIEWER);
    }
  }

  /**
   * Returns what a request asks for, who made it and how it stands, to be read by people: its
   * {@code toString()} is laid out like {@code kubectl describe csr}.
   *
   * @param name the object's name
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
   * Approves a request and says why.
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
   * @param reason why; the requester is told
   * @throws NoSuchElementException if there is no request of that name
   * @throws IllegalStateException if the request is approved: a decision is never taken back
   * @throws InterruptedException when the calling thread is interrupted while it waits
   */
  public void deny(String name, Reason reason) throws InterruptedException {
    decide(name, "Denied", "Approved", requireNonNull(reason, "reason"));
  }

  private void decide(String name, String decision, String opposite, Reason reason)
      throws InterruptedException {
    ApiException conflict = null;
    String signerName = "";
    for (int tries = 0; tries < UPDATES; tries++) {
      JsonObject csr = read(name);
      Csr known = Csr.of(csr);
      signerName = known.signerName();
      if (known.condition(opposite).isPresent()) {
        throw new IllegalStateException(
            known.object()
                + " is "
                + opposite.toLowerCase(java.util.Locale.ROOT)
                + " already ("
                + known.condition(opposite).get().reason()
                + "), and a decision is never taken back");
      }
      if (known.condition(decision).isPresent()) {
        return;
      }
      try {
        server.put(path(name) + "/approval", withCondition(csr, decision, reason));
        return;
      } catch (ApiException e) {
        if (e.status() != 409) {
          throw refused(name, decision, signerName, e);
        }
        conflict = e; // somebody else changed it meanwhile: read, look and try again
      }
    }
    if (conflict != null) {
      throw refused(name, decision, signerName, conflict);
    }
  }

  private static RuntimeException refused(
      String name, String decision, String signerName, ApiException e) {
    return ApiFailure.of(
        "set " + decision + " on csr " + name,
        e,
        RbacRule.APPROVER,
        RbacRule.approverFor(signerName));
  }

  /** The object with one condition more; conditions that are there stay. */
  private JsonObject withCondition(JsonObject csr, String type, Reason reason) {
    String now = Instant.ofEpochSecond(clock.instant().getEpochSecond()).toString();
    List<JsonObject> conditions = new ArrayList<>(csr.objects("status", "conditions"));
    conditions.add(
        JsonObject.of(
            Map.of(
                "type",
                type,
                "status",
                "True",
                "reason",
                reason.code(),
                "message",
                reason.message(),
                "lastUpdateTime",
                now)));
    return csr.with("status", csr.object("status").with("conditions", conditions));
  }

  private JsonObject read(String name) throws InterruptedException {
    requireNonNull(name, "name");
    try {
      return server.get(path(name));
    } catch (ApiException e) {
      if (e.saysObjectIsMissing()) {
        throw new NoSuchElementException("there is no csr " + name);
      }
      throw ApiFailure.of("read csr " + name, e, RbacRule.VIEWER);
    }
  }

  private static String path(String name) {
    return ApiServerCsrs.PATH + "/" + ApiServer.segment(name);
  }

  private RequestDescription description(JsonObject csr) {
    return RequestDescription.of(csr, clock.instant());
  }
}
