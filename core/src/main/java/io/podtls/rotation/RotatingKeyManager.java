package io.podtls.rotation;

import io.podtls.identity.TlsIdentity;
import io.podtls.jsse.PresentedChain;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The current generation's key for frameworks that insist on a key manager. JSSE asks for an alias
 * and then, in calls of their own, for its key and its chain; an alias names a generation, so that
 * all answers of one handshake come from the same one, whatever happens between the calls.
 */
final class RotatingKeyManager extends X509ExtendedKeyManager {

  private final Supplier<Optional<Generation>> current;
  private final Function<String, Optional<Generation>> byAlias;
  private final Epochs epochs;

  /**
   * @param current lends the generation whose key is offered
   * @param byAlias finds a generation that was lent
   */
  RotatingKeyManager(
      Supplier<Optional<Generation>> current,
      Function<String, Optional<Generation>> byAlias,
      Epochs epochs) {
    this.current = current;
    this.byAlias = byAlias;
    this.epochs = epochs;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return single(choose(keys -> first(keys.getClientAliases(keyType, issuers)), number -> {}));
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return single(choose(keys -> first(keys.getServerAliases(keyType, issuers)), number -> {}));
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return choose(
        keys -> keys.chooseClientAlias(keyTypes, issuers, socket),
        number -> epochs.joins(PresentedChain.handshakeOf(socket), number));
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return choose(
        keys -> keys.chooseServerAlias(keyType, issuers, socket),
        number -> epochs.joins(PresentedChain.handshakeOf(socket), number));
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return choose(
        keys -> keys.chooseEngineClientAlias(keyTypes, issuers, engine),
        number -> epochs.joins(PresentedChain.handshakeOf(engine), number));
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return choose(
        keys -> keys.chooseEngineServerAlias(keyType, issuers, engine),
        number -> epochs.joins(PresentedChain.handshakeOf(engine), number));
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

  /** The current generation's alias, if its key is what {@code chooser} looks for. */
  private @Nullable String choose(
      Function<X509ExtendedKeyManager, @Nullable String> chooser, LongConsumer note) {
    Generation generation = current.get().orElse(null);
    if (generation == null
        || generation.identity().map(TlsIdentity::keyManager).map(chooser).isEmpty()) {
      return null;
    }
    note.accept(generation.number());
    return generation.alias();
  }

  private Optional<TlsIdentity> identityNamed(@Nullable String alias) {
    return alias == null ? Optional.empty() : byAlias.apply(alias).flatMap(Generation::identity);
  }

  private static @Nullable String first(String @Nullable [] aliases) {
    return aliases == null || aliases.length == 0 ? null : aliases[0];
  }

  private static String @Nullable [] single(@Nullable String alias) {
    return alias == null ? null : new String[] {alias};
  }
}
