package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.podtls.request.SignerName;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** An approver in a JVM of its own, whose heap is bounded; as a program, that approver. */
final class ApproverProcess implements AutoCloseable {

  private final Process process;
  private final List<String> output = new CopyOnWriteArrayList<>();
  private final List<Long> usedKib = new CopyOnWriteArrayList<>();

  private final Consumer<String> onDenial;

  private ApproverProcess(Process process, Consumer<String> onDenial) {
    this.process = process;
    this.onDenial = onDenial;
    Thread reader = new Thread(this::read, "approver-process-output");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts one with a service account's token.
   *
   * @param onDenial receives the name of each request that was denied, one at a time
   */
  static ApproverProcess start(
      Config config, SignerName signer, String heap, Consumer<String> onDenial) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            System.getProperty("java.home") + "/bin/java",
            "-Xmx" + heap,
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            ApproverProcess.class.getName(),
            config.getMasterUrl(),
            config.getCaCertFile(),
            signer.value());
    builder.environment().put("TOKEN", config.getOauthToken());
    return new ApproverProcess(builder.redirectErrorStream(true).start(), onDenial);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it wrote. */
  List<String> output() {
    return List.copyOf(output);
  }

  boolean wrote(String text) {
    return output.stream().anyMatch(line -> line.contains(text));
  }

  /** The heap that was in use after each of its collections, one every two seconds. */
  List<Long> usedKib() {
    return List.copyOf(usedKib);
  }

  @Override
  public void close() {
    System.out.println(output.isEmpty() ? "no output" : output.get(output.size() - 1));
    process.destroyForcibly();
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("used ")) {
          usedKib.add(Long.parseLong(line.split(" ")[1]));
        }
        if (line.startsWith("denied ")) {
          onDenial.accept(line.split(" ")[1]);
        }
        output.add(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Approves until killed. */
  public static void main(String[] arguments) throws Exception {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(arguments[0])
            .withCaCertFile(arguments[1])
            .withOauthToken(System.getenv("TOKEN"))
            .build();
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build();
        CertificateApprover approver =
            CertificateApprover.builder(
                    client, PodBoundPolicy.builder(client).build(), SignerName.of(arguments[2]))
                .listener(
                    new ApprovalListener() {
                      @Override
                      public void denied(
                          CertificateSigningRequest csr,
                          ApprovalDecision.Deny decision,
                          Duration after) {
                        System.out.println("denied " + csr.getMetadata().getName());
                      }
                    })
                .start()) {
      while (true) {
        Thread.sleep(Duration.ofSeconds(2).toMillis());
        System.gc();
        long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        System.out.println("used " + used / 1024 + " KiB, " + approver.status());
      }
    }
  }
}
