package io.podtls.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;

/** Skips tests where BoringSSL's library does not load; CI on Linux x86_64 has to load it. */
final class BoringSsl {
  private BoringSsl() {}

  static void neededBy(SslProvider provider) {
    if (provider == SslProvider.JDK || OpenSsl.isAvailable()) {
      return;
    }
    if ("true".equals(System.getenv("CI"))
        && System.getProperty("os.name").equals("Linux")
        && System.getProperty("os.arch").equals("amd64")) {
      assertThat(OpenSsl.unavailabilityCause()).as("why BoringSSL is not there").isNull();
    }
    assumeTrue(false, () -> "BoringSSL's library does not load: " + OpenSsl.unavailabilityCause());
  }
}
