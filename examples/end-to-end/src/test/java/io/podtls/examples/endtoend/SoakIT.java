package io.podtls.examples.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.examples.httpsserver.Main;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("the soak mode")
@Timeout(120)
class SoakIT {
  @Test
  @DisplayName("renews under handshakes without a failure, and prints how many of each there were")
  void renewsUnderHandshakes(@TempDir Path folder) throws Exception {
    Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 localhost\n");
    try (Program server =
        Program.start(Main.class, hosts, Map.of(), List.of("--embedded", "--soak", "0.25"))) {
      int code = server.exitCode();

      assertThat(code).as(server.output()).isZero();
      Matcher total =
          server.awaitOutput(
              "soak +(\\d+) rotations, (\\d+) handshakes, 0 failures, heap [\\d.]+ MiB, \\d+"
                  + " threads\\s+\\(end of output\\)");
      assertThat(Integer.parseInt(total.group(1))).isPositive();
      assertThat(Integer.parseInt(total.group(2))).isGreaterThan(100);
    }
  }
}
