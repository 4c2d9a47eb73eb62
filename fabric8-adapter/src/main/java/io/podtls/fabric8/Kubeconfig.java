package io.podtls.fabric8;

import io.fabric8.kubernetes.api.model.AuthInfo;
import io.fabric8.kubernetes.api.model.Cluster;
import io.fabric8.kubernetes.api.model.Config;
import io.fabric8.kubernetes.api.model.Context;
import io.fabric8.kubernetes.api.model.ExecConfig;
import io.fabric8.kubernetes.api.model.NamedAuthInfo;
import io.fabric8.kubernetes.api.model.NamedCluster;
import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The current context of a kubeconfig file, checked for what fabric8 passes over in silence.
 *
 * @param file the file
 * @param context the context's name
 * @param namespace the context's namespace, {@code default} if it names none
 * @param server the cluster's address
 * @param proxy the cluster's {@code proxy-url}
 * @param tokenFile the user's {@code tokenFile}
 */
record Kubeconfig(
    Path file,
    String context,
    String namespace,
    String server,
    Optional<URI> proxy,
    Optional<Path> tokenFile) {

  private static final int LARGEST = 8 << 20;

  /**
   * Finds the file: the one that {@code KUBECONFIG} names, else {@code .kube/config} in the home.
   *
   * @throws IllegalStateException if there is none, or {@code KUBECONFIG} names a missing file or
   *     several files
   */
  static Path find(Map<String, String> environment, Path home) {
    String variable = environment.getOrDefault("KUBECONFIG", "");
    if (variable.contains(File.pathSeparator)) {
      throw new IllegalStateException(
          "KUBECONFIG names several files, which podtls does not merge: "
              + variable
              + "; name one, or pass a KubernetesClient");
    }
    if (!variable.isEmpty()) {
      Path named = Path.of(variable);
      if (!Files.exists(named)) {
        throw new IllegalStateException("KUBECONFIG names " + named + ", which does not exist");
      }
      return named;
    }
    Path file = home.resolve(".kube/config");
    if (!Files.exists(file)) {
      throw new IllegalStateException(
          "no API server to connect to: "
              + (environment.containsKey("KUBERNETES_SERVICE_HOST")
                  ? "this pod has no service account token (is automountServiceAccountToken false?)"
                  : "KUBERNETES_SERVICE_HOST is not set, so this process does not run in a pod")
              + ", and there is no kubeconfig "
              + file);
    }
    return file;
  }

  /**
   * Reads the current context.
   *
   * @param executables the value of {@code PATH}, where plugins are looked up
   * @throws IllegalStateException if the context is incomplete, names a plugin that is not
   *     installed, or asks for what podtls does not do
   */
  static Kubeconfig read(Path file, String executables) {
    Config config = parse(file);
    String current = config.getCurrentContext();
    if (current == null || current.isEmpty()) {
      throw new IllegalStateException(
          file
              + " has no current-context; it has "
              + names(config.getContexts(), NamedContext::getName)
              + ". Choose one: kubectl config use-context NAME");
    }
    Context context =
        find(
            file,
            "context",
            current,
            config.getContexts(),
            NamedContext::getName,
            NamedContext::getContext);
    Cluster cluster =
        find(
            file,
            "cluster",
            String.valueOf(context.getCluster()),
            config.getClusters(),
            NamedCluster::getName,
            NamedCluster::getCluster);
    if (cluster.getServer() == null || cluster.getServer().isEmpty()) {
      throw new IllegalStateException(
          "cluster " + context.getCluster() + " of " + file + " names no server");
    }
    if (Boolean.TRUE.equals(cluster.getInsecureSkipTlsVerify())) {
      throw new IllegalStateException(
          file + " says not to verify the API server; podtls has no such switch");
    }
    AuthInfo user =
        context.getUser() == null || context.getUser().isEmpty()
            ? new AuthInfo()
            : find(
                file,
                "user",
                context.getUser(),
                config.getUsers(),
                NamedAuthInfo::getName,
                NamedAuthInfo::getUser);
    if (user.getExec() != null) {
      requirePlugin(file, context.getUser(), user.getExec(), executables);
    }
    String namespace = context.getNamespace();
    return new Kubeconfig(
        file,
        current,
        namespace == null || namespace.isEmpty() ? "default" : namespace,
        cluster.getServer(),
        proxy(file, cluster.getProxyUrl()),
        Optional.ofNullable(user.getTokenFile())
            .filter(name -> !name.isEmpty())
            .map(name -> beside(file, name)));
  }

  private static Config parse(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(LARGEST + 1);
      if (content.length > LARGEST) {
        throw new IllegalStateException(file + " is no kubeconfig: larger than 8 MiB");
      }
      Config config = Serialization.unmarshal(new ByteArrayInputStream(content), Config.class);
      if (config == null) {
        throw new IllegalStateException(file + " is empty");
      }
      return config;
    } catch (IOException e) {
      throw new IllegalStateException("cannot read the kubeconfig " + file + ": " + e, e);
    } catch (IllegalStateException e) {
      throw e;
    } catch (RuntimeException e) {
      // The parser's message quotes the file, and that holds credentials.
      throw new IllegalStateException(file + " is no kubeconfig: not the YAML of one");
    }
  }

  private static <N, T> T find(
      Path file,
      String kind,
      String name,
      List<N> all,
      Function<N, String> nameOf,
      Function<N, @Nullable T> valueOf) {
    for (N one : all) {
      T value = name.equals(nameOf.apply(one)) ? valueOf.apply(one) : null;
      if (value != null) {
        return value;
      }
    }
    throw new IllegalStateException(
        file + " has no " + kind + " " + name + "; it has " + names(all, nameOf));
  }

  private static <N> List<String> names(List<N> all, Function<N, String> nameOf) {
    return all.stream().map(nameOf).toList();
  }

  /** Whether the command is where the plugin's caller will look for it, as client-go does. */
  private static void requirePlugin(Path file, String user, ExecConfig exec, String executables) {
    String command = String.valueOf(exec.getCommand());
    boolean there =
        (command.contains("/") || command.contains(File.separator))
            ? Files.isExecutable(beside(file, command))
            : Arrays.stream(executables.split(File.pathSeparator, -1))
                .filter(directory -> !directory.isEmpty())
                .flatMap(
                    directory ->
                        Stream.of(command, command + ".exe", command + ".cmd")
                            .map(name -> Path.of(directory, name)))
                .anyMatch(Files::isExecutable);
    if (!there) {
      String hint = exec.getInstallHint();
      throw new IllegalStateException(
          "user "
              + user
              + " of "
              + file
              + " gets its credentials from the plugin "
              + command
              + ", which is not installed or not on the PATH"
              + (hint == null || hint.isBlank() ? "" : ". " + hint.strip()));
    }
  }

  private static Optional<URI> proxy(Path file, @Nullable String url) {
    if (url == null || url.isEmpty()) {
      return Optional.empty();
    }
    try {
      URI proxy = URI.create(url);
      if ("http".equals(proxy.getScheme()) && proxy.getHost() != null) {
        return Optional.of(proxy);
      }
    } catch (IllegalArgumentException e) {
      // Refused below, without the text: it may hold a password.
    }
    throw new IllegalStateException(
        "proxy-url of " + file + " is not of the form http://host:port, the one kind supported");
  }

  private static Path beside(Path file, String name) {
    Path directory = file.toAbsolutePath().getParent();
    return directory == null ? Path.of(name) : directory.resolve(name);
  }
}
