/** Pod-side TLS bootstrapping: keys, PKCS#10 requests, identities, trust and rotation. */
@SuppressWarnings("module") // the adapter, which is compiled after this
module io.podtls {
  requires transitive org.jspecify;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires static jdk.jfr; // events where the run-time image has the recorder

  exports io.podtls;
  exports io.podtls.failure;
  exports io.podtls.identity;
  exports io.podtls.peer;
  exports io.podtls.renewal;
  exports io.podtls.request;
  exports io.podtls.signing;
  exports io.podtls.trust;
  exports io.podtls.jsse to
      io.podtls.fabric8;
  exports io.podtls.pem to
      io.podtls.fabric8;
}
