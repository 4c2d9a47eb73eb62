package io.podtls.rotation;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/** Answers as another key manager does, and lets a test do something after each answer. */
class ForwardingKeyManager extends X509ExtendedKeyManager {

  private final X509ExtendedKeyManager keys;

  ForwardingKeyManager(X509ExtendedKeyManager keys) {
    this.keys = keys;
  }

  void answered(String call) {}

  private <T> T answer(String call, T answer) {
    answered(call);
    return answer;
  }

  @Override
  public String[] getClientAliases(String keyType, Principal[] issuers) {
    return answer("getClientAliases", keys.getClientAliases(keyType, issuers));
  }

  @Override
  public String[] getServerAliases(String keyType, Principal[] issuers) {
    return answer("getServerAliases", keys.getServerAliases(keyType, issuers));
  }

  @Override
  public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
    return answer("chooseClientAlias", keys.chooseClientAlias(keyTypes, issuers, socket));
  }

  @Override
  public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
    return answer("chooseServerAlias", keys.chooseServerAlias(keyType, issuers, socket));
  }

  @Override
  public String chooseEngineClientAlias(String[] keyTypes, Principal[] issuers, SSLEngine engine) {
    return answer(
        "chooseEngineClientAlias", keys.chooseEngineClientAlias(keyTypes, issuers, engine));
  }

  @Override
  public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
    return answer(
        "chooseEngineServerAlias", keys.chooseEngineServerAlias(keyType, issuers, engine));
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return answer("getCertificateChain", keys.getCertificateChain(alias));
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return answer("getPrivateKey", keys.getPrivateKey(alias));
  }
}
