package io.podtls;

import io.podtls.identity.TlsIdentity;
import io.podtls.rotation.Rotation;
import io.podtls.trust.TrustBundle;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** What a user sees of a rotation's generation. */
record CurrentGeneration(Rotation rotation, io.podtls.rotation.Generation inside)
    implements Generation {

  @Override
  public long number() {
    return inside.number();
  }

  @Override
  public Optional<TlsIdentity> identity() {
    return inside.identity();
  }

  @Override
  public TrustBundle trust() {
    return inside.trust();
  }

  @Override
  public SSLContext sslContext() {
    return inside.sslContext();
  }

  @Override
  public X509ExtendedKeyManager keyManager() {
    return rotation.keyManager(inside);
  }

  @Override
  public X509ExtendedTrustManager trustManager() {
    return rotation.trustManager(inside);
  }

  @Override
  public String toString() {
    return inside.toString();
  }
}
