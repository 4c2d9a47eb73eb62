package io.podtls;

import io.podtls.failure.PodTlsException;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.signing.SigningOutcome.Pending;
import io.podtls.trust.TrustBundle;
import java.time.Instant;
import java.util.Optional;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timestamp;

/**
 * A handle's events as events of the JDK's flight recorder; {@code nearExpiry}, {@code expired},
 * {@code peerRefused} and {@code closed} are not recorded. Used only where the run-time image has
 * the recorder and it has been started: see {@link #isRunning}.
 *
 * <p><b>Thread safety:</b> safe for use by several threads.
 */
final class FlightRecord {

  private static final boolean THERE = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private FlightRecord() {}

  /**
   * Whether JFR has been started. If not, the event classes are not loaded, which saves start-up
   * time.
   */
  static boolean isRunning() {
    return THERE && FlightRecorder.isInitialized();
  }

  static void requested(CertificateRequest request) {
    new Requested(request.signerName().toString()).commit();
  }

  static void pending(Pending pending) {
    new Waiting(
            pending.object(),
            pending.stage().name(),
            pending.since().toEpochMilli(),
            pending.advice())
        .commit();
  }

  static void issued(TlsIdentity identity, Optional<Instant> nextRenewal) {
    new Issued(identity, nextRenewal).commit();
  }

  static void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {
    new Renewed(previous, current, nextRenewal).commit();
  }

  static void failed(PodTlsException failure, Optional<Instant> nextAttempt) {
    new Failed(
            failure.getClass().getSimpleName(),
            String.valueOf(failure.getMessage()),
            millis(nextAttempt))
        .commit();
  }

  static void trustChanged(TrustBundle previous, TrustBundle current) {
    new TrustChanged(previous.certificates().size(), current.certificates().size()).commit();
  }

  private static String serial(TlsIdentity identity) {
    return identity.serialNumber().toString(16);
  }

  /** Long.MIN_VALUE stands for no instant; {@code jfr print} shows N/A. */
  private static long millis(Optional<Instant> instant) {
    return instant.map(Instant::toEpochMilli).orElse(Long.MIN_VALUE);
  }

  /** What the events have in common; the recorder inherits these annotations. */
  @Category("podtls")
  @StackTrace(false)
  private abstract static class HandleEvent extends Event {}

  @Name("io.podtls.CertificateRequested")
  @Label("Certificate Requested")
  @Description("A request is about to be submitted")
  @SuppressWarnings("UnusedVariable") // the recorder reads the fields
  private static final class Requested extends HandleEvent {
    @Label("Signer Name")
    String signerName;

    Requested(String signerName) {
      this.signerName = signerName;
    }
  }

  @Name("io.podtls.CertificatePending")
  @Label("Certificate Pending")
  @Description("A request waits for its approver or its signer")
  @SuppressWarnings("UnusedVariable") // the recorder reads the fields
  private static final class Waiting extends HandleEvent {
    @Label("Object")
    String object;

    @Label("Stage")
    String stage;

    @Label("Since")
    @Timestamp(Timestamp.MILLISECONDS_SINCE_EPOCH)
    long since;

    @Label("Advice")
    String advice;

    Waiting(String object, String stage, long since, String advice) {
      this.object = object;
      this.stage = stage;
      this.since = since;
      this.advice = advice;
    }
  }

  @SuppressWarnings("UnusedVariable") // the recorder reads the fields
  private abstract static class InUse extends HandleEvent {
    @Label("Serial Number")
    String serialNumber;

    @Label("Not After")
    @Timestamp(Timestamp.MILLISECONDS_SINCE_EPOCH)
    long notAfter;

    @Label("Next Renewal")
    @Timestamp(Timestamp.MILLISECONDS_SINCE_EPOCH)
    long nextRenewal;

    InUse(TlsIdentity identity, Optional<Instant> nextRenewal) {
      this.serialNumber = serial(identity);
      this.notAfter = identity.notAfter().toEpochMilli();
      this.nextRenewal = millis(nextRenewal);
    }
  }

  @Name("io.podtls.CertificateIssued")
  @Label("Certificate Issued")
  @Description("The first identity is in use")
  private static final class Issued extends InUse {
    Issued(TlsIdentity identity, Optional<Instant> nextRenewal) {
      super(identity, nextRenewal);
    }
  }

  @Name("io.podtls.CertificateRenewed")
  @Label("Certificate Renewed")
  @Description("Another identity is in use")
  @SuppressWarnings("UnusedVariable") // the recorder reads the fields
  private static final class Renewed extends InUse {
    @Label("Previous Serial Number")
    String previousSerialNumber;

    Renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {
      super(current, nextRenewal);
      this.previousSerialNumber = serial(previous);
    }
  }

  @Name("io.podtls.AttemptFailed")
  @Label("Attempt Failed")
  @Description("Something failed; without a next attempt, it will not be tried again")
  @SuppressWarnings("UnusedVariable") // the recorder reads the fields
  private static final class Failed extends HandleEvent {
    @Label("Failure")
    String failure;

    @Label("Reason")
    String reason;

    @Label("Next Attempt")
    @Timestamp(Timestamp.MILLISECONDS_SINCE_EPOCH)
    long nextAttempt;

    Failed(String failure, String reason, long nextAttempt) {
      this.failure = failure;
      this.reason = reason;
      this.nextAttempt = nextAttempt;
    }
  }

  @Name("io.podtls.TrustChanged")
  @Label("Trust Changed")
  @Description("Another trust bundle is in force")
  @SuppressWarnings("UnusedVariable") // the recorder reads the fields
  private static final class TrustChanged extends HandleEvent {
    @Label("Certificates Before")
    int before;

    @Label("Certificates Now")
    int now;

    TrustChanged(int before, int now) {
      this.before = before;
      this.now = now;
    }
  }
}
