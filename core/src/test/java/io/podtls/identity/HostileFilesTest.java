package io.podtls.identity;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.pem.Pem;
import io.podtls.testing.Nested;
import io.podtls.testing.SampleRequests;
import io.podtls.testing.TestCa;
import io.podtls.trust.TrustBundle;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("A file that nests values half a million times")
class HostileFilesTest {

  private static final String LEAF =
      Pem.encode(List.of(TestCa.root("root").leaf(TestCa.newKeyPair().getPublic()).issue()));
  private static final String KEY =
      Pem.encode(Pem.PRIVATE_KEY, TestCa.newKeyPair().getPrivate().getEncoded());

  @TempDir private Path directory;

  /** Alone, and as the last of what the format starts with. */
  static Stream<byte[]> nested() {
    return Stream.of(0x30, 0x31, 0xa0, 0x24)
        .flatMap(tag -> Stream.of(Nested.indefinite(tag, 500_000), Nested.definite(tag, 200_000)))
        .flatMap(bytes -> Stream.of(bytes, sequence(new byte[] {2, 1, 3}, bytes)));
  }

  private static byte[] sequence(byte[] first, byte[] second) {
    int length = first.length + second.length;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        new byte[] {0x30, (byte) 0x83, (byte) (length >> 16), (byte) (length >> 8), (byte) length});
    out.writeBytes(first);
    out.writeBytes(second);
    return out.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("nested")
  @DisplayName("is invalid material to every reader, and never a StackOverflowError")
  void isInvalidMaterial(byte[] bytes) throws Exception {
    String certificate = Pem.encode(Pem.CERTIFICATE, bytes);
    refused(() -> TrustBundle.parse("ca.crt", certificate.getBytes()));
    refused(() -> TrustBundle.parse("ca.crt", (LEAF + certificate + LEAF).getBytes()));
    for (String label :
        List.of(
            Pem.PRIVATE_KEY, Pem.ENCRYPTED_PRIVATE_KEY, Pem.RSA_PRIVATE_KEY, Pem.EC_PRIVATE_KEY)) {
      refused(() -> load(Pem.encode(label, bytes) + LEAF));
    }
    refused(() -> load(KEY + certificate));
    refused(
        () ->
            PendingIdentity.restore(
                SampleRequests.kubernetesDocumentation(),
                KEY + Pem.encode(Pem.CERTIFICATE_REQUEST, bytes)));
    Path pkcs12 = Files.write(directory.resolve("identity.p12"), bytes);
    refused(() -> IdentityFiles.pkcs12(pkcs12, "secret".toCharArray()).load());
  }

  private void load(String bundle) throws Exception {
    IdentityFiles.bundle(Files.writeString(directory.resolve("bundle.pem"), bundle))
        .withPassword("secret".toCharArray())
        .load();
  }

  private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable reading) {
    assertThatThrownBy(reading).isInstanceOf(InvalidMaterialException.class);
  }
}
