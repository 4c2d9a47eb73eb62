package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.utils.HttpClientUtils;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import javax.net.ssl.TrustManager;

/** Finds the API server that this process can reach. */
final class ApiServers {

  private ApiServers() {}

  /** As the pod's service account, or else as the kubeconfig's current user. */
  static ApiServer here() {
    return ServiceAccount.isThere() ? ServiceAccount.ofThisPod().connect() : ofKubeconfig();
  }

  /** As the current user of the kubeconfig that this process's environment names. */
  static ApiServer ofKubeconfig() {
    return ofKubeconfig(Kubeconfig.find(System.getenv(), Path.of(System.getProperty("user.home"))));
  }

  /** As the user of the file's current context. */
  static ApiServer ofKubeconfig(Path file) {
    Kubeconfig kubeconfig = Kubeconfig.read(file, System.getenv().getOrDefault("PATH", ""));
    Config config = Config.fromKubeconfig(file.toFile());
    kubeconfig
        .proxy()
        .ifPresent(
            proxy -> {
              config.setHttpProxy(proxy.toString());
              config.setHttpsProxy(proxy.toString());
            });
    Optional<Ca> ca = ca(file, config);
    KubernetesClientBuilder client = new KubernetesClientBuilder().withConfig(config);
    ca.ifPresent(only -> client.withHttpClientFactory(trusting(only.trust())));
    KubernetesClient connected = client.build();
    Origin origin =
        new Origin(
            kubeconfig.server(),
            "context " + kubeconfig.context() + " of " + file,
            ca.map(Ca::name).orElse("the JVM's roots; " + file + " names no CA"),
            kubeconfig.proxy().map(ApiServers::withoutUser),
            Optional.of(kubeconfig.namespace()));
    ApiServer.Authorization authorization =
        () ->
            kubeconfig.tokenFile().isEmpty()
                ? Optional.empty()
                : Optional.of("Bearer " + ServiceAccount.token(kubeconfig.tokenFile().get()));
    return ApiServer.through(connected, origin, authorization, connected::close);
  }

  private static String withoutUser(URI proxy) {
    return proxy.getHost() + (proxy.getPort() < 0 ? "" : ":" + proxy.getPort());
  }

  /** What the API server's certificate is verified against, and its name. */
  private record Ca(String name, TrustManager trust) {}

  /** The CA that the file names; empty leaves the API server to the JVM's roots. */
  private static Optional<Ca> ca(Path file, Config config) {
    if (config.getCaCertData() != null) {
      byte[] pem =
          config.getCaCertData().startsWith("-----")
              ? config.getCaCertData().getBytes(UTF_8)
              : Base64.getMimeDecoder().decode(config.getCaCertData());
      String name = "certificate-authority-data of " + file;
      return Optional.of(new Ca(name, TrustBundle.parse(name, pem).trustManager()));
    }
    return Optional.ofNullable(config.getCaCertFile())
        .map(ca -> new Ca(ca, new FollowingTrustManager(TrustBundleSource.pemFile(Path.of(ca)))));
  }

  /**
   * Makes HTTP clients that trust only this. fabric8 itself would trust the JVM's roots as well,
   * and gives its key and trust managers to the builder in one call, so that call is intercepted.
   */
  private static HttpClient.Factory trusting(TrustManager trust) {
    HttpClient.Factory factory = HttpClientUtils.getHttpClientFactory();
    return () -> trusting(trust, factory.newBuilder());
  }

  private static HttpClient.Builder trusting(TrustManager trust, HttpClient.Builder builder) {
    return (HttpClient.Builder)
        Proxy.newProxyInstance(
            HttpClient.Builder.class.getClassLoader(),
            new Class<?>[] {HttpClient.Builder.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("sslContext")) {
                arguments[1] = new TrustManager[] {trust};
              }
              try {
                Object result = method.invoke(builder, arguments);
                return result == builder ? proxy : result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
