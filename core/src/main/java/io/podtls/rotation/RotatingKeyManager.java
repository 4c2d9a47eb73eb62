package io.podtls.rotation;

import io.podtls.identity.TlsIdentity;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The current generation's key for frameworks that insist on a key manager. JSSE asks for an alias
 * and then, in calls of their own, for its key and its chain; an alias names a generation, so that
 * all answers of one handshake come from the same one, whatever happens between the calls.
 */
final class RotatingKeyManager extends X509ExtendedKeyManager {

  private final Rotation rotation;

  RotatingKeyManager(Rotation rotation) {
    this.rotation = rotation;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return single(choose(keys -> first(keys.getClientAliases(keyType, issuers))));
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return single(choose(keys -> first(keys.getServerAliases(keyType, issuers))));
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return choose(keys -> keys.chooseClientAlias(keyTypes, issuers, socket));
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return choose(keys -> keys.chooseServerAlias(keyType, issuers, socket));
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return choose(keys -> keys.chooseEngineClientAlias(keyTypes, issuers, engine));
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return choose(keys -> keys.chooseEngineServerAlias(keyType, issuers, engine));
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
    return identityNamed(alias)
        .map(identity -> identity.chain().toArray(new X509Certificate[0]))
        .orElse(null);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
    return identityNamed(alias)
        .map(
            identity -> {
              X509ExtendedKeyManager keys = identity.keyManager();
              String keyType = identity.leaf().getPublicKey().getAlgorithm();
              return keys.getPrivateKey(first(keys.getServerAliases(keyType, null)));
            })
        .orElse(null);
  }

  private @Nullable String choose(Function<X509ExtendedKeyManager, @Nullable String> chooser) {
    Generation generation = rotation.lend().orElse(null);
    if (generation == null || generation.keys().map(chooser).isEmpty()) {
      return null;
    }
    return generation.alias();
  }

  private Optional<TlsIdentity> identityNamed(@Nullable String alias) {
    return alias == null ? Optional.empty() : rotation.lent(alias).flatMap(Generation::identity);
  }

  private static @Nullable String first(String @Nullable [] aliases) {
    return aliases == null || aliases.length == 0 ? null : aliases[0];
  }

  private static String @Nullable [] single(@Nullable String alias) {
    return alias == null ? null : new String[] {alias};
  }
}
