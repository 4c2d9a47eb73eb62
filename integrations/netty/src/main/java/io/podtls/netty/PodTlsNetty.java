package io.podtls.netty;

import static java.util.Objects.requireNonNull;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.DelegatingSslContext;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import io.podtls.PodTls;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * Options of an {@link SslContext} that follows a handle: each connection uses the identity and the
 * trust that are current when it is made, and sessions of former ones are not resumed.
 *
 * <pre>{@code
 * SslContext server = PodTlsNetty.server(tls, ClientAuth.REQUIRE).build();
 * SslContext client = PodTlsNetty.client(tls).provider(SslProvider.OPENSSL)
 *     .applicationProtocols("h2", "http/1.1").build();
 * }</pre>
 *
 * <p>Protocols are TLS 1.3 and 1.2, cipher suites are Netty's default. Who may be at the other end
 * is said by the handle's {@linkplain PodTls.Builder#peers peers}.
 *
 * <p><b>Thread safety:</b> not safe; meant for one expression. The context is safe for use by any
 * number of threads.
 */
public final class PodTlsNetty {

  static final String[] TLS_VERSIONS = {"TLSv1.3", "TLSv1.2"};

  private final PodTls tls;
  private final boolean client;
  private final ClientAuth clientAuth;
  private SslProvider provider = SslProvider.JDK;
  private List<String> protocols = List.of();

  private PodTlsNetty(PodTls tls, boolean client, ClientAuth clientAuth) {
    this.tls = requireNonNull(tls, "tls");
    this.client = client;
    this.clientAuth = requireNonNull(clientAuth, "clientAuth");
  }

  /**
   * Prepares a server's context that asks clients for no certificate, so that it checks no client.
   *
   * @param tls the handle, which need not be ready; remains the caller's to close
   * @return the options
   */
  public static PodTlsNetty server(PodTls tls) {
    return server(tls, ClientAuth.NONE);
  }

  /**
   * Prepares a server's context.
   *
   * @param tls the handle, which need not be ready; remains the caller's to close
   * @param clientAuth whether clients must or may show a certificate; one that is shown is checked
   *     against the handle's trust and peers
   * @return the options
   */
  public static PodTlsNetty server(PodTls tls, ClientAuth clientAuth) {
    return new PodTlsNetty(tls, false, clientAuth);
  }

  /**
   * Prepares a client's context, which shows the handle's certificate to servers that ask for one
   * and checks the host name of every server. Handlers and engines need to be given the host:
   * {@link SslContext#newHandler(io.netty.buffer.ByteBufAllocator, String, int)}.
   *
   * @param tls the handle, which need not be ready; remains the caller's to close
   * @return the options
   */
  public static PodTlsNetty client(PodTls tls) {
    return new PodTlsNetty(tls, true, ClientAuth.NONE);
  }

  /**
   * Sets whose engine to use. Default: {@link SslProvider#JDK}.
   *
   * <p>{@link SslProvider#OPENSSL} is BoringSSL or OpenSSL, whichever {@code netty-tcnative} the
   * class path has. It takes keys that are P-256, P-384 or RSA and that their provider gives out.
   *
   * @param provider {@code JDK} or {@code OPENSSL}
   * @return this
   * @throws IllegalArgumentException if it is {@code OPENSSL_REFCNT}: the contexts of former
   *     generations are left to the garbage collector
   */
  public PodTlsNetty provider(SslProvider provider) {
    if (requireNonNull(provider, "provider") == SslProvider.OPENSSL_REFCNT) {
      throw new IllegalArgumentException(
          "OPENSSL_REFCNT: nothing could release the contexts of former generations; use OPENSSL");
    }
    this.provider = provider;
    return this;
  }

  /**
   * Sets the protocols to negotiate, in the order of preference (ALPN, RFC 7301). If not called, or
   * if none match, the connection is made without.
   *
   * @param protocols names such as {@code h2}
   * @return this
   */
  public PodTlsNetty applicationProtocols(String... protocols) {
    this.protocols = List.of(protocols);
    return this;
  }

  /**
   * Makes the context. Its handlers and engines can be made while the handle is ready; before and
   * after, making one fails with an {@link IllegalStateException} that says why.
   *
   * @return the context, for the life of the handle
   * @throws IllegalStateException if the provider has no native library for this platform, or the
   *     handle is ready and the provider cannot use its key
   */
  public SslContext build() {
    ApplicationProtocolConfig alpn =
        protocols.isEmpty()
            ? ApplicationProtocolConfig.DISABLED
            : new ApplicationProtocolConfig(
                Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                protocols);
    return provider == SslProvider.JDK ? onJdk(alpn) : onOpenSsl(alpn);
  }

  private SslContext onJdk(ApplicationProtocolConfig alpn) {
    SslContext context =
        new JdkSslContext(
            tls.sslContext(),
            client,
            null,
            IdentityCipherSuiteFilter.INSTANCE,
            alpn,
            clientAuth,
            TLS_VERSIONS,
            false);
    return client ? new HostChecking(context) : context;
  }

  private SslContext onOpenSsl(ApplicationProtocolConfig alpn) {
    if (!OpenSsl.isAvailable()) {
      throw new IllegalStateException(
          "SslProvider.OPENSSL has no native library for this platform; is"
              + " io.netty:netty-tcnative-boringssl-static on the class path?",
          OpenSsl.unavailabilityCause());
    }
    PerGenerationSslContext context =
        new PerGenerationSslContext(
            client,
            protocols,
            tls.perGeneration(
                client
                    ? generation -> OpenSslContexts.client(generation, alpn)
                    : generation -> OpenSslContexts.server(generation, alpn, clientAuth)));
    if (tls.status().ready()) {
      context.current(); // A key that cannot be used is reported here, not to the first peer.
    }
    return context;
  }

  /** A context made of the JDK's checks no host name by itself. */
  private static final class HostChecking extends DelegatingSslContext {
    HostChecking(SslContext context) {
      super(context);
    }

    @Override
    protected void initEngine(SSLEngine engine) {
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      engine.setSSLParameters(parameters);
    }
  }
}
