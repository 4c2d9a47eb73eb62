package io.podtls.testing;

import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.PendingIdentity;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import io.podtls.signing.SigningOutcome.Stage;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A signer that answers from a script: one answer a step, the last one for ever. Certificates are
 * real, from a {@link TestCa}.
 */
public final class FakeCertificateSigner implements CertificateSigner {

  /** One step's answer. */
  @FunctionalInterface
  public interface Answer {
    /** Approved and issued, sound in every way. */
    Answer ISSUE = (signer, pending) -> signer.issue(pending);

    /** No connection. */
    Answer UNAVAILABLE =
        (signer, pending) -> {
          throw new SignerUnavailableException("create csr: connection refused", null);
        };

    /** No decision yet. */
    Answer PENDING = (signer, pending) -> signer.pending(pending, Stage.AWAITING_APPROVAL);

    /** Approved, without a certificate. */
    Answer APPROVED = (signer, pending) -> signer.pending(pending, Stage.AWAITING_ISSUANCE);

    /** Denied by policy. */
    Answer DENY =
        (signer, pending) ->
            new SigningOutcome.Denied(signer.name(pending), "PolicyViolation", "not your name");

    /** Failed by the signer. */
    Answer FAIL =
        (signer, pending) ->
            new SigningOutcome.Failed(signer.name(pending), "SignerValidationFailure", "bad usage");

    /** A certificate for a key that was not asked for. */
    Answer ISSUE_FOR_ANOTHER_KEY =
        (signer, pending) ->
            signer.issued(
                pending,
                signer
                    .leaf(pending, TestCa.newKeyPair().getPublic())
                    .dns("orders.shop.svc")
                    .issueChain());

    /** A certificate with a name that was not asked for, and none of those asked for. */
    Answer ISSUE_WITHOUT_NAMES =
        (signer, pending) ->
            signer.issued(
                pending, signer.leaf(pending).withoutNames().dns("other.shop.svc").issueChain());

    /** A CA certificate. */
    Answer ISSUE_AS_CA =
        (signer, pending) -> signer.issued(pending, signer.leaf(pending).asCa().issueChain());

    SigningOutcome to(FakeCertificateSigner signer, PendingIdentity pending)
        throws InterruptedException;

    /** An HTTP answer that is no success. */
    static Answer status(int status, Duration retryAfter) {
      return (signer, pending) -> {
        throw new SignerUnavailableException(
            "create csr: HTTP " + status, status, retryAfter, null);
      };
    }
  }

  /**
   * A request that reached the signer.
   *
   * @param at when
   * @param pending what was submitted
   */
  public record Submission(Instant at, PendingIdentity pending) {}

  private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);

  private final Instant notBefore = Instant.now().minus(Duration.ofMinutes(5));
  private final List<Answer> script = new CopyOnWriteArrayList<>();
  private final List<Submission> submissions = new CopyOnWriteArrayList<>();
  private final List<Step> open = new CopyOnWriteArrayList<>();
  private final AtomicInteger steps = new AtomicInteger();
  private final AtomicInteger serial = new AtomicInteger();
  private volatile TestCa ca = TestCa.root("podtls test CA");
  private volatile InstantSource clock = InstantSource.system();
  private volatile Duration lifetime = Duration.ofHours(24);
  private volatile Runnable preparation = () -> {};

  private FakeCertificateSigner() {}

  /** Answers in this order, one answer a step, and gives the last one for ever. */
  public static FakeCertificateSigner answering(Answer... answers) {
    FakeCertificateSigner signer = new FakeCertificateSigner();
    signer.script.addAll(List.of(answers));
    return signer;
  }

  /** Takes the time from here; the system's if not called. */
  public FakeCertificateSigner at(InstantSource source) {
    clock = source;
    return this;
  }

  /** Issues for this long from the time of the answer; 24 h if not called. */
  public FakeCertificateSigner lifetime(Duration life) {
    lifetime = life;
    return this;
  }

  /** Does this to get ready, on the thread that is about to wait for the bootstrap. */
  public FakeCertificateSigner preparing(Runnable action) {
    preparation = action;
    return this;
  }

  /** Signs with this CA from now on; one of its own if not called. */
  public FakeCertificateSigner issuedBy(TestCa authority) {
    ca = authority;
    return this;
  }

  /** Forgets the rest of the script and answers so from now on. */
  public FakeCertificateSigner nowAnswering(Answer... answers) {
    script.clear();
    script.addAll(List.of(answers));
    return this;
  }

  /** The time by this signer's clock. */
  public Instant now() {
    return clock.instant();
  }

  public TestCa ca() {
    return ca;
  }

  /** Every request that reached the signer, in order. */
  public List<Submission> submissions() {
    return List.copyOf(submissions);
  }

  /** How many steps were asked for. */
  public int steps() {
    return steps.get();
  }

  /** How many attempts are open. */
  public int open() {
    return open.size();
  }

  /** Tells every open attempt that there is news. */
  public void wake() {
    for (Step step : open) {
      step.wakeUp.run();
    }
  }

  /** A leaf for the request as it stands, for answers of a test's own. */
  public TestCa.Leaf leaf(PendingIdentity pending) {
    return described(ca.leafFor(pending.pkcs10Der()), pending);
  }

  private TestCa.Leaf leaf(PendingIdentity pending, java.security.PublicKey key) {
    return described(ca.leaf(key), pending);
  }

  private TestCa.Leaf described(TestCa.Leaf leaf, PendingIdentity pending) {
    return leaf.usages(pending.request().usages())
        .serial(serial.incrementAndGet())
        .valid(notBefore, clock.instant().plus(lifetime));
  }

  public SigningOutcome issue(PendingIdentity pending) {
    return issued(pending, leaf(pending).issueChain());
  }

  public SigningOutcome issued(PendingIdentity pending, List<X509Certificate> chain) {
    return new SigningOutcome.Issued(name(pending), chain);
  }

  private SigningOutcome pending(PendingIdentity pending, Stage stage) {
    String name = name(pending);
    Instant since =
        submissions.stream()
            .filter(submission -> submission.pending() == pending)
            .findFirst()
            .map(Submission::at)
            .orElseGet(clock::instant);
    return new SigningOutcome.Pending(
        name, stage, since, "kubectl certificate approve " + name.substring(4), LOOK_AGAIN);
  }

  private String name(PendingIdentity pending) {
    return "csr orders-" + Integer.toHexString(pending.publicKey().hashCode());
  }

  @Override
  public void prepare() {
    preparation.run();
  }

  @Override
  public Attempt begin(PendingIdentity pending, Runnable wakeUp) {
    Step step = new Step(pending, wakeUp);
    open.add(step);
    return step;
  }

  private Answer nextAnswer() {
    List<Answer> left = new ArrayList<>(script);
    if (left.size() > 1) {
      script.remove(0);
    }
    return left.get(0);
  }

  private final class Step implements Attempt {
    private final PendingIdentity pending;
    private final Runnable wakeUp;
    private boolean submitted;

    Step(PendingIdentity pending, Runnable wakeUp) {
      this.pending = pending;
      this.wakeUp = wakeUp;
    }

    @Override
    public SigningOutcome advance() throws InterruptedException {
      steps.incrementAndGet();
      SigningOutcome outcome = nextAnswer().to(FakeCertificateSigner.this, pending);
      if (!submitted) {
        submitted = true;
        submissions.add(new Submission(clock.instant(), pending));
      }
      return outcome;
    }

    @Override
    public void close() {
      open.remove(this);
    }
  }
}
