package io.podtls.examples.httpsserver;

import io.podtls.PodTlsListener;
import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome;
import java.io.PrintStream;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;

/** The output of the program, one fact a line. */
final class Report implements PodTlsListener {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC);

  private final PrintStream out;
  private final boolean printsRenewals;
  private final AtomicLong rotations = new AtomicLong();
  private volatile Optional<Instant> nextRenewal = Optional.empty();
  private volatile long requested;
  private volatile long issued;
  private volatile boolean peopleDecide;

  /**
   * Prints to a stream.
   *
   * @param printsRenewals whether to print each renewal
   */
  Report(PrintStream out, boolean printsRenewals) {
    this.out = out;
    this.printsRenewals = printsRenewals;
  }

  void surroundings(Surroundings here) {
    peopleDecide = !here.embedded();
    line("cluster", here.description());
  }

  @Override
  public void requested(CertificateRequest request) {
    if (requested == 0) { // a renewal is printed when it is done
      requested = System.nanoTime();
      List<String> names = new ArrayList<>();
      request.subjectAlternativeNames().forEach(name -> names.add(name.value()));
      line("request", String.join("\n", names));
      line("to signer", request.signerName().toString());
    }
  }

  @Override
  public void pending(SigningOutcome.Pending pending) {
    long seconds = Duration.between(pending.since(), Instant.now()).toSeconds();
    String what =
        switch (pending.stage()) {
          case AWAITING_APPROVAL -> "approval";
          case AWAITING_ISSUANCE -> "issuance";
        };
    String text = pending.object() + " awaits " + what;
    if (seconds > 0 || peopleDecide) {
      line("waiting", text + " for " + seconds + " s\n" + pending.advice());
    }
  }

  @Override
  public void issued(TlsIdentity identity, Optional<Instant> renewal) {
    issued = System.nanoTime();
    nextRenewal = renewal;
  }

  @Override
  public void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> renewal) {
    nextRenewal = renewal;
    rotations.incrementAndGet();
    if (printsRenewals) {
      line(
          "renewed",
          "serial "
              + current.serialNumber().toString(16)
              + ", valid until "
              + TIME.format(current.notAfter()));
    }
  }

  @Override
  public void failed(PodTlsException failure, Instant nextAttempt) {
    line("failed", failure.getMessage() + "\nnext attempt " + TIME.format(nextAttempt));
  }

  @Override
  public void expired(TlsIdentity identity) {
    line("expired", "the certificate in use; peers refuse it");
  }

  long rotations() {
    return rotations.get();
  }

  void issued(TlsIdentity identity, OptionalInt requests) {
    X509Certificate leaf = identity.leaf();
    String time = "in " + Duration.ofNanos(issued - requested).toMillis() + " ms";
    line(
        "issued",
        requests.isPresent() ? time + " with " + requests.getAsInt() + " API requests" : time);
    line("subject", orNone(leaf.getSubjectX500Principal().getName()));
    line("names", names(leaf));
    line("issuer", leaf.getIssuerX500Principal().getName());
    line("serial", leaf.getSerialNumber().toString(16));
    Duration life = Duration.between(identity.notBefore(), identity.notAfter());
    line(
        "valid",
        TIME.format(identity.notBefore())
            + " to "
            + TIME.format(identity.notAfter())
            + " (%.1f h)".formatted(life.toMinutes() / 60.0));
    line("key", leaf.getPublicKey().getAlgorithm() + ", never written anywhere");
    line("renewal", nextRenewal.map(TIME::format).orElse("not planned here"));
  }

  void seen(SelfCheck.Seen seen) {
    line(
        "check",
        seen.subject()
            + "\n-> "
            + seen.answer()
            + " ("
            + seen.protocol()
            + ", trusting "
            + seen.certificate().getIssuerX500Principal().getName()
            + " and nothing else)");
  }

  /** Prints a fact; further lines of the text are indented like the first. */
  void line(String label, String text) {
    out.println("  %-12s%s".formatted(label, text.strip().replace("\n", "\n" + " ".repeat(14))));
  }

  void headline(String text) {
    out.println(text);
  }

  private static String orNone(String subject) {
    return subject.isEmpty() ? "(none; the names are in the SANs)" : subject;
  }

  private static String names(X509Certificate leaf) {
    StringBuilder text = new StringBuilder();
    try {
      for (List<?> name :
          Objects.requireNonNullElse(leaf.getSubjectAlternativeNames(), List.<List<?>>of())) {
        text.append((Integer) name.get(0) == 7 ? "IP  " : "DNS ").append(name.get(1)).append('\n');
      }
    } catch (CertificateParsingException e) {
      throw new IllegalStateException("a verified certificate is readable", e);
    }
    return text.toString();
  }
}
