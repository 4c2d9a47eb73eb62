package io.podtls.failure;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.failure.InvalidCertificateException.Rule;
import io.podtls.failure.InvalidCertificateException.Violation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A failure")
class FailureTest {

  @Test
  @DisplayName("has a message without gaps, whichever part of a condition is missing")
  void withoutGaps() {
    assertThat(new CertificateDeniedException("csr x", "", "msg")).hasMessage("csr x denied (msg)");
    assertThat(new CertificateDeniedException("csr x", "R", "msg"))
        .hasMessage("csr x denied: R (msg)");
    assertThat(new CertificateDeniedException("csr x", "R", "")).hasMessage("csr x denied: R");
    assertThat(new CertificateFailedException("csr x", "", "")).hasMessage("csr x failed");
    assertThat(new CertificateFailedException("csr x", "", "msg")).hasMessage("csr x failed (msg)");
  }

  @Test
  @DisplayName("of a denied request has the same data as that of a failed one")
  void refusals() {
    for (RequestRefusedException refused :
        List.of(
            new CertificateDeniedException("csr x", "R", "msg"),
            new CertificateFailedException("csr x", "R", "msg"))) {
      assertThat(refused.object()).isEqualTo("csr x");
      assertThat(refused.reason()).isEqualTo("R");
      assertThat(refused.message()).isEqualTo("msg");
    }
  }

  @Test
  @DisplayName("keeps its violations when it is serialized")
  void serializable() throws Exception {
    List<Violation> violations = List.of(new Violation(Rule.VALIDITY, "it expired"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new InvalidCertificateException("CN=x", violations));
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(((InvalidCertificateException) in.readObject()).violations())
          .isEqualTo(violations);
    }
  }
}
