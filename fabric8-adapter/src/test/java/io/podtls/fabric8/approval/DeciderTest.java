package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;
import static org.mockito.Mockito.when;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.fabric8.approval.ApprovalDecision.Approve;
import io.podtls.fabric8.approval.ApprovalDecision.Deny;
import io.podtls.fabric8.approval.ApprovalDecision.Ignore;
import io.podtls.fabric8.approval.ApprovalDecision.NotYet;
import io.podtls.fabric8.approval.ConditionWriter.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DeciderTest {

  private static final ApprovalDecision APPROVE = new Approve("Fine", "it is");

  private final AtomicLong now = new AtomicLong();
  private final ReviewQueue.Progress progress = new ReviewQueue.Progress(now::get);
  private final ApproverEvents events = new ApproverEvents();
  private final ConditionWriter writer = mock();
  private final WatchedRequest csr = watched(TestRequest.of(TestPkcs10.dns("orders.shop.svc")));
  private Optional<WatchedRequest> reread = Optional.empty();
  private boolean mayAct = true;
  private boolean exceedsShare;

  @Test
  @DisplayName("an approval is written with its reason, and announced")
  void approves() {
    when(writer.write(any(), any(), any(), any())).thenReturn(Outcome.WRITTEN);

    assertThat(decide(request -> APPROVE)).isEmpty();

    verify(writer).write(csr, "Approved", "Fine", "it is");
    assertThat(events.all()).containsExactly("approved podtls-x1");
  }

  @Test
  @DisplayName("a request that is no well-formed PKCS#10 is denied without asking the policy")
  void deniesInvalid() {
    when(writer.write(any(), any(), any(), any())).thenReturn(Outcome.WRITTEN);
    WatchedRequest invalid =
        watched(TestRequest.of(TestPkcs10.dns("orders.shop.svc").signedByAnother()));

    decider(
            request -> {
              throw new AssertionError("asked");
            })
        .decide(invalid, progress);

    verify(writer)
        .write(
            invalid,
            "Denied",
            "InvalidRequest",
            "csr podtls-x1: the PKCS#10 is not signed by the key that it names");
    assertThat(events.all()).containsExactly("denied podtls-x1");
  }

  @Test
  @DisplayName("a request that is too large is denied without asking the policy")
  void deniesTooLarge() {
    when(writer.write(any(), any(), any(), any())).thenReturn(Outcome.WRITTEN);
    CertificateSigningRequest cut = TestRequest.of(TestPkcs10.dns("orders.shop.svc")).csr();
    cut.getSpec().setRequest(BoundedJson.ELIDED);
    WatchedRequest tooLarge = new WatchedRequest(cut, true);

    decider(
            request -> {
              throw new AssertionError("asked");
            })
        .decide(tooLarge, progress);

    verify(writer)
        .write(
            tooLarge,
            "Denied",
            "InvalidRequest",
            "csr podtls-x1: spec.request is larger than 64 KiB");
  }

  @Test
  @DisplayName("a requester above its share is not approved, and is denied when the patience ends")
  void withholdsApproval() {
    when(writer.write(any(), any(), any(), any())).thenReturn(Outcome.WRITTEN);
    exceedsShare = true;

    assertThat(decide(request -> APPROVE)).contains(Duration.ofSeconds(1));
    verifyNoInteractions(writer);
    now.addAndGet(Duration.ofSeconds(30).toNanos());
    assertThat(decide(request -> APPROVE)).isEmpty();

    verify(writer)
        .write(
            csr,
            "Denied",
            "TooManyRequests",
            "too many requests are pending, and this requester has more of them than its share"
                + " (waited 30 s for it)");
  }

  @Test
  @DisplayName("a requester above its share is denied at once what its policy denies")
  void deniesAboveShare() {
    when(writer.write(any(), any(), any(), any())).thenReturn(Outcome.WRITTEN);
    exceedsShare = true;

    assertThat(decide(request -> new Deny("Bad", "no"))).isEmpty();

    verify(writer).write(csr, "Denied", "Bad", "no");
  }

  @Test
  @DisplayName("a request that is ignored is not written to")
  void ignores() {
    assertThat(decide(request -> new Ignore())).isEmpty();

    verifyNoInteractions(writer);
    assertThat(events.all()).containsExactly("ignored podtls-x1");
  }

  @Test
  @DisplayName(
      "not yet: looked at after 1, 2, 4, 8, 10 s and at the end of the patience, then denied")
  void waits() {
    when(writer.write(any(), any(), any(), any())).thenReturn(Outcome.WRITTEN);
    Decider decider = decider(request -> new NotYet("NoService", "there is none"));
    List<Long> looks = new ArrayList<>();

    for (Optional<Duration> next = decider.decide(csr, progress);
        next.isPresent();
        next = decider.decide(csr, progress)) {
      now.addAndGet(next.get().toNanos());
      looks.add(next.get().toSeconds());
    }

    assertThat(looks).containsExactly(1L, 2L, 4L, 8L, 10L, 5L);
    verify(writer).write(csr, "Denied", "NoService", "there is none (waited 30 s for it)");
  }

  @Test
  @DisplayName("an Error of a policy is reported, and the policy is asked again")
  void retriesErrors() {
    Decider decider =
        decider(
            request -> {
              throw new OutOfMemoryError("Java heap space");
            });

    assertThat(decider.decide(csr, progress)).contains(Duration.ofMillis(375));
    assertThat(events.all()).containsExactly("failed podtls-x1");
    verifyNoInteractions(writer);
  }

  @Test
  @DisplayName("a policy that throws is asked again with growing pauses, and nothing is written")
  void retriesFailures() {
    Decider decider =
        decider(
            request -> {
              throw new KubernetesClientException("overloaded", 503, null);
            });

    assertThat(decider.decide(csr, progress)).contains(Duration.ofMillis(375));
    assertThat(decider.decide(csr, progress)).contains(Duration.ofMillis(750));
    assertThat(decider.decide(csr, progress)).isEmpty();

    verifyNoInteractions(writer);
    assertThat(events.all())
        .containsExactly("failed podtls-x1", "failed podtls-x1", "gaveUp podtls-x1");
  }

  @Test
  @DisplayName("a request that changed is read and judged again")
  void judgesAgainAfterConflict() {
    WatchedRequest changed =
        watched(TestRequest.of(TestPkcs10.dns("orders.shop.svc")).usages("client auth"));
    reread = Optional.of(changed);
    when(writer.write(csr, "Approved", "Fine", "it is")).thenReturn(Outcome.CONFLICT);
    when(writer.write(changed, "Denied", "Bad", "no")).thenReturn(Outcome.WRITTEN);

    Optional<Duration> next =
        decide(
            request -> request.usages().contains("client auth") ? new Deny("Bad", "no") : APPROVE);

    assertThat(next).isEmpty();
    assertThat(events.all()).containsExactly("denied podtls-x1");
  }

  @Test
  @DisplayName("a request that changes under each update is tried later")
  void endlessConflicts() {
    reread = Optional.of(csr);
    when(writer.write(any(), any(), any(), any())).thenReturn(Outcome.CONFLICT);

    assertThat(decide(request -> APPROVE)).isPresent();

    assertThat(events.all()).containsExactly("failed podtls-x1");
  }

  @Test
  @DisplayName("a request that another approver decided on, or that is gone, is left alone")
  void overtaken() {
    when(writer.write(any(), any(), any(), any())).thenReturn(Outcome.CONFLICT, Outcome.GONE);

    assertThat(decide(request -> APPROVE)).isEmpty();
    assertThat(decide(request -> APPROVE)).isEmpty();

    assertThat(events.all()).isEmpty();
  }

  @Test
  @DisplayName(
      "a replica that lost the lead while it judged writes nothing, and its failures do not count")
  void lostLead() {
    ApprovalPolicy losing =
        request -> {
          mayAct = false;
          return APPROVE;
        };
    assertThat(decide(losing)).isEmpty();
    assertThat(
            decide(
                request -> {
                  throw new KubernetesClientException("interrupted");
                }))
        .isEmpty();

    verifyNoInteractions(writer);
    assertThat(events.all()).isEmpty();
  }

  @Test
  @DisplayName("a listener that throws changes nothing")
  void listenerThrows() {
    when(writer.write(any(), any(), any(), any())).thenReturn(Outcome.WRITTEN);
    ApprovalListener throwing =
        new ApprovalListener() {
          @Override
          public void approved(
              CertificateSigningRequest request, Approve decision, Duration after) {
            throw new IllegalStateException("broken metrics");
          }
        };

    assertThat(decider(request -> APPROVE, throwing).decide(csr, progress)).isEmpty();
  }

  @Test
  @DisplayName("Retry-After is kept when it is longer than the pause would be")
  void keepsRetryAfter() {
    KubernetesClientException busy =
        new KubernetesClientException(
            "busy",
            429,
            new StatusBuilder().withNewDetails().withRetryAfterSeconds(7).endDetails().build());

    assertThat(new Backoff(3, () -> 0.5).after(busy, 1)).contains(Duration.ofSeconds(7));
  }

  @Test
  @DisplayName("pauses grow from a quarter of a second to half a minute and no further")
  void pausesGrow() {
    Backoff backoff = new Backoff(100, () -> 0.999_999);
    RuntimeException failure = new IllegalStateException();

    assertThat(backoff.after(failure, 1).orElseThrow()).isLessThan(Duration.ofMillis(500));
    assertThat(backoff.after(failure, 99).orElseThrow())
        .isBetween(Duration.ofSeconds(29), Duration.ofSeconds(30));
    assertThat(new Backoff(100, () -> 0).after(failure, 1)).contains(Duration.ofMillis(250));
    assertThat(backoff.after(failure, 100)).isEmpty();
  }

  private Optional<Duration> decide(ApprovalPolicy policy) {
    return decider(policy).decide(csr, progress);
  }

  private Decider decider(ApprovalPolicy policy) {
    return decider(policy, events);
  }

  private Decider decider(ApprovalPolicy policy, ApprovalListener listener) {
    return new Decider(
        policy,
        writer,
        id -> reread,
        requester -> exceedsShare,
        Duration.ofSeconds(30),
        new Backoff(3, () -> 0.5),
        new Announcer(listener),
        () -> mayAct);
  }

  private static WatchedRequest watched(TestRequest request) {
    return new WatchedRequest(request.csr(), false);
  }
}
