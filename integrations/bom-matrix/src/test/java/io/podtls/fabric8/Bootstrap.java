package io.podtls.fabric8;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.podtls.PodTls;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.PodEnvironment;
import io.podtls.trust.TrustBundleSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * Bootstraps against an API server without TLS, with the class path of an application.
 *
 * <p>Arguments: the API server's URL, a service account's directory, and {@code own} for podtls'
 * own connections or {@code lent} for those of a KubernetesClient.
 */
final class Bootstrap {

  private Bootstrap() {}

  public static void main(String[] arguments) throws Exception {
    String apiServer = arguments[0];
    Path serviceAccount = Path.of(arguments[1]);
    KubernetesTls tls =
        KubernetesTls.forService("orders")
            .signedBy("example.com/serving")
            .trusting(TrustBundleSource.pemFile(serviceAccount.resolve("ca.crt")))
            .in(
                PodEnvironment.detect(
                    Map.of("POD_NAMESPACE", "shop"), serviceAccount, Path.of("/etc/resolv.conf")));
    if (arguments[2].equals("own")) {
      report(tls.through(new ServiceAccount(apiServer, serviceAccount).connect()));
    } else {
      try (KubernetesClient client = client(apiServer, serviceAccount)) {
        report(tls.using(client));
      }
    }
  }

  private static KubernetesClient client(String apiServer, Path serviceAccount) throws Exception {
    Config config = Config.empty();
    config.setMasterUrl(apiServer);
    config.setOauthToken(Files.readString(serviceAccount.resolve("token")));
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private static void report(KubernetesTls tls) throws InterruptedException {
    try (PodTls handle = tls.bootstrap(Duration.ofSeconds(60))) {
      TlsIdentity identity = handle.generation().identity().orElseThrow();
      System.out.println("issued " + identity.serialNumber().toString(16));
    }
  }
}
