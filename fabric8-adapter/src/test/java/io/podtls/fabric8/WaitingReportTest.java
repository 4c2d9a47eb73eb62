package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.failure.SignerUnavailableException;
import io.podtls.request.CertificateRequest;
import io.podtls.request.SignerName;
import io.podtls.signing.SigningOutcome.Pending;
import io.podtls.signing.SigningOutcome.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A report of what is awaited")
class WaitingReportTest {

  private static final Instant START = Instant.parse("2026-11-24T08:00:00Z");

  private final List<String> lines = new ArrayList<>();
  private final WaitingReport report = WaitingReport.to(lines::add, () -> START.plusSeconds(31));

  @Test
  @DisplayName("names the request, what it awaits, for how long, and the command that moves it")
  void namesWhatIsAwaited() {
    report.requested(
        CertificateRequest.builder(SignerName.of("example.com/serving")).dnsNames("a").build());
    report.pending(
        new Pending(
            "csr podtls-1",
            Stage.AWAITING_APPROVAL,
            START,
            "kubectl certificate approve podtls-1",
            Duration.ofSeconds(1)));
    report.pending(
        new Pending(
            "csr podtls-1",
            Stage.AWAITING_ISSUANCE,
            START.plusSeconds(30),
            "a running signer",
            Duration.ofSeconds(1)));

    assertThat(lines)
        .containsExactly(
            "asking example.com/serving for a certificate",
            "csr podtls-1 awaits approval, for 31 s now.",
            "  To go on: kubectl certificate approve podtls-1",
            "csr podtls-1 awaits its certificate, for 1 s now.",
            "  To go on: a running signer");
  }

  @Test
  @DisplayName("prints a failure and when the next attempt is")
  void tellsFailures() {
    report.failed(
        new SignerUnavailableException("cannot create csr podtls-1: busy", null),
        START.plusSeconds(40));

    assertThat(lines)
        .containsExactly(
            "cannot create csr podtls-1: busy\n  Next attempt at 2026-11-24T08:00:40Z");
  }
}
