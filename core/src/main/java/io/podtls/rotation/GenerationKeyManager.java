package io.podtls.rotation;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** The key of one identity; stamps each session that it is chosen for. */
final class GenerationKeyManager extends X509ExtendedKeyManager {

  private final X509ExtendedKeyManager keys;
  private final Stamp stamp;

  GenerationKeyManager(X509ExtendedKeyManager keys, Stamp stamp) {
    this.keys = keys;
    this.stamp = stamp;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return keys.getClientAliases(keyType, issuers);
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return keys.getServerAliases(keyType, issuers);
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    String alias = keys.chooseClientAlias(keyTypes, issuers, socket);
    if (alias != null) {
      stamp.on(socket);
    }
    return alias;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    String alias = keys.chooseServerAlias(keyType, issuers, socket);
    if (alias != null) {
      stamp.on(socket);
    }
    return alias;
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    String alias = keys.chooseEngineClientAlias(keyTypes, issuers, engine);
    if (alias != null) {
      stamp.on(engine);
    }
    return alias;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    String alias = keys.chooseEngineServerAlias(keyType, issuers, engine);
    if (alias != null) {
      stamp.on(engine);
    }
    return alias;
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
    return keys.getCertificateChain(alias);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
    return keys.getPrivateKey(alias);
  }
}
