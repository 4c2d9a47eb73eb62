package io.podtls.identity;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** Key manager with one key and its chain, offered where the key's type is asked for. */
final class IdentityKeyManager extends X509ExtendedKeyManager {

  private final PrivateKey key;
  private final List<X509Certificate> chain;

  IdentityKeyManager(PrivateKey key, List<X509Certificate> chain) {
    this.key = key;
    this.chain = chain;
  }

  private @Nullable String aliasFor(Principal @Nullable [] issuers, @Nullable String... keyTypes) {
    if (keyTypes == null || !isFromOneOf(issuers)) {
      return null;
    }
    for (String keyType : keyTypes) {
      if (keyType != null && isOfType(keyType)) {
        return TlsIdentity.ALIAS;
      }
    }
    return null;
  }

  /** JSSE asks for a key algorithm (EC, RSA, EdDSA), or for that and the issuer's (EC_RSA). */
  private boolean isOfType(String keyType) {
    int underscore = keyType.indexOf('_');
    String algorithm = underscore < 0 ? keyType : keyType.substring(0, underscore);
    if (!algorithm.equals(chain.get(0).getPublicKey().getAlgorithm())) {
      return false;
    }
    if (underscore < 0) {
      return true;
    }
    String issuersAlgorithm = keyType.substring(underscore + 1).toUpperCase(Locale.ROOT);
    return chain.get(0).getSigAlgName().toUpperCase(Locale.ROOT).contains(issuersAlgorithm);
  }

  /** A peer may name the CAs that it accepts; naming none means any. */
  private boolean isFromOneOf(Principal @Nullable [] issuers) {
    if (issuers == null || issuers.length == 0) {
      return true;
    }
    Set<Principal> accepted = Set.copyOf(List.of(issuers));
    return chain.stream()
        .anyMatch(certificate -> accepted.contains(certificate.getIssuerX500Principal()));
  }

  private String @Nullable [] aliases(@Nullable String alias) {
    return alias == null ? null : new String[] {alias};
  }

  @Override
  public String @Nullable [] getClientAliases(
      @Nullable String keyType, Principal @Nullable [] issuers) {
    return aliases(aliasFor(issuers, keyType));
  }

  @Override
  public @Nullable String chooseClientAlias(
      String @Nullable [] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return keyTypes == null ? null : aliasFor(issuers, keyTypes);
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String @Nullable [] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return keyTypes == null ? null : aliasFor(issuers, keyTypes);
  }

  @Override
  public String @Nullable [] getServerAliases(
      @Nullable String keyType, Principal @Nullable [] issuers) {
    return aliases(aliasFor(issuers, keyType));
  }

  @Override
  public @Nullable String chooseServerAlias(
      @Nullable String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return aliasFor(issuers, keyType);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      @Nullable String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return aliasFor(issuers, keyType);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
    return TlsIdentity.ALIAS.equals(alias) ? chain.toArray(X509Certificate[]::new) : null;
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
    return TlsIdentity.ALIAS.equals(alias) ? key : null;
  }

  @Override
  public String toString() {
    return "IdentityKeyManager[" + Certificates.describe(chain.get(0)) + "]";
  }
}
