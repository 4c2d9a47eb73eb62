package io.podtls.examples.clustersigner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the cluster signer's options")
class OptionsTest {
  @Test
  @DisplayName("have defaults for everything")
  void defaults() {
    Options options = Options.parse();

    assertThat(options.rules().signerName()).isEqualTo("example.com/serving");
    assertThat(options.rules().longest()).isEqualTo(Duration.ofHours(24));
    assertThat(options.caSecret()).isEqualTo("cluster-signer-ca");
    assertThat(options.approving()).isTrue();
    assertThat(options.caDirectory()).isEmpty();
    assertThat(options.patience()).isEqualTo(Duration.ofSeconds(60));
    assertThat(options.constrained()).isFalse();
    assertThat(options.newAuthority().certificate().getExtensionValue("2.5.29.30")).isNull();
    assertThat(options.times().publishAhead()).isEqualTo(Duration.ofMinutes(3));
  }

  @Test
  @DisplayName("constrain a new CA to the cluster where that is asked for")
  void constrainTheCa() {
    Options options = Options.parse("--ca-names", "cluster", "--cluster-domain", "corp.example");

    assertThat(options.newAuthority().certificate().getCriticalExtensionOIDs())
        .contains("2.5.29.30");
  }

  @Test
  @DisplayName("name what is wrong with the command line")
  void nameMistakes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Options.parse("--max-hours", "many"))
        .withMessage("--max-hours needs a number");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Options.parse("--ca-dir"))
        .withMessage("--ca-dir needs a value");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Options.parse("--approve", "all"))
        .withMessage("--approve takes pods or nothing, not all");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Options.parse("--approve-all"))
        .withMessage("unknown option --approve-all");
  }
}
