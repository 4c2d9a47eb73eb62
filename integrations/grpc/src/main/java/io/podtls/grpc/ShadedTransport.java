package io.podtls.grpc;

import io.grpc.ChannelCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettySslContextChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettySslContextServerCredentials;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2SecurityUtil;
import io.grpc.netty.shaded.io.netty.handler.ssl.ApplicationProtocolConfig;
import io.grpc.netty.shaded.io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.grpc.netty.shaded.io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.grpc.netty.shaded.io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.JdkSslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SupportedCipherSuiteFilter;
import javax.net.ssl.SSLContext;

/**
 * Credentials for {@code grpc-netty-shaded}. {@link NettyTransport} is the same, but for the
 * imports.
 */
final class ShadedTransport {
  private ShadedTransport() {}

  static ServerCredentials server(SSLContext tls, TlsServerCredentials.ClientAuth clientAuth) {
    return NettySslContextServerCredentials.create(
        context(tls, false, ClientAuth.valueOf(clientAuth.name())));
  }

  static ChannelCredentials channel(SSLContext tls) {
    return NettySslContextChannelCredentials.create(context(tls, true, ClientAuth.NONE));
  }

  /** As gRPC's GrpcSslContexts configures contexts for HTTP/2 (RFC 9113 9.2). */
  private static SslContext context(SSLContext tls, boolean client, ClientAuth clientAuth) {
    return new JdkSslContext(
        tls,
        client,
        Http2SecurityUtil.CIPHERS,
        SupportedCipherSuiteFilter.INSTANCE,
        new ApplicationProtocolConfig(
            Protocol.ALPN,
            SelectorFailureBehavior.NO_ADVERTISE,
            SelectedListenerFailureBehavior.ACCEPT,
            "h2"),
        clientAuth,
        new String[] {"TLSv1.3", "TLSv1.2"},
        false);
  }
}
