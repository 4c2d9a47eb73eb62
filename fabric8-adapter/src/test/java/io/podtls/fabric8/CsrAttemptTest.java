package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import io.podtls.signing.SigningOutcome.Denied;
import io.podtls.signing.SigningOutcome.Failed;
import io.podtls.signing.SigningOutcome.Issued;
import io.podtls.signing.SigningOutcome.Pending;
import io.podtls.signing.SigningOutcome.Stage;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A request's way through the API")
class CsrAttemptTest {

  private static final TestCa CA = TestCa.root("ca");

  private final VirtualTime time = new VirtualTime();
  private final ScriptedCsrs csrs = new ScriptedCsrs(time);
  private final PendingIdentity pending =
      PendingIdentity.generate(
          CertificateRequest.builder(SignerName.of("example.com/serving"))
              .dnsNames("orders.shop.svc")
              .usages(KeyUsage.SERVER_AUTH, KeyUsage.DIGITAL_SIGNATURE)
              .expiration(Duration.ofHours(24))
              .build());
  private final CertificateSigner.Attempt attempt = begin(pending);

  private CertificateSigner.Attempt begin(PendingIdentity identity) {
    return new Fabric8CertificateSigner(csrs, "podtls-", time, new Random(1))
        .begin(identity, time::wakeUp);
  }

  private SigningOutcome drive(Duration limit) throws InterruptedException {
    return time.drive(attempt, limit);
  }

  private SigningOutcome drive() throws InterruptedException {
    return drive(Duration.ofSeconds(90));
  }

  private String certificate() {
    return TrustBundle.of(List.of(CA.leafFor(pending.pkcs10Der()).issue())).toPem();
  }

  @Test
  @DisplayName("approved and issued at once takes a CREATE and a WATCH from the version created")
  void issuedWithTwoRequests() throws Exception {
    time.after(Duration.ofMillis(10), csrs::approve);
    time.after(Duration.ofMillis(20), () -> csrs.issue(certificate()));

    assertThat(drive()).isInstanceOf(Issued.class);

    assertThat(csrs.requests()).extracting("verb").containsExactly("create", "watch");
    assertThat(csrs.requests("watch").get(0).resourceVersion()).contains("101");
    assertThat(csrs.watches()).isEmpty();
  }

  @Test
  @DisplayName("the object says what is asked for: signer, usages and the PKCS#10 itself")
  void objectSaysWhatIsAskedFor() throws Exception {
    drive(Duration.ofSeconds(1));

    Csr csr = csrs.only();
    assertThat(csr.name()).matches("podtls-[0-9a-f]{24}");
    assertThat(csr.signerName()).isEqualTo("example.com/serving");
    assertThat(csr.usages()).containsExactlyInAnyOrder("digital signature", "server auth");
    assertThat(new String(java.util.Base64.getDecoder().decode(csr.request())))
        .isEqualTo(pending.pkcs10Pem());
  }

  @Test
  @DisplayName("approved without a certificate keeps waiting, and says so with its age; one CSR")
  void approvedIsNotIssued() throws Exception {
    Instant start = time.instant();
    time.after(Duration.ofSeconds(5), csrs::approve);
    SigningOutcome waiting = drive(Duration.ofSeconds(20));

    assertThat(waiting)
        .isInstanceOfSatisfying(
            Pending.class,
            seen -> {
              assertThat(seen.stage()).isEqualTo(Stage.AWAITING_ISSUANCE);
              assertThat(seen.since()).isEqualTo(start.plusSeconds(5));
              assertThat(seen.advice())
                  .contains("example.com/serving")
                  .contains("kubectl describe csr " + csrs.created().get(0));
            });

    time.after(Duration.ofSeconds(15), () -> csrs.issue(certificate()));
    assertThat(drive()).isInstanceOf(Issued.class);
    assertThat(csrs.created()).hasSize(1);
  }

