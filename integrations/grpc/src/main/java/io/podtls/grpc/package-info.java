/** TLS for gRPC's Netty transports. */
@NullMarked
package io.podtls.grpc;

import org.jspecify.annotations.NullMarked;
