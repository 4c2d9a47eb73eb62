package io.podtls.grpc;

import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServerBuilder;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.podtls.PodTls;
import io.podtls.testing.RotationContract;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The contract of rotation for a server and channels on one transport. */
abstract class GrpcRotation extends RotationContract {

  abstract ServerBuilder<?> server(InetSocketAddress address, ServerCredentials credentials);

  abstract ManagedChannelBuilder<?> channel(int port, ChannelCredentials credentials);

  @Override
  protected Server start(PodTls tls) throws IOException {
    io.grpc.Server server =
        server(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                PodTlsGrpc.serverCredentials(tls, ClientAuth.REQUIRE))
            .addService(Unary.service())
            .build()
            .start();
    return Server.at(
        server.getPort(), () -> server.shutdownNow().awaitTermination(20, TimeUnit.SECONDS));
  }

  @Override
  protected Client client(PodTls tls, int port) {
    ManagedChannel channel = channel(port, PodTlsGrpc.channelCredentials(tls)).build();
    return new Client() {
      @Override
      public void call() throws IOException {
        if (!Unary.call(channel, "orders").equals("orders")) {
          throw new EOFException("another answer");
        }
      }

      @Override
      public void close() throws InterruptedException {
        channel.shutdownNow().awaitTermination(20, TimeUnit.SECONDS);
      }
    };
  }

  /** A client's preface and an empty SETTINGS frame (RFC 9113 3.4). */
  @Override
  protected byte[] opening() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    bytes.writeBytes(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
    return bytes.toByteArray();
  }

  @Override
  protected List<String> applicationProtocols() {
    return List.of("h2");
  }
}
