package io.podtls.grpc;

import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServerBuilder;
import io.grpc.ServerCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.DisplayName;

@DisplayName("grpc-netty")
class NettyRotationTest extends GrpcRotation {

  @Override
  ServerBuilder<?> server(InetSocketAddress address, ServerCredentials credentials) {
    return NettyServerBuilder.forAddress(address, credentials);
  }

  @Override
  ManagedChannelBuilder<?> channel(int port, ChannelCredentials credentials) {
    return NettyChannelBuilder.forAddress("localhost", port, credentials);
  }
}
