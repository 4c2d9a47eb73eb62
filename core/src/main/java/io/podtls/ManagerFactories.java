package io.podtls;

import java.security.KeyStore;
import java.security.Provider;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.TrustManagerFactorySpi;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** JSSE factories of one manager each. They are initialised; initialising them changes nothing. */
final class ManagerFactories {
  private ManagerFactories() {}

  static KeyManagerFactory of(X509ExtendedKeyManager manager, Provider provider) {
    KeyManagerFactorySpi spi =
        new KeyManagerFactorySpi() {
          @Override
          protected void engineInit(@Nullable KeyStore store, char @Nullable [] password) {}

          @Override
          protected void engineInit(ManagerFactoryParameters parameters) {}

          @Override
          protected KeyManager[] engineGetKeyManagers() {
            return new KeyManager[] {manager};
          }
        };
    return new KeyManagerFactory(spi, provider, KeyManagerFactory.getDefaultAlgorithm()) {};
  }

  static TrustManagerFactory of(X509ExtendedTrustManager manager, Provider provider) {
    TrustManagerFactorySpi spi =
        new TrustManagerFactorySpi() {
          @Override
          protected void engineInit(@Nullable KeyStore store) {}

          @Override
          protected void engineInit(ManagerFactoryParameters parameters) {}

          @Override
          protected TrustManager[] engineGetTrustManagers() {
            return new TrustManager[] {manager};
          }
        };
    return new TrustManagerFactory(spi, provider, TrustManagerFactory.getDefaultAlgorithm()) {};
  }
}
