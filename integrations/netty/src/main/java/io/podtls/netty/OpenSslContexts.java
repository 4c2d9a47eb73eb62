package io.podtls.netty;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.KeyManagerFactoryWrapper;
import io.podtls.Generation;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.KeyAlgorithm;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** Contexts of one generation, on BoringSSL. */
final class OpenSslContexts {

  private static final Set<KeyAlgorithm> CURVES =
      Set.of(KeyAlgorithm.ECDSA_P256, KeyAlgorithm.ECDSA_P384);

  private OpenSslContexts() {}

  /**
   * Makes a server's context.
   *
   * @throws IllegalStateException if it cannot be made, of a key that BoringSSL cannot use
   */
  static SslContext server(
      Generation generation, ApplicationProtocolConfig alpn, ClientAuth clientAuth) {
    return build(
        generation, alpn, SslContextBuilder.forServer(keys(generation)).clientAuth(clientAuth));
  }

  /**
   * Makes a client's context.
   *
   * @throws IllegalStateException if it cannot be made, of a key that BoringSSL cannot use
   */
  static SslContext client(Generation generation, ApplicationProtocolConfig alpn) {
    SslContextBuilder builder =
        SslContextBuilder.forClient().endpointIdentificationAlgorithm("HTTPS");
    if (generation.identity().isPresent()) {
      builder.keyManager(keys(generation));
    }
    return build(generation, alpn, builder);
  }

  private static SslContext build(
      Generation generation, ApplicationProtocolConfig alpn, SslContextBuilder builder) {
    generation.identity().ifPresent(identity -> refuseUnusable(generation, identity));
    try {
      return builder
          .sslProvider(SslProvider.OPENSSL)
          .trustManager(generation.trustManager())
          .protocols(PodTlsNetty.TLS_VERSIONS)
          .applicationProtocolConfig(alpn)
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException(
          "SslProvider.OPENSSL cannot make a context of " + generation + ": " + e.getMessage(), e);
    }
  }

  /** A generation's key never changes, so it is converted once and not per handshake. */
  private static KeyManagerFactory keys(Generation generation) {
    return new OpenSslCachingX509KeyManagerFactory(
        new KeyManagerFactoryWrapper(generation.keyManager()));
  }

  private static void refuseUnusable(Generation generation, TlsIdentity identity) {
    PublicKey key = identity.leaf().getPublicKey();
    X509ExtendedKeyManager keys = generation.keyManager();
    String[] aliases = keys.getServerAliases(key.getAlgorithm(), null);
    PrivateKey privateKey = aliases == null ? null : keys.getPrivateKey(aliases[0]);
    String reason = reasonAgainst(key, privateKey);
    if (reason != null) {
      throw new IllegalStateException(
          "SslProvider.OPENSSL cannot use the key of "
              + identity
              + ": "
              + reason
              + "; use SslProvider.JDK, or another kind of key");
    }
  }

  /** Returns why BoringSSL cannot use a key, null if it can. */
  static @Nullable String reasonAgainst(PublicKey key, @Nullable PrivateKey privateKey) {
    if (!key.getAlgorithm().equals("RSA") && CURVES.stream().noneMatch(one -> one.matches(key))) {
      return "it is not P-256, P-384 or RSA";
    }
    if (privateKey == null || privateKey.getEncoded() == null) {
      return "its provider does not give it out";
    }
    return null;
  }
}
