package io.podtls.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.pem.Pem;
import io.podtls.testing.OpenSsl;
import io.podtls.testing.TestCa;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("IdentityFiles")
class IdentityFilesTest {

  private static final TestCa ROOT = TestCa.root("root");
  private static final TestCa ISSUING = ROOT.intermediate("issuing");

  @TempDir private Path directory;
  private final KeyPair keys = TestCa.newKeyPair();
  private final List<X509Certificate> chain = ISSUING.leaf(keys.getPublic()).issueChain();
  private final String chainPem = Pem.encode(chain);
  private final String keyPem = Pem.encode(Pem.PRIVATE_KEY, keys.getPrivate().getEncoded());

  private Path write(String name, String content) throws Exception {
    return Files.writeString(directory.resolve(name), content);
  }

  private static InvalidMaterialException refusal(IdentityFiles files) {
    try {
      TlsIdentity identity = files.load();
      throw new AssertionError("loaded " + identity);
    } catch (InvalidMaterialException refusal) {
      return refusal;
    }
  }

  @Nested
  @DisplayName("in PEM")
  class InPem {

    @Test
    @DisplayName("load from one bundle, the key first, last or in the middle")
    void loadFromOneBundle() throws Exception {
      String leaf = Pem.encode(chain.subList(0, 1));
      String issuer = Pem.encode(chain.subList(1, 2));
      for (String content :
          List.of(
              keyPem + chainPem,
              chainPem + keyPem,
              issuer + keyPem + leaf,
              "text\n" + keyPem.replace("\n", "\r\n") + "# text\n" + chainPem + "text")) {
        TlsIdentity identity = IdentityFiles.bundle(write("bundle.pem", content)).load();

        assertThat(identity.chain()).isEqualTo(chain);
        assertThat(identity.keyManager().getPrivateKey("podtls")).isEqualTo(keys.getPrivate());
      }
    }

    @Test
    @DisplayName("load from two files and from a Secret's directory")
    void loadFromTwoFiles() throws Exception {
      Path crt = write("tls.crt", chainPem);
      Path key = write("tls.key", keyPem);

      assertThat(IdentityFiles.pair(crt, key).load().chain()).isEqualTo(chain);
      assertThat(IdentityFiles.directory(directory).load().chain()).isEqualTo(chain);
      assertThat(IdentityFiles.directory(directory).paths()).containsExactly(crt, key);
      assertThat(IdentityFiles.directory(directory))
          .hasToString("IdentityFiles[" + crt + " and " + key + "]");
      assertThat(IdentityFiles.directory(directory).warnings()).isEmpty();
    }

    @Test
    @DisplayName("tell whether they are there, and follow changes")
    void tellWhetherTheyAreThere() throws Exception {
      IdentityFiles files = IdentityFiles.directory(directory);
      assertThat(files.exist()).isFalse();
      write("tls.crt", chainPem);
      assertThat(files.exist()).isFalse();
      write("tls.key", keyPem);
      assertThat(files.exist()).isTrue();
      TlsIdentity first = files.load();

      KeyPair newKeys = TestCa.newKeyPair();
      write("tls.crt", Pem.encode(ISSUING.leaf(newKeys.getPublic()).issueChain()));
      write("tls.key", Pem.encode(Pem.PRIVATE_KEY, newKeys.getPrivate().getEncoded()));

      assertThat(files.load()).isNotEqualTo(first);
    }

    @Test
    @DisplayName("refuse a key that belongs to another certificate, naming the files")
    void refuseAKeyOfAnotherCertificate() throws Exception {
      Path crt = write("tls.crt", chainPem);
      Path key =
          write(
              "tls.key",
              Pem.encode(Pem.PRIVATE_KEY, TestCa.newKeyPair().getPrivate().getEncoded()));

      assertThat(refusal(IdentityFiles.directory(directory)))
          .hasMessageStartingWith(
              crt + " and " + key + ": the EC key belongs to none of the certificates, ");
    }

