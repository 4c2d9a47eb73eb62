package io.podtls.rotation;

import io.podtls.identity.TlsIdentity;
import io.podtls.peer.Peers;
import io.podtls.testing.TestCa;
import java.security.KeyPair;
import java.time.InstantSource;
import java.util.function.UnaryOperator;

/** Identities of any shape. */
final class TestIdentity {
  private TestIdentity() {}

  /** For localhost and 127.0.0.1, on either side. */
  static TlsIdentity issuedBy(TestCa ca) {
    return issuedBy(ca, leaf -> leaf);
  }

  static TlsIdentity issuedBy(TestCa ca, UnaryOperator<TestCa.Leaf> shape) {
    KeyPair keys = TestCa.newKeyPair();
    TestCa.Leaf leaf = ca.leaf(keys.getPublic()).dns("localhost").ip("127.0.0.1");
    return TlsIdentity.of(keys.getPrivate(), shape.apply(leaf).issueChain());
  }

  /** Generations that let in every client with a trusted certificate. */
  static Rotation rotation(InstantSource clock) {
    return new Rotation(clock, Peers.anyTrusted(), (names, reason) -> {});
  }
}
