package io.podtls.netty;

import io.netty.handler.ssl.SslProvider;
import org.junit.jupiter.api.DisplayName;

@DisplayName("Netty on the JDK's engine")
class JdkRotationTest extends NettyRotation {
  JdkRotationTest() {
    super(SslProvider.JDK);
  }
}