    @Test
    @DisplayName("refuse what is missing, empty, truncated or something else, naming the file")
    void refuseWhatIsMissingOrDamaged() throws Exception {
      Path key = directory.resolve("tls.key");
      write("tls.crt", chainPem);
      IdentityFiles files = IdentityFiles.directory(directory);

      assertThat(refusal(files)).hasMessageContaining(key + ": does not exist");
      write("tls.key", "");
      assertThat(refusal(files).source()).isEqualTo(key.toString());
      write("tls.key", keyPem.substring(0, keyPem.length() / 2));
      assertThat(refusal(files)).hasMessageContaining("truncated");
      write("tls.key", chainPem);
      assertThat(refusal(files))
          .hasMessage(key + ": has no private key block (found: CERTIFICATE)");
      write("tls.key", keyPem + keyPem);
      assertThat(refusal(files)).hasMessage(key + ": has 2 private key blocks, expected one");
      write("tls.key", Pem.encode(Pem.PRIVATE_KEY, new byte[] {1, 2, 3}));
      assertThat(refusal(files))
          .hasMessage(
              key + ": block 1 PRIVATE KEY is not DER: a value in it is longer than what holds it");
      write("tls.key", Pem.encode(Pem.EC_PRIVATE_KEY, keys.getPrivate().getEncoded()));
      assertThat(refusal(files))
          .hasMessage(
              key
                  + ": its block EC PRIVATE KEY holds a PKCS#8 private key, whose label is PRIVATE"
                  + " KEY");
      write("tls.key", keyPem);
      write("tls.crt", keyPem);
      assertThat(refusal(files))
          .hasMessage(
              directory.resolve("tls.crt") + ": has no CERTIFICATE block (found: PRIVATE KEY)");
    }
  }

  @Nested
  @DisplayName("with keys written by openssl")
  class WrittenByOpenSsl {

    private IdentityFiles certify(OpenSsl openSsl, String... passin) {
      List<String> command =
          new ArrayList<>(
              List.of(
                  "req",
                  "-x509",
                  "-new",
                  "-key",
                  "tls.key",
                  "-subj",
                  "/CN=orders",
                  "-out",
                  "tls.crt"));
      command.addAll(List.of(passin));
      openSsl.run(command.toArray(String[]::new));
      return IdentityFiles.directory(directory);
    }

    @ParameterizedTest
    @CsvSource({
      "PRIVATE KEY, EC, genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
      "PRIVATE KEY, EC, genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
      "PRIVATE KEY, EC, genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521",
      "PRIVATE KEY, RSA, genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
      "PRIVATE KEY, EdDSA, genpkey -algorithm ED25519",
      "EC PARAMETERS, EC, ecparam -name prime256v1 -genkey",
      "EC PRIVATE KEY, EC, ecparam -name prime256v1 -genkey -noout",
      "EC PRIVATE KEY, EC, ecparam -name secp521r1 -genkey -noout",
      "RSA PRIVATE KEY, RSA, genrsa -traditional 2048",
    })
    @DisplayName("load, whatever the algorithm and format")
    void loadWhateverTheFormat(String firstLabel, String algorithm, String command)
        throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
      arguments.addAll(1, List.of("-out", "tls.key"));
      openSsl.run(arguments.toArray(String[]::new));
      assertThat(Files.readString(directory.resolve("tls.key")))
          .startsWith("-----BEGIN " + firstLabel + "-----");

      TlsIdentity identity = certify(openSsl).load();

