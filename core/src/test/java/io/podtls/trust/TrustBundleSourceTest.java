package io.podtls.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.testing.TestCa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustBundleSourceTest {

  @TempDir Path directory;

  @Test
  @DisplayName("a PEM file is read anew at each load")
  void readsFileAnew() throws Exception {
    Path file = directory.resolve("ca.crt");
    TrustBundle first = TrustBundle.of(List.of(TestCa.root("first").certificate()));
    TrustBundle second = TrustBundle.of(List.of(TestCa.root("second").certificate()));
    TrustBundleSource source = TrustBundleSource.pemFile(file);

    Files.writeString(file, first.toPem());
    assertThat(source.load()).isEqualTo(first).isSameAs(source.load());
    Files.writeString(file, second.toPem());
    assertThat(source.load()).isEqualTo(second);
  }

  @Test
  @DisplayName("a missing file is an error that names it and says what to mount")
  void missingFile() {
    Path file = directory.resolve("ca.crt");
    assertThatThrownBy(() -> TrustBundleSource.pemFile(file).load())
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageStartingWith(
            file + ": does not exist: its directory is empty; mount a ConfigMap");
  }
}
