package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
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

class AnnouncerTest {

  private final Logger logger = Logger.getLogger(CertificateApprover.class.getName());
  private final List<LogRecord> records = new ArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          records.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.setLevel(Level.ALL);
    logger.addHandler(handler);
  }

  @AfterEach
  void leave() {
    logger.removeHandler(handler);
    logger.setLevel(null);
  }

  @Test
  @DisplayName("the first look at a request that has to wait is logged at INFO, the rest at DEBUG")
  void firstWaitIsSeen() {
    Announcer announcer = new Announcer(new ApprovalListener() {});
    CertificateSigningRequest csr = TestRequest.of(TestPkcs10.dns("orders.shop.svc")).csr();
    var decision = new ApprovalDecision.NotYet("ServiceNotFound", "there is no Service orders");

    announcer.waiting(csr, decision, Duration.ofSeconds(1), 1);
    announcer.waiting(csr, decision, Duration.ofSeconds(2), 2);

    assertThat(records).extracting(LogRecord::getLevel).containsExactly(Level.INFO, Level.FINE);
    assertThat(records.get(0).getMessage())
        .isEqualTo(
            "not approved yet: csr podtls-x1 (example.com/serving) of"
                + " system:serviceaccount:shop:orders: there is no Service orders");
  }
}
