package io.podtls.netty;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSessionContext;

/**
 * The current generation's context, asked for at each use. Netty's own delegate keeps the one that
 * it is made with.
 *
 * <p>Engines hold the context that made them, so that of a former generation stays for as long as
 * its connections; its native memory is freed by its finalizer, as that of all contexts of {@link
 * io.netty.handler.ssl.SslProvider#OPENSSL}.
 */
final class PerGenerationSslContext extends SslContext {

  private final boolean client;
  private final List<String> protocols;
  private final Supplier<SslContext> contexts;

  PerGenerationSslContext(boolean client, List<String> protocols, Supplier<SslContext> contexts) {
    this.client = client;
    this.protocols = protocols;
    this.contexts = contexts;
  }

  SslContext current() {
    return contexts.get();
  }

  @Override
  public boolean isClient() {
    return client;
  }

  @Override
  public List<String> cipherSuites() {
    return current().cipherSuites();
  }

  @Override
  @SuppressWarnings(
      "deprecation") // Frameworks ask it for the protocols, before the handle is ready.
  public io.netty.handler.ssl.ApplicationProtocolNegotiator applicationProtocolNegotiator() {
    return () -> protocols;
  }

  @Override
  public SSLSessionContext sessionContext() {
    return current().sessionContext();
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator allocator) {
    return current().newEngine(allocator);
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator allocator, String host, int port) {
    return current().newEngine(allocator, host, port);
  }

  // None of the contexts is for STARTTLS.

  @Override
  protected SslHandler newHandler(ByteBufAllocator allocator, boolean startTls) {
    return current().newHandler(allocator);
  }

  @Override
  protected SslHandler newHandler(ByteBufAllocator allocator, boolean startTls, Executor executor) {
    return current().newHandler(allocator, executor);
  }

  @Override
  protected SslHandler newHandler(
      ByteBufAllocator allocator, String host, int port, boolean startTls) {
    return current().newHandler(allocator, host, port);
  }

  @Override
  protected SslHandler newHandler(
      ByteBufAllocator allocator, String host, int port, boolean startTls, Executor executor) {
    return current().newHandler(allocator, host, port, executor);
  }
}