  @Test
  @DisplayName("what is awaited names the object and the command that would move it")
  void waitingIsVisible() throws Exception {
    Instant start = time.instant();
    SigningOutcome waiting = drive(Duration.ofSeconds(2));

    String name = csrs.only().name();
    assertThat(waiting)
        .isInstanceOfSatisfying(
            Pending.class,
            seen -> {
              assertThat(seen.object()).isEqualTo("csr " + name);
              assertThat(seen.stage()).isEqualTo(Stage.AWAITING_APPROVAL);
              assertThat(seen.since()).isEqualTo(start);
              assertThat(seen.advice())
                  .isEqualTo(
                      "the decision of an approver for example.com/serving; if there is none, of an"
                          + " administrator: kubectl describe csr %s, then kubectl certificate"
                              .formatted(name)
                          + " approve "
                          + name);
            });
  }

  @Test
  @DisplayName("a denial is final and carries reason and message, a certificate beside it or not")
  void deniedComesFirst() throws Exception {
    time.after(
        Duration.ofSeconds(1),
        () -> {
          csrs.approve();
          csrs.issue(certificate());
        });
    time.after(Duration.ofSeconds(1), () -> csrs.deny("OutOfPolicy", "not your name"));

    // Both events are there before the attempt looks.
    attempt.advance();
    csrs.approve();
    csrs.issue(certificate());
    csrs.deny("OutOfPolicy", "not your name");

    assertThat(attempt.advance())
        .isEqualTo(new Denied(csrs.only().object(), "OutOfPolicy", "not your name"));
    assertThat(attempt.advance()).isInstanceOf(Denied.class);
    assertThat(csrs.created()).hasSize(1);
  }

  @Test
  @DisplayName("Failed is its own outcome, with the signer's reason")
  void failedIsItsOwnOutcome() throws Exception {
    time.after(Duration.ofSeconds(1), csrs::approve);
    time.after(Duration.ofSeconds(2), () -> csrs.fail("SignerValidationFailure", "bad usages"));

    assertThat(drive())
        .isEqualTo(new Failed(csrs.only().object(), "SignerValidationFailure", "bad usages"));
  }

  @Test
  @DisplayName("a certificate without an approval is none")
  void certificateNeedsApproval() throws Exception {
    time.after(Duration.ofSeconds(1), () -> csrs.issue(certificate()));

    assertThat(drive(Duration.ofSeconds(10)))
        .isInstanceOfSatisfying(
            Pending.class, seen -> assertThat(seen.stage()).isEqualTo(Stage.AWAITING_APPROVAL));
  }

  @Test
  @DisplayName("text around the PEM blocks of the certificate is passed over")
  void junkAroundPemIsTolerated() throws Exception {
    time.after(Duration.ofSeconds(1), csrs::approve);
    time.after(
        Duration.ofSeconds(2), () -> csrs.issue("leaf - first:\r\n" + certificate() + "\n-- bye"));

    assertThat(drive())
        .isInstanceOfSatisfying(Issued.class, issued -> assertThat(issued.chain()).hasSize(1));
  }

  @Test
  @DisplayName("a certificate that cannot be read fails the request, and says what is wrong")
  void unreadableCertificateFails() throws Exception {
    time.after(Duration.ofSeconds(1), csrs::approve);
    time.after(Duration.ofSeconds(2), () -> csrs.issue("no certificate at all"));

    assertThat(drive())
        .isInstanceOfSatisfying(
            Failed.class,
            failed -> {
              assertThat(failed.reason()).isEqualTo("InvalidCertificate");
              assertThat(failed.message()).contains("status.certificate of csr podtls-");
            });
  }

