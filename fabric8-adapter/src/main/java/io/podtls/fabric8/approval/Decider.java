package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.failure.InvalidMaterialException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;

/** Takes one request from its policy's decision to the condition in the cluster. */
final class Decider {

  private static final int CONFLICTS = 3;
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  private final ApprovalPolicy policy;
  private final ConditionWriter writer;
  private final Function<RequestId, Optional<WatchedRequest>> reread;
  private final Predicate<Requester> exceedsShare;
  private final Duration patience;
  private final Backoff backoff;
  private final Announcer announcer;
  private final BooleanSupplier mayAct;

  /**
   * Decides nothing yet.
   *
   * @param exceedsShare whether a requester has so many pending requests that none is approved
   */
  Decider(
      ApprovalPolicy policy,
      ConditionWriter writer,
      Function<RequestId, Optional<WatchedRequest>> reread,
      Predicate<Requester> exceedsShare,
      Duration patience,
      Backoff backoff,
      Announcer announcer,
      BooleanSupplier mayAct) {
    this.policy = policy;
    this.writer = writer;
    this.reread = reread;
    this.exceedsShare = exceedsShare;
    this.patience = patience;
    this.backoff = backoff;
    this.announcer = announcer;
    this.mayAct = mayAct;
  }

  /** Decides, and returns when to look at the request again; empty if it needs no more looks. */
  Optional<Duration> decide(WatchedRequest request, ReviewQueue.Progress progress) {
    try {
      return decideUnlessOvertaken(request, progress);
    } catch (RuntimeException e) {
      return failed(request.csr(), e, progress);
    } catch (Error e) { // else the request would wait for the next resync
      return failed(request.csr(), new IllegalStateException(e), progress);
    }
  }

  private Optional<Duration> decideUnlessOvertaken(
      WatchedRequest request, ReviewQueue.Progress progress) {
    Optional<WatchedRequest> current = Optional.of(request);
    for (int attempt = 0; attempt < CONFLICTS; attempt++) {
      ApprovalDecision decision = judge(current.get(), progress);
      if (decision instanceof ApprovalDecision.Ignore) {
        announcer.ignored(current.get().csr());
        return Optional.empty();
      }
      if (decision instanceof ApprovalDecision.NotYet notYet) {
        return lookAgain(current.get().csr(), notYet, progress);
      }
      if (!mayAct.getAsBoolean() || settled(current.get(), decision, progress)) {
        return Optional.empty();
      }
      current = reread.apply(request.id());
      if (current.isEmpty()) {
        return Optional.empty(); // decided by another approver
      }
    }
    throw new KubernetesClientException(
        "csr " + request.id() + " changed under each of " + CONFLICTS + " updates");
  }

  private ApprovalDecision judge(WatchedRequest request, ReviewQueue.Progress progress) {
    Optional<String> tooLarge = request.tooLarge();
    if (tooLarge.isPresent()) {
      return new ApprovalDecision.Deny(
          "InvalidRequest", "csr " + request.id() + ": " + tooLarge.get());
    }
    ReviewedRequest reviewed;
    try {
      reviewed = ReviewedRequest.of(request.csr());
    } catch (InvalidMaterialException e) {
      return new ApprovalDecision.Deny("InvalidRequest", String.valueOf(e.getMessage()));
    }
    ApprovalDecision decision = policy.decide(reviewed);
    if (decision instanceof ApprovalDecision.Approve && exceedsShare.test(reviewed.requester())) {
      decision =
          new ApprovalDecision.NotYet(
              "TooManyRequests",
              "too many requests are pending, and this requester has more of them than its share");
    }
    return decision instanceof ApprovalDecision.NotYet notYet
            && progress.age().compareTo(patience) >= 0
        ? new ApprovalDecision.Deny(
            notYet.reason(), notYet.message() + " (waited " + patience.toSeconds() + " s for it)")
        : decision;
  }

  /** Writes an approval or denial; false if the request must be read and judged again. */
  private boolean settled(
      WatchedRequest request, ApprovalDecision decision, ReviewQueue.Progress progress) {
    if (decision instanceof ApprovalDecision.Approve approve) {
      ConditionWriter.Outcome outcome =
          writer.write(request, "Approved", approve.reason(), approve.message());
      if (outcome == ConditionWriter.Outcome.WRITTEN) {
        announcer.approved(request.csr(), approve, progress.age());
      }
      return outcome != ConditionWriter.Outcome.CONFLICT;
    }
    ApprovalDecision.Deny deny = (ApprovalDecision.Deny) decision;
    ConditionWriter.Outcome outcome =
        writer.write(request, "Denied", deny.reason(), deny.message());
    if (outcome == ConditionWriter.Outcome.WRITTEN) {
      announcer.denied(request.csr(), deny, progress.age());
    }
    return outcome != ConditionWriter.Outcome.CONFLICT;
  }

  private Optional<Duration> lookAgain(
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
    Duration least = Duration.ofMillis(1);
    Duration result = shorter.compareTo(third) < 0 ? shorter : third;
    return result.compareTo(least) < 0 ? least : result;
  }
}
