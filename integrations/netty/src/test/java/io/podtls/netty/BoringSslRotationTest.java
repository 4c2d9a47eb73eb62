package io.podtls.netty;

import io.netty.handler.ssl.SslProvider;
import org.junit.jupiter.api.DisplayName;

@DisplayName("Netty on BoringSSL")
class BoringSslRotationTest extends NettyRotation {
  BoringSslRotationTest() {
    super(SslProvider.OPENSSL);
  }
}
