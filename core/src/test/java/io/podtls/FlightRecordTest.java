package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.TestCa;
import io.podtls.testing.VirtualTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightRecordTest {

  @Test
  @DisplayName("the flight recorder has requests, waits, certificates, failures and trust changes")
  void records(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("podtls.jfr");
    String serial;
    try (Recording recording = new Recording()) {
      recording.start();
      try (VirtualHandle handle =
          VirtualHandle.with(
              FakeCertificateSigner.answering(Answer.UNAVAILABLE, Answer.PENDING, Answer.ISSUE))) {
        handle.advance(Duration.ofSeconds(10));
        handle.trust.become(handle.signer.ca().certificate(), TestCa.root("new").certificate());
        handle.advance(Duration.ofHours(13));
        serial = handle.identity().serialNumber().toString(16);
      }
      recording.dump(file);
    }
    List<RecordedEvent> events =
        RecordingFile.readAllEvents(file).stream()
            .filter(event -> event.getEventType().getName().startsWith("io.podtls."))
            .toList();
    assertThat(events)
        .extracting(event -> event.getEventType().getName().substring("io.podtls.".length()))
        .containsExactly(
            "CertificateRequested",
            "AttemptFailed",
            "CertificatePending",
            "CertificatePending", // again after three seconds
            "CertificateIssued",
            "TrustChanged",
            "CertificateRequested",
            "CertificateRenewed");
    assertThat(events)
        .allSatisfy(
            event -> {
              assertThat(event.getEventType().getCategoryNames()).containsExactly("podtls");
              assertThat(event.getStackTrace()).isNull();
            });
    assertThat(events.get(1).getString("failure")).isEqualTo("SignerUnavailableException");
    assertThat(events.get(2).getString("advice")).startsWith("kubectl certificate approve");
    assertThat(events.get(4).getInstant("nextRenewal")).isNotNull();
    assertThat(events.get(5).getInt("now")).isEqualTo(2);
    assertThat(events.get(7).getString("serialNumber")).isEqualTo(serial);
    assertThat(events.get(7).getString("previousSerialNumber"))
        .isEqualTo(events.get(4).getString("serialNumber"));
    assertThat(events.get(7).getInstant("notAfter")).isAfter(events.get(4).getInstant("notAfter"));
  }

  @Test
  @DisplayName("a failure after which nothing is tried again has no next attempt")
  void recordsAStop(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("podtls.jfr");
    VirtualTime time = VirtualTime.startingNow();
    try (Recording recording = new Recording()) {
      recording.start();
      try (VirtualHandle handle =
          VirtualHandle.with(time, FakeCertificateSigner.answering(Answer.ISSUE), all -> all)) {
        time.shutdown();
        handle.trust.hint();
      }
      recording.dump(file);
    }
    assertThat(RecordingFile.readAllEvents(file))
        .filteredOn(event -> event.getEventType().getName().equals("io.podtls.AttemptFailed"))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.getString("reason")).contains("scheduler is shut down");
              assertThat(event.getLong("nextAttempt")).isEqualTo(Long.MIN_VALUE);
            });
  }
}
