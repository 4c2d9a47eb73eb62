package io.podtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.renewal.RenewalPolicy;
import io.podtls.testing.FakeCertificateSigner;
import io.podtls.testing.FakeCertificateSigner.Answer;
import io.podtls.testing.TestCa;
import io.podtls.testing.VirtualTime;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What only a process of its own can show: being suspended, and being killed. */
@Timeout(180)
class ChildProcessTest {

  private static Process start(Class<?> program, String... arguments) throws IOException {
    List<String> command =
        new java.util.ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  private static void signal(String name, Process process) throws Exception {
    Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).start();
    assertThat(kill.waitFor()).isZero();
  }

  /** Lets real time pass: the process is not expected to end by itself. */
  private static void letRun(Process process, Duration time) throws Exception {
    assertThat(process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
  }

  /** Bootstraps with certificates of 12 s, and prints a line for each request and renewal. */
  static final class ShortLived {
    public static void main(String[] arguments) throws Exception {
      FakeCertificateSigner signer =
          FakeCertificateSigner.answering(
              (self, pending) -> {
                System.out.println("request");
                return self.issue(pending);
              });
      PodTls.requesting(VirtualHandle.REQUEST, signer.lifetime(Duration.ofSeconds(12)))
          .trusting(TrustBundleSource.fixed(TrustBundle.of(List.of(signer.ca().certificate()))))
          .renewing(RenewalPolicy.between(0.9, 0.9))
          .addListener(
              new PodTlsListener() {
                @Override
                public void renewed(
                    TlsIdentity previous, TlsIdentity current, Optional<Instant> next) {
                  System.out.println("renewed");
                }

                @Override
                public void expired(TlsIdentity identity) {
                  System.out.println("expired");
                }
              })
          .bootstrap(Duration.ofSeconds(60));
      System.out.println("ready");
      System.in.read();
    }
  }

  @Test
  @DisplayName("a process that was stopped past expiry renews when it goes on, with one request")
  void suspendedPastExpiry() throws Exception {
    Process process = start(ShortLived.class);
    try (BufferedReader lines = process.inputReader()) {
      assertThat(lines.readLine()).isEqualTo("request");
      assertThat(lines.readLine()).isEqualTo("ready");
      signal("STOP", process);
      letRun(process, Duration.ofSeconds(14));
      assertThat(lines.ready()).isFalse();

      long woken = System.nanoTime();
      signal("CONT", process);
      String first = lines.readLine();
      if (first.equals("expired")) {
        first = lines.readLine();
      }
      assertThat(first).isEqualTo("request");
      assertThat(lines.readLine()).isEqualTo("renewed");
      // Two seconds are pinned in virtual time; here a busy machine may take some of its own.
      assertThat(Duration.ofNanos(System.nanoTime() - woken)).isLessThan(Duration.ofSeconds(5));
      letRun(process, Duration.ofSeconds(3));
      assertThat(lines.ready()).isFalse();
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** Renews without a pause, keeping and publishing each identity, until it is killed. */
  static final class BusyRenewing {
    public static void main(String[] arguments) throws Exception {
      Path root = Path.of(arguments[0]);
      VirtualTime time = VirtualTime.startingNow();
      TestCa ca = TestCa.root("ca");
      FakeCertificateSigner signer =
          FakeCertificateSigner.answering(Answer.ISSUE).issuedBy(ca).at(time);
      PodTls tls =
          PodTls.requesting(VirtualHandle.REQUEST, signer.lifetime(Duration.ofSeconds(30)))
              .trusting(TrustBundleSource.fixed(TrustBundle.of(List.of(ca.certificate()))))
              .keepingIn(root.resolve("kept"))
              .publishingTo(root.resolve("shown"))
              .scheduler(time)
              .clock(time)
              .start();
      time.settle();
      System.out.println("ready");
      while (tls.status().ready()) {
        time.advance(Duration.ofSeconds(15));
      }
    }
  }

  @Test
  @DisplayName("killed at any moment of its renewals, it leaves matching pairs only")
  void killed(@TempDir Path root) throws Exception {
    Random random = new Random(22);
    for (int round = 0; round < 5; round++) {
      Process process = start(BusyRenewing.class, root.toString());
      try (BufferedReader lines = process.inputReader()) {
        assertThat(lines.readLine()).isEqualTo("ready");
        letRun(process, Duration.ofMillis(random.nextInt(300)));
      } finally {
        process.destroyForcibly().waitFor();
      }
      TlsIdentity kept = IdentityFiles.directory(root.resolve("kept")).load();
      TlsIdentity shown = IdentityFiles.directory(root.resolve("shown")).load();
      assertThat(kept.chain()).isNotEmpty();
      assertThat(TrustBundleSource.pemFile(root.resolve("shown/ca.crt")).load().certificates())
          .anySatisfy(
              anchor ->
                  assertThat(shown.leaf().getIssuerX500Principal())
                      .isEqualTo(anchor.getSubjectX500Principal()));
      assertThat(
              IdentityFiles.pkcs12(root.resolve("shown/keystore.p12"), "changeit".toCharArray())
                  .load()
                  .chain())
          .isEqualTo(shown.chain());
      assertThat(Files.readString(root.resolve("kept/details.properties"))).contains("received=");
    }
  }
}
