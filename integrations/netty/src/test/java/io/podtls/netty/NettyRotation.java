package io.podtls.netty;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslProvider;
import io.podtls.PodTls;
import io.podtls.testing.RotationContract;

/** The contract of rotation for a server and a client on one provider. */
abstract class NettyRotation extends RotationContract {

  private final SslProvider provider;

  NettyRotation(SslProvider provider) {
    this.provider = provider;
    BoringSsl.neededBy(provider);
  }

  @Override
  protected Server start(PodTls tls) throws InterruptedException {
    return Echo.serve(PodTlsNetty.server(tls, ClientAuth.REQUIRE).provider(provider).build());
  }

  @Override
  protected Client client(PodTls tls, int port) {
    return Echo.client(PodTlsNetty.client(tls).provider(provider).build(), port);
  }
}
