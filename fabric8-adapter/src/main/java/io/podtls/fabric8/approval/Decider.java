package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.failure.InvalidMaterialException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Takes one request from its policy's decision to the condition in the cluster. */
final class Decider {

  private static final int CONFLICTS = 3;
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  private final ApprovalPolicy policy;
  private final ApprovalWriter writer;
  private final Function<Ticket, Optional<CertificateSigningRequest>> reread;
  private final Duration patience;
  private final Backoff backoff;
  private final Announcer announcer;
  private final BooleanSupplier mayAct;

  Decider(
      ApprovalPolicy policy,
      ApprovalWriter writer,
      Function<Ticket, Optional<CertificateSigningRequest>> reread,
      Duration patience,
      Backoff backoff,
      Announcer announcer,
      BooleanSupplier mayAct) {
    this.policy = policy;
    this.writer = writer;
    this.reread = reread;
    this.patience = patience;
    this.backoff = backoff;
    this.announcer = announcer;
    this.mayAct = mayAct;
  }

  /** Decides, and says when to look at the request again; empty if it needs no more looks. */
  Optional<Duration> decide(CertificateSigningRequest csr, ReviewQueue.Progress progress) {
    try {
      return decideUnlessOvertaken(csr, progress);
    } catch (RuntimeException e) {
      return failed(csr, e, progress);
    }
  }

  private Optional<Duration> decideUnlessOvertaken(
      CertificateSigningRequest csr, ReviewQueue.Progress progress) {
    Optional<CertificateSigningRequest> current = Optional.of(csr);
    for (int attempt = 0; attempt < CONFLICTS; attempt++) {
      ApprovalDecision decision = judge(current.get(), progress);
      if (decision instanceof ApprovalDecision.Ignore) {
        announcer.ignored(current.get());
        return Optional.empty();
      }
      if (decision instanceof ApprovalDecision.NotYet notYet) {
        return wait(current.get(), notYet, progress);
      }
      if (!mayAct.getAsBoolean() || settled(current.get(), decision, progress)) {
        return Optional.empty();
      }
      current = reread.apply(Ticket.of(csr));
      if (current.isEmpty()) {
        return Optional.empty(); // somebody else decided
      }
    }
    throw new KubernetesClientException(
        "csr " + csr.getMetadata().getName() + " changed under each of " + CONFLICTS + " updates");
  }

  private ApprovalDecision judge(CertificateSigningRequest csr, ReviewQueue.Progress progress) {
    ReviewedRequest request;
    try {
      request = ReviewedRequest.of(csr);
    } catch (InvalidMaterialException e) {
      return new ApprovalDecision.Deny("InvalidRequest", String.valueOf(e.getMessage()));
    }
    ApprovalDecision decision = policy.decide(request);
    return decision instanceof ApprovalDecision.NotYet notYet
            && progress.age().compareTo(patience) >= 0
        ? new ApprovalDecision.Deny(
            notYet.reason(), notYet.message() + " (waited " + patience.toSeconds() + " s for it)")
        : decision;
  }

  /** Writes an approval or denial; false if the request must be read and judged again. */
  private boolean settled(
      CertificateSigningRequest csr, ApprovalDecision decision, ReviewQueue.Progress progress) {
    if (decision instanceof ApprovalDecision.Approve approve) {
      ApprovalWriter.Outcome outcome =
          writer.write(csr, "Approved", approve.reason(), approve.message());
      if (outcome == ApprovalWriter.Outcome.WRITTEN) {
        announcer.approved(csr, approve, progress.age());
      }
      return outcome != ApprovalWriter.Outcome.CONFLICT;
    }
    ApprovalDecision.Deny deny = (ApprovalDecision.Deny) decision;
    ApprovalWriter.Outcome outcome = writer.write(csr, "Denied", deny.reason(), deny.message());
    if (outcome == ApprovalWriter.Outcome.WRITTEN) {
      announcer.denied(csr, deny, progress.age());
    }
    return outcome != ApprovalWriter.Outcome.CONFLICT;
  }

  private Optional<Duration> wait(
      CertificateSigningRequest csr,
      ApprovalDecision.NotYet decision,
      ReviewQueue.Progress progress) {
    int looks = progress.countWait();
    int doublings = Math.min(looks - 1, 4);
    Duration left = patience.minus(progress.age());
    Duration next = shortest(FIRST_WAIT.multipliedBy(1L << doublings), LONGEST_WAIT, left);
    announcer.waiting(csr, decision, next, looks);
    return Optional.of(next);
  }

  private Optional<Duration> failed(
      CertificateSigningRequest csr, RuntimeException failure, ReviewQueue.Progress progress) {
    if (!mayAct.getAsBoolean()) {
      return Optional.empty(); // closing, or another replica's turn
    }
    Optional<Duration> next = backoff.after(failure, progress.countFailure());
    next.ifPresentOrElse(
        delay -> announcer.failed(csr, failure, delay), () -> announcer.gaveUp(csr, failure));
    return next;
  }

  private static Duration shortest(Duration first, Duration second, Duration third) {
    Duration shorter = first.compareTo(second) < 0 ? first : second;
    // Not zero, which would be a turn in the queue of new requests.
    Duration least = Duration.ofMillis(1);
    Duration result = shorter.compareTo(third) < 0 ? shorter : third;
    return result.compareTo(least) < 0 ? least : result;
  }
}
