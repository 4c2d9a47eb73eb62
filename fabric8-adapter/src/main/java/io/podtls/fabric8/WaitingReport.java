package io.podtls.fabric8;

import static java.util.Objects.requireNonNull;

import io.podtls.PodTlsListener;
import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome.Pending;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A listener that prints what a handle is waiting for, a line at a time: which object, since when,
 * and the command that would move it.
 *
 * <pre>{@code
 * asking example.com/serving for a certificate
 * csr podtls-3f9c2a417be80d5c6a1e9f24 awaits approval, for 31 s now.
 *   To go on: the decision of an approver for example.com/serving; if there is none, ...
 * issued: CN=orders, valid until 2026-11-25T08:00:00Z, to be renewed at 2026-11-24T19:12:44Z
 * }</pre>
 *
 * <p>For the person who started the program and watches it. Changes of trust and certificates near
 * their end are in the log, at WARNING and ERROR where it matters.
 *
 * <p><b>Thread safety:</b> as safe as where the lines go.
 */
public final class WaitingReport implements PodTlsListener {

  private final Consumer<String> lines;
  private final InstantSource clock;

  private WaitingReport(Consumer<String> lines, InstantSource clock) {
    this.lines = lines;
    this.clock = clock;
  }

  /**
   * Reports to anything that takes a line.
   *
   * @param lines e.g. {@code System.out::println}; must not block
   */
  public static WaitingReport to(Consumer<String> lines) {
    return new WaitingReport(requireNonNull(lines, "lines"), InstantSource.system());
  }

  static WaitingReport to(Consumer<String> lines, InstantSource clock) {
    return new WaitingReport(lines, clock);
  }

  @Override
  public void requested(CertificateRequest request) {
    lines.accept("asking " + request.signerName() + " for a certificate");
  }

  @Override
  public void pending(Pending pending) {
    String awaited =
        switch (pending.stage()) {
          case AWAITING_APPROVAL -> "approval";
          case AWAITING_ISSUANCE -> "its certificate";
        };
    long seconds = Duration.between(pending.since(), clock.instant()).toSeconds();
    lines.accept(pending.object() + " awaits " + awaited + ", for " + seconds + " s now.");
    lines.accept("  To go on: " + pending.advice());
  }

  @Override
  public void issued(TlsIdentity identity, Optional<Instant> nextRenewal) {
    lines.accept("issued: " + identity + renewal(nextRenewal));
  }

  @Override
  public void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {
    lines.accept("renewed: " + current + renewal(nextRenewal));
  }

  private static String renewal(Optional<Instant> next) {
    return next.map(at -> ", to be renewed at " + at)
        .orElse(", renewed by the program that writes the files");
  }

  @Override
  public void failed(PodTlsException failure, Instant nextAttempt) {
    lines.accept(failure.getMessage() + "\n  Next attempt at " + nextAttempt);
  }
}
