package io.podtls.examples.clustersigner;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.logging.LogManager;

/**
 * A program that approves and signs the certificate signing requests of one signerName, for
 * clusters that have no signer of their own; the package's description has its limits.
 */
public final class Main {
  private Main() {}

  /** Runs until the process is stopped; exits with 1 if it cannot start, 2 for wrong options. */
  public static void main(String[] arguments) throws InterruptedException {
    try (InputStream configuration = Main.class.getResourceAsStream("/logging.properties")) {
      LogManager.getLogManager().readConfiguration(configuration);
    } catch (IOException e) {
      throw new IllegalStateException("a resource of the program is unreadable", e);
    }
    int code = run(System.getenv(), System.out, System.err, arguments);
    if (code != 0) {
      System.exit(code);
    }
  }

  private static int run(
      Map<String, String> environment, PrintStream out, PrintStream err, String... arguments)
      throws InterruptedException {
    Options options;
    try {
      options = Options.parse(arguments);
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.print(Options.USAGE);
      return 2;
    }
    // The pod's account, or that of a kubeconfig. One HTTP/2 connection carries the watches too.
    Config config = new ConfigBuilder(Config.autoConfigure(null)).withOnlyHttpWatches(true).build();
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      String here = client.getNamespace() == null ? "default" : client.getNamespace();
      String namespace = environment.getOrDefault("POD_NAMESPACE", here);
      try (ClusterSigner signer = ClusterSigner.start(options, client, namespace)) {
        out.println(
            "signing for %s in namespace %s; health at port %d"
                .formatted(options.signerName(), namespace, signer.healthPort()));
        CountDownLatch stop = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(signer::close));
        stop.await();
        return 0;
      }
    } catch (IOException e) {
      err.println(e.getMessage());
      return 1;
    }
  }
}
