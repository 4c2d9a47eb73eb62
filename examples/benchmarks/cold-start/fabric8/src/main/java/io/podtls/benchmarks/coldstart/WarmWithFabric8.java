package io.podtls.benchmarks.coldstart;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * One issuance by {@link WithFabric8} for each line on standard input, over one client; prints how
 * many microseconds it took. With the argument {@code http-watch}, watches share the connection
 * instead of opening a WebSocket.
 */
final class WarmWithFabric8 {
  private WarmWithFabric8() {}

  public static void main(String[] arguments) throws Exception {
    Security.addProvider(new BouncyCastleProvider());
    boolean shared = arguments.length > 0 && arguments[0].equals("http-watch");
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (KubernetesClient client =
        new KubernetesClientBuilder()
            .withConfig(new ConfigBuilder().withOnlyHttpWatches(shared).build())
            .build()) {
      while (lines.readLine() != null) {
        long started = System.nanoTime();
        WithFabric8.bootstrap(client);
        System.out.println("done " + (System.nanoTime() - started) / 1000);
      }
    }
  }
}
