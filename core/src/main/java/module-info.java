/** Pod-side TLS bootstrapping: keys, PKCS#10 requests, identities, trust and rotation. */
module io.podtls {
  requires transitive org.jspecify;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;

  exports io.podtls;
  exports io.podtls.failure;
  exports io.podtls.identity;
  exports io.podtls.renewal;
  exports io.podtls.request;
  exports io.podtls.signing;
  exports io.podtls.trust;
}