  @Test
  @DisplayName(
      "a lost answer to CREATE makes no second object: the first one is found and followed")
  void lostAnswerIsAdopted() throws Exception {
    csrs.loseNextAnswer();
    time.after(Duration.ofSeconds(5), csrs::approve);
    time.after(Duration.ofSeconds(6), () -> csrs.issue(certificate()));

    assertThat(drive()).isInstanceOf(Issued.class);

    assertThat(csrs.created()).hasSize(1);
    assertThat(time.failures()).singleElement().asString().contains("connection reset");
    assertThat(csrs.requests())
        .extracting("verb")
        .containsExactly("create", "create", "get", "watch");
  }

  @Test
  @DisplayName("a restart with the same key finds its request: still pending, or decided meanwhile")
  void restartFindsItsRequest() throws Exception {
    drive(Duration.ofSeconds(1));
    attempt.close();

    PendingIdentity restored =
        PendingIdentity.restore(
            pending.request(), pending.exportPrivateKeyUnencrypted() + pending.pkcs10Pem());
    assertThat(restored.pkcs10Pem()).isNotEqualTo(pending.pkcs10Pem()); // signed again
    try (CertificateSigner.Attempt second = begin(restored)) {
      assertThat(second.advance())
          .isInstanceOfSatisfying(
              Pending.class, seen -> assertThat(seen.object()).isEqualTo(csrs.only().object()));
    }
    csrs.deny("OutOfPolicy", "");
    try (CertificateSigner.Attempt third = begin(restored)) {
      assertThat(third.advance()).isInstanceOf(Denied.class);
    }
    assertThat(csrs.created()).hasSize(1);
  }

  @Test
  @DisplayName("another requester's object of our name is left alone, and another name is taken")
  void strangersObjectIsLeftAlone() throws Exception {
    String name = CsrName.of("podtls-", pending, 0);
    Csr stranger =
        new Csr(
            name,
            "u",
            "1",
            "example.com/serving",
            java.util.Set.of("server auth"),
            "eA==",
            "eve",
            List.of(),
            "");
    csrs.put(stranger);

    drive(Duration.ofSeconds(5));

    assertThat(csrs.objects()).hasSize(2).containsEntry(name, stranger);
    assertThat(csrs.created())
        .singleElement()
        .isEqualTo(CsrName.of("podtls-", pending, 1))
        .isNotEqualTo(name);
  }

