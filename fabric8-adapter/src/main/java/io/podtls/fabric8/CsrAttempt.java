package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.podtls.fabric8.CsrFollower.Sight;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.PendingIdentity;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One key's way through the API: its CertificateSigningRequest is created, followed, and created
 * once more if it is deleted.
 *
 * <p>Thread safety: used by one thread at a time.
 */
final class CsrAttempt implements CertificateSigner.Attempt {

  private static final int NAMES = 3;

  private final CsrApi api;
  private final String prefix;
  private final PendingIdentity pending;
  private final Runnable wakeUp;
  private final CsrFollower.Timing timing;

  private int ordinal;
  private boolean resubmitted;
  private boolean closed;
  private @Nullable String requester;
  private @Nullable Csr csr;
  private @Nullable CsrFollower follower;
  private @Nullable SigningOutcome settled;

  CsrAttempt(
      CsrApi api,
      String prefix,
      PendingIdentity pending,
      Runnable wakeUp,
      CsrFollower.Timing timing) {
    this.api = api;
    this.prefix = prefix;
    this.pending = pending;
    this.wakeUp = wakeUp;
    this.timing = timing;
  }

  @Override
  public SigningOutcome advance() throws InterruptedException {
    if (closed) {
      throw new IllegalStateException("the attempt is closed");
    }
    if (settled != null) {
      return settled;
    }
    if (csr == null || follower == null) {
      submit();
    }
    return settled != null ? settled : follow();
  }

  private SigningOutcome follow() throws InterruptedException {
    Csr known = csr;
    CsrFollower eye = follower;
    if (known == null || eye == null) {
      throw new IllegalStateException("nothing submitted");
    }
    Sight sight;
    try {
      sight = eye.look();
    } catch (ApiException e) {
      throw ApiFailure.of("read " + known.object(), e, RbacRule.REQUESTER);
    }
    if (sight instanceof Sight.Gone) {
      return lost(known, "was deleted");
    }
    if (sight instanceof Sight.Present present) {
      if (!present.csr().uid().equals(known.uid())) {
        ordinal++;
        return lost(known, "was replaced by another object of that name");
      }
      known = present.csr();
      csr = known;
      Optional<SigningOutcome> outcome = CsrOutcome.of(known);
      if (outcome.isPresent()) {
        return settle(outcome.get());
      }
    }
    return new SigningOutcome.Pending(
        known.object(),
        CsrOutcome.stage(known),
        eye.stageSince(),
        CsrOutcome.advice(known),
        eye.lookAgain());
  }

  /** Creates the object, or finds the one that an earlier try has created without our knowing. */
  private void submit() throws InterruptedException {
    for (int tries = 0; tries < NAMES; tries++) {
      CsrApi.Draft draft = draft();
      Optional<Csr> created = createOrFind(draft);
      if (settled != null) {
        return;
      }
      if (created.isPresent()) {
        accept(created.get());
        return;
      }
      ordinal++; // another requester's object: never touched, never trusted
    }
    settle(
        new SigningOutcome.Failed(
            "csr " + draft().name(), "AlreadyExists", "other requests have the names tried"));
  }

  private Optional<Csr> createOrFind(CsrApi.Draft draft) throws InterruptedException {
    try {
      Csr created = api.create(draft);
      requester = created.username();
      return Optional.of(created);
    } catch (ApiException e) {
      if (e.reason().equals("AlreadyExists")) {
        return find(draft);
      }
      if (rejectsForGood(e)) {
        settle(
            new SigningOutcome.Failed(
                "csr " + draft.name(), e.reason(), String.valueOf(e.getMessage())));
        return Optional.empty();
      }
      throw ApiFailure.of("create csr " + draft.name(), e, RbacRule.REQUESTER);
    }
  }

  private Optional<Csr> find(CsrApi.Draft draft) throws InterruptedException {
    try {
      Csr existing = api.get(draft.name());
      boolean sameRequester = requester == null || existing.username().equals(requester);
      return sameRequester && draft.describes(existing) ? Optional.of(existing) : Optional.empty();
    } catch (ApiException e) {
      throw ApiFailure.of("read csr " + draft.name(), e, RbacRule.REQUESTER);
    }
  }

  /** Whether the API server, or an admission rule, will never take this request. */
  private static boolean rejectsForGood(ApiException e) {
    return switch (e.status()) {
      case 400, 413, 422 -> !e.reason().isEmpty();
      case 403 -> !e.reason().isEmpty() && !e.saysRightIsMissing();
      default -> false;
    };
  }

  private void accept(Csr submitted) {
    csr = submitted;
    CsrOutcome.of(submitted)
        .ifPresentOrElse(
            this::settle, () -> follower = new CsrFollower(api, submitted, wakeUp, timing));
  }

  private SigningOutcome lost(Csr known, String how) {
    stopFollowing();
    csr = null;
    if (resubmitted) {
      return settle(
          new SigningOutcome.Failed(
              known.object(), "Deleted", how + " while it waited, for the second time"));
    }
    resubmitted = true;
    throw new SignerUnavailableException(
        known.object() + " " + how + " while it waited; it will be submitted once more", null);
  }

  private SigningOutcome settle(SigningOutcome outcome) {
    settled = outcome;
    stopFollowing();
    return outcome;
  }

  private CsrApi.Draft draft() {
    return new CsrApi.Draft(
        CsrName.of(prefix, pending, ordinal),
        pending.request().signerName().toString(),
        CsrName.usages(pending),
        pending.request().expiration().map(Duration::toSeconds).map(Math::toIntExact).orElse(null),
        Base64.getEncoder().encodeToString(pending.pkcs10Pem().getBytes(US_ASCII)));
  }

  private void stopFollowing() {
    if (follower != null) {
      follower.close();
      follower = null;
    }
  }

  @Override
  public void close() {
    closed = true;
    stopFollowing();
  }

  @Override
  public String toString() {
    return csr == null ? "a request not submitted yet" : csr.object();
  }
}
