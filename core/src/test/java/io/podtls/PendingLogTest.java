package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The log of a request that waits")
class PendingLogTest {

  private static final Logger LOG = Logger.getLogger("io.podtls");

  private final List<String> lines = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          if (record.getLevel() == Level.INFO && record.getMessage().contains("awaits")) {
            lines.add(record.getMessage());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    LOG.addHandler(handler);
  }

  @AfterEach
  void stop() {
    LOG.removeHandler(handler);
  }

  @Test
  @DisplayName("says at INFO what moves it, after 3 s and then every 30 s")
  void reminders() {
    FakeCertificateSigner signer =
        FakeCertificateSigner.answering(Answer.PENDING, Answer.PENDING, Answer.PENDING);
    try (VirtualHandle handle = VirtualHandle.with(signer)) {
      handle.advance(Duration.ofMillis(2_900));
      assertThat(lines).isEmpty();
      handle.advance(Duration.ofMillis(200));
      assertThat(lines)
          .singleElement()
          .asString()
          .contains("awaits approval since")
          .contains("to go on: kubectl certificate approve orders-");
      handle.advance(Duration.ofSeconds(61));
      assertThat(lines).hasSize(3);
    }
  }
}