  @Test
  @DisplayName(
      "deleted while waiting: seen at once, submitted once more after a pause, no third time")
  void deletedIsSubmittedOnceMore() throws Exception {
    time.after(Duration.ofSeconds(5), csrs::delete);
    time.after(Duration.ofSeconds(20), csrs::delete);

    SigningOutcome outcome = drive();

    assertThat(csrs.created()).hasSize(2);
    assertThat(time.failures())
        .singleElement()
        .asString()
        .contains("was deleted while it waited; it will be submitted once more");
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Failed.class, failed -> assertThat(failed.reason()).isEqualTo("Deleted"));
    assertThat(time.instant()).isEqualTo(Instant.parse("2026-11-24T08:00:20Z"));
  }

  @Test
  @DisplayName(
      "replaced by an object with another uid: never trusted, submitted under another name")
  void replacedIsSubmittedUnderAnotherName() throws Exception {
    time.after(Duration.ofSeconds(5), csrs::replace);

    drive(Duration.ofSeconds(30));

    assertThat(csrs.created()).hasSize(2).doesNotHaveDuplicates();
    assertThat(csrs.objects()).hasSize(2);
  }

  @Test
  @DisplayName(
      "on resubmission an object of another requester is not adopted, even with our request")
  void adoptionComparesTheRequester() throws Exception {
    drive(Duration.ofSeconds(1));
    csrs.actAs("eve");
    Csr ours = csrs.only();
    csrs.delete();
    csrs.put(
        new Csr(
            ours.name(),
            "u",
            "900",
            ours.signerName(),
            ours.usages(),
            ours.request(),
            "eve",
            List.of(),
            ""));

    drive(Duration.ofSeconds(10));

    assertThat(csrs.created()).hasSize(2).doesNotHaveDuplicates();
  }

  @Test
  @DisplayName(
      "no decision for 48 h while the cluster collects at 24 h: two objects, one at a time")
  void noDecision() throws Exception {
    time.after(Duration.ofHours(24), csrs::delete);
    time.after(Duration.ofHours(48).plusSeconds(5), csrs::delete);

    assertThat(drive(Duration.ofHours(49))).isInstanceOf(Failed.class);

    assertThat(csrs.created()).hasSize(2);
    assertThat(csrs.objects()).isEmpty();
  }

  @Test
  @DisplayName("a request the API server will never take fails, with its message")
  void invalidRequestFails() throws Exception {
    csrs.failNext("create", ScriptedCsrs.status(422, "Invalid", "x", "spec.usages: unsupported"));

    assertThat(drive())
        .isInstanceOfSatisfying(
            Failed.class,
            failed -> {
              assertThat(failed.reason()).isEqualTo("Invalid");
              assertThat(failed.message()).isEqualTo("spec.usages: unsupported");
            });
  }

  @Test
  @DisplayName("an admission rule that objects fails the request; a missing right does not")
  void admissionIsNoMissingRight() throws Exception {
    csrs.failNext(
        "create",
        ScriptedCsrs.status(403, "Forbidden", "x", "admission webhook \"w\" denied the request"));

    assertThat(drive())
        .isInstanceOfSatisfying(
            Failed.class, failed -> assertThat(failed.message()).contains("admission webhook"));
  }

  @Test
  @DisplayName(
      "create forbidden: the error holds the rule as YAML; it goes on once that is granted")
  void createForbiddenThenGranted() throws Exception {
    csrs.forbid("create");

    assertThatThrownBy(attempt::advance)
        .isInstanceOfSatisfying(
            SignerUnavailableException.class, e -> assertThat(e.httpStatus()).hasValue(403))
        .hasMessageContaining("cannot create resource \"certificatesigningrequests\"")
        .hasMessageContaining(
            """
            Bind the service account to a ClusterRole with
            rules:
            - apiGroups: ["certificates.k8s.io"]
              resources: [certificatesigningrequests]
              verbs: [create, get, watch]
            """);

    csrs.allow("create");
    assertThat(attempt.advance()).isInstanceOf(Pending.class);
  }

  @Test
  @DisplayName("too many requests: the time that the API server asks for is handed on")
  void retryAfterIsHandedOn() throws Exception {
    csrs.failNext("create", ScriptedCsrs.busy(429, Duration.ofSeconds(7)));
    csrs.failNext("create", ScriptedCsrs.busy(503, Duration.ofSeconds(3)));

    drive(Duration.ofSeconds(30));

    assertThat(time.failures())
        .extracting(e -> e.retryAfter().orElseThrow())
        .containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(3));
    assertThat(csrs.requests("create"))
        .extracting(request -> Duration.between(csrs.requests().get(0).at(), request.at()))
        .containsExactly(Duration.ZERO, Duration.ofSeconds(7), Duration.ofSeconds(10));
  }

  @Test
  @DisplayName("an API server without the API says which one is missing")
  void missingApiIsNamed() {
    csrs.failNext(
        "create", ApiException.answer(404, "404 page not found", java.util.Optional.empty()));

    assertThatThrownBy(attempt::advance)
        .isInstanceOf(SignerUnavailableException.class)
        .hasMessageContaining(
            "does not serve certificatesigningrequests of certificates.k8s.io/v1");
  }

  @Test
  @DisplayName("close ends the watch and leaves the object where it is")
  void closeEndsTheWatch() throws Exception {
    drive(Duration.ofSeconds(1));
    assertThat(csrs.watches()).hasSize(1);

    attempt.close();

    assertThat(csrs.watches()).isEmpty();
    assertThat(csrs.objects()).hasSize(1);
    assertThatThrownBy(attempt::advance).isInstanceOf(IllegalStateException.class);
  }
}