      assertThat(identity.leaf().getSubjectX500Principal().getName()).isEqualTo("CN=orders");
      assertThat(identity.leaf().getPublicKey().getAlgorithm()).isEqualTo(algorithm);
      openSsl.write("exported.key", identity.exportPrivateKeyUnencrypted());
      assertThat(openSsl.run("pkey", "-in", "exported.key", "-pubout"))
          .isEqualTo(openSsl.run("pkey", "-in", "tls.key", "-pubout"));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "pkcs8 -topk8 -in plain.key",
          "pkcs8 -topk8 -in plain.key -v2 aes-128-cbc -v2prf hmacWithSHA1",
          "pkcs8 -topk8 -in plain.key -v2 aes-192-cbc -v2prf hmacWithSHA384",
          "pkcs8 -topk8 -in plain.key -v2 aes-256-cbc -v2prf hmacWithSHA512 -iter 100000",
          "pkcs8 -topk8 -in plain.key -v2 des3",
          "pkey -in plain.key -aes256"
        })
    @DisplayName("load encrypted PKCS#8 with its password, and refuse it with another or none")
    void loadEncryptedPkcs8(String command) throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      openSsl.run("genpkey", "-algorithm", "ED25519", "-out", "plain.key");
      // Not ASCII: both sides have to agree on UTF-8.
      openSsl.write("password", "geheim-für-Ørders\n");
      List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
      arguments.addAll(List.of("-out", "tls.key", "-passout", "file:password"));
      openSsl.run(arguments.toArray(String[]::new));
      assertThat(Files.readString(directory.resolve("tls.key")))
          .startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
      IdentityFiles files = certify(openSsl, "-passin", "file:password");
      char[] password = "geheim-für-Ørders".toCharArray();

      IdentityFiles withPassword = files.withPassword(password);
      Arrays.fill(password, 'x');

      assertThat(withPassword.load().leaf().getPublicKey().getAlgorithm()).isEqualTo("EdDSA");
      assertThat(refusal(files))
          .hasMessage(
              directory.resolve("tls.key")
                  + ": its private key is encrypted; give its password with withPassword");
      assertThat(refusal(files.withPassword("wrong".toCharArray())))
          .hasMessage(
              directory.resolve("tls.key")
                  + ": its private key cannot be decrypted; is the password right?");
      assertThat(withPassword.toString()).doesNotContain("geheim");
    }

    @Test
    @DisplayName("need no password where the key is not encrypted")
    void needNoPasswordWhereTheKeyIsNotEncrypted() throws Exception {
      write("tls.crt", chainPem);
      write("tls.key", keyPem);

      assertThat(IdentityFiles.directory(directory).withPassword("x".toCharArray()).load().chain())
          .isEqualTo(chain);
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        value = {
          "pkcs8 -topk8 -scrypt     | is encrypted with the algorithm 1.3.6.1.4.1.11591.4.11",
          "pkcs8 -topk8 -v1 PBE-SHA1-3DES | is encrypted with the algorithm"
              + " 1.2.840.113549.1.12.1.3",
          "pkcs8 -topk8 -iter 2000001     | is encrypted with 2000001 iterations",
        })
    @DisplayName(
        "refuse other encryption, and iterations that take seconds, with the command that converts"
            + " it")
    void refuseOtherEncryption(String command, String reason) throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      openSsl.run("genpkey", "-algorithm", "ED25519", "-out", "plain.key");
      List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
      arguments.addAll(List.of("-in", "plain.key", "-out", "tls.key", "-passout", "pass:secret"));
      openSsl.run(arguments.toArray(String[]::new));

      assertThat(
              refusal(
                  certify(openSsl, "-passin", "pass:secret").withPassword("secret".toCharArray())))
          .hasMessageContaining("its private key " + reason)
          .hasMessageContaining("openssl pkcs8 -topk8 -v2 aes-256-cbc");
    }

    @Test
    @DisplayName("refuse legacy encryption, with the command that converts it")
    void refuseLegacyEncryption() throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      openSsl.run(
          "genrsa",
          "-traditional",
          "-aes256",
          "-passout",
          "pass:secret",
          "-out",
          "tls.key",
          "2048");

      assertThat(
              refusal(
                  certify(openSsl, "-passin", "pass:secret").withPassword("secret".toCharArray())))
          .hasMessageContaining("Proc-Type: 4,ENCRYPTED")
          .hasMessageContaining("openssl pkcs8 -topk8");
    }

    @Test
    @DisplayName("refuse keys that TLS here has no use for, saying what they are")
    void refuseKeysOfNoUse() throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      write("tls.crt", chainPem);
      openSsl.run("genpkey", "-algorithm", "X25519", "-out", "tls.key");
      assertThat(refusal(IdentityFiles.directory(directory)))
          .hasMessageContaining(
              "its private key is of the algorithm 1.3.101.110, and only EC, RSA and Ed25519");

      openSsl.run(
          "ecparam",
          "-name",
          "prime256v1",
          "-genkey",
          "-noout",
          "-param_enc",
          "explicit",
          "-out",
          "tls.key");
      assertThat(refusal(IdentityFiles.directory(directory)))
          .hasMessageContaining("its private key has explicit curve parameters");
    }

    @ParameterizedTest
    @CsvSource({"secp256k1, secp256k1", "brainpoolP256r1, brainpoolP256r1", "secp224r1, P-224"})
    @DisplayName("refuse a key on a curve that the JDK cannot sign with, naming the curve")
    void refuseCurvesOfNoUse(String curve, String name) throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      openSsl.run("ecparam", "-name", curve, "-genkey", "-noout", "-out", "tls.key");
      IdentityFiles pem = certify(openSsl);
      openSsl.run(
          "pkcs12",
          "-export",
          "-inkey",
          "tls.key",
          "-in",
          "tls.crt",
          "-out",
          "identity.p12",
          "-passout",
          "pass:secret");

      for (IdentityFiles files :
          List.of(
              pem,
              IdentityFiles.pkcs12(directory.resolve("identity.p12"), "secret".toCharArray()))) {
        assertThat(refusal(files))
            .hasMessageContaining("the EC key cannot be used: Curve not supported: ")
            .hasMessageContaining(name);
      }
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        value = {
          "genrsa -traditional 2048 | PRIVATE KEY | a PKCS#1 private key, whose label is RSA"
              + " PRIVATE KEY",
          "genrsa 2048 | RSA PRIVATE KEY | a PKCS#8 private key, whose label is PRIVATE KEY",
          "ecparam -name prime256v1 -genkey -noout | PRIVATE KEY | a SEC1 private key, whose label"
              + " is EC PRIVATE KEY",
          "ecparam -name prime256v1 -genkey -noout | ENCRYPTED PRIVATE KEY | a SEC1 private key,"
              + " whose label is EC PRIVATE KEY",
          "genpkey -algorithm ED25519 | EC PRIVATE KEY | a PKCS#8 private key, whose label is"
              + " PRIVATE KEY",
        })
    @DisplayName("refuse a label that contradicts the content, naming both")
    void refuseContradictingLabels(String command, String label, String content) throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
      arguments.addAll(1, List.of("-out", "right.key"));
      openSsl.run(arguments.toArray(String[]::new));
      Path key = directory.resolve("tls.key");
      Files.writeString(
          key,
          Files.readString(directory.resolve("right.key"))
              .replaceAll("(BEGIN|END) [A-Z ]*PRIVATE KEY", "$1 " + label));
      write("tls.crt", chainPem);

      assertThat(refusal(IdentityFiles.directory(directory)))
          .hasMessage(key + ": its block " + label + " holds " + content);
    }

    @ParameterizedTest
    @CsvSource(
        delimiter = '|',
        value = {
          "-keypbe NONE | has its key in it without encryption, which Java does not read; write it",
          "-keypbe NONE -certpbe NONE | has its key in it without encryption",
          "-keypbe NONE -certpbe NONE -nomac | has its key in it without encryption",
          "-keypbe camellia-256-cbc | its key cannot be read by this JDK: .*AES cipher; openssl",
          "-certpbe camellia-256-cbc | cannot read: .*AES cipher; openssl pkcs12 -export",
          "-macalg sm3 | cannot read: .*1.2.156.10197.1.401 not available; openssl",
        })
    @DisplayName("refuse PKCS#12 that the JDK cannot read with its reason, not the password's")
    void refusePkcs12OfOtherAlgorithms(String options, String reason) throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      write("bundle.pem", keyPem + chainPem);
      List<String> arguments =
          new ArrayList<>(List.of("pkcs12", "-export", "-in", "bundle.pem", "-out", "bundle.p12"));
      arguments.addAll(List.of("-passout", "pass:secret"));
      arguments.addAll(List.of(options.split(" ")));
      openSsl.run(arguments.toArray(String[]::new));

      assertThat(
              refusal(
                  IdentityFiles.pkcs12(directory.resolve("bundle.p12"), "secret".toCharArray())))
          .hasMessageMatching(".*" + reason + ".*")
          .hasMessageNotContaining("password");
    }

    @ParameterizedTest
    @ValueSource(
        strings = {"", "-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1", "-noiter"})
    @DisplayName("load PKCS#12, modern and of older days")
    void loadPkcs12(String options) throws Exception {
      OpenSsl openSsl = OpenSsl.in(directory);
      write("bundle.pem", keyPem + chainPem);
      List<String> arguments =
          new ArrayList<>(List.of("pkcs12", "-export", "-in", "bundle.pem", "-out", "bundle.p12"));
      arguments.addAll(List.of("-passout", "pass:secret"));
      if (!options.isEmpty()) {
        arguments.addAll(List.of(options.split(" ")));
      }
      openSsl.run(arguments.toArray(String[]::new));

      TlsIdentity identity =
          IdentityFiles.pkcs12(directory.resolve("bundle.p12"), "secret".toCharArray()).load();

      assertThat(identity.chain()).isEqualTo(chain);
    }
  }

  @Nested
  @DisplayName("in PKCS#12")
  class InPkcs12 {

    private Path store(KeyStore store, String password) throws Exception {
      Path file = directory.resolve("identity.p12");
      try (OutputStream out = Files.newOutputStream(file)) {
        store.store(out, password.toCharArray());
      }
      return file;
    }

    private KeyStore empty() throws Exception {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      return store;
    }

    @Test
    @DisplayName("load what an identity's key store was stored to")
    void loadAStoredKeyStore() throws Exception {
      TlsIdentity identity = TlsIdentity.of(keys.getPrivate(), chain);
      Path file = store(identity.keyStore("secret".toCharArray()), "secret");

      assertThat(IdentityFiles.pkcs12(file, "secret".toCharArray()).load()).isEqualTo(identity);
    }

    @Test
    @DisplayName("refuse wrong passwords, other files, and none or several keys")
    void refuseWhatCannotBeUsed() throws Exception {
      TlsIdentity identity = TlsIdentity.of(keys.getPrivate(), chain);
      char[] password = "secret".toCharArray();
      Path file = store(identity.keyStore(password), "secret");
      assertThat(refusal(IdentityFiles.pkcs12(file, "wrong".toCharArray())))
          .hasMessage(file + ": cannot be opened; is the password right?");
      assertThat(IdentityFiles.pkcs12(file, "wrong".toCharArray()).withPassword(password).load())
          .isEqualTo(identity);

      Path pem = write("identity.pem", keyPem + chainPem);
      assertThat(refusal(IdentityFiles.pkcs12(pem, password)))
          .hasMessage(pem + ": is not a PKCS#12 file, or a damaged one");

      KeyStore trustOnly = empty();
      trustOnly.setCertificateEntry("ca", ROOT.certificate());
      assertThat(refusal(IdentityFiles.pkcs12(store(trustOnly, "secret"), password)))
          .hasMessageEndingWith("has 0 keys in it, and exactly one is expected");

      KeyStore several = identity.keyStore(password);
      several.setKeyEntry("b", keys.getPrivate(), password, chain.toArray(Certificate[]::new));
      assertThat(refusal(IdentityFiles.pkcs12(store(several, "secret"), password)))
          .hasMessageEndingWith("has 2 keys in it, and exactly one is expected");

      KeyStore otherPassword = identity.keyStore("other".toCharArray());
      assertThat(refusal(IdentityFiles.pkcs12(store(otherPassword, "secret"), password)))
          .hasMessageEndingWith("its key cannot be read; is it protected by another password?");
    }
  }

  @Test
  @DisplayName("give a matching pair only, while a volume is swapped under them")
  void giveAMatchingPairWhileAVolumeIsSwapped() throws Exception {
    List<KeyPair> pairs = List.of(keys, TestCa.newKeyPair());
    List<String> chains =
        List.of(chainPem, Pem.encode(ISSUING.leaf(pairs.get(1).getPublic()).issueChain()));
    swapTo(0, pairs.get(0), chains.get(0));
    Files.createSymbolicLink(directory.resolve("tls.crt"), Path.of("..data", "tls.crt"));
    Files.createSymbolicLink(directory.resolve("tls.key"), Path.of("..data", "tls.key"));
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Integer> swaps =
        CompletableFuture.supplyAsync(
            () -> {
              int version = 0;
              while (!done.get()) {
                version++;
                swapTo(version, pairs.get(version % 2), chains.get(version % 2));
              }
              return version;
            });

    Set<TlsIdentity> seen = new HashSet<>();
    for (int i = 0; i < 200 || seen.size() < 2; i++) {
      seen.add(IdentityFiles.directory(directory).load());
    }
    done.set(true);

    assertThat(swaps.get()).isGreaterThan(1);
    assertThat(seen).hasSize(2);
  }

  /** As the kubelet does it: a new directory, an atomic rename of ..data, the old one deleted. */
  private void swapTo(int number, KeyPair pair, String certificates) {
    try {
      Path version = Files.createDirectory(directory.resolve(version(number)));
      Files.writeString(version.resolve("tls.crt"), certificates);
      Files.writeString(
          version.resolve("tls.key"), Pem.encode(Pem.PRIVATE_KEY, pair.getPrivate().getEncoded()));
      Path next = directory.resolve("..data_tmp");
      Files.createSymbolicLink(next, version.getFileName());
      Files.move(next, directory.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
      Path old = directory.resolve(version(number - 1));
      if (Files.exists(old)) {
        Files.delete(old.resolve("tls.crt"));
        Files.delete(old.resolve("tls.key"));
        Files.delete(old);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String version(int number) {
    return "..2026_11_23_10_00_00." + number;
  }

  @Test
  @DisplayName("register no provider")
  void registerNoProvider() throws Exception {
    List<String> before = Arrays.stream(Security.getProviders()).map(Provider::getName).toList();

    IdentityFiles.bundle(write("bundle.pem", keyPem + chainPem)).load();

    assertThat(Arrays.stream(Security.getProviders()).map(Provider::getName).toList())
        .isEqualTo(before);
    assertThatThrownBy(() -> IdentityFiles.bundle(null)).hasMessage("file");
  }
}
