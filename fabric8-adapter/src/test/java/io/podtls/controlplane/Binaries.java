package io.podtls.controlplane;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The servers' binaries: where they are, or why there are none. */
sealed interface Binaries {
  /** The folder that holds all three. */
  record Found(Path folder) implements Binaries {
    Path etcd() {
      return folder.resolve("etcd");
    }

    Path apiServer() {
      return folder.resolve("kube-apiserver");
    }

    Path controllerManager() {
      return folder.resolve("kube-controller-manager");
    }
  }

  /** None, and one line on why and on how to get them. */
  record Absent(String reason) implements Binaries {}

  /** Looks in KUBEBUILDER_ASSETS, then in the per-user cache, then builds them when Go is there. */
  static Binaries find() {
    return locate(Optional.ofNullable(System.getenv("KUBEBUILDER_ASSETS")).map(Path::of), root());
  }

  /** What {@link #find()} does, for any environment. */
  static Binaries locate(Optional<Path> assets, Optional<Path> root) {
    String how = "install Go 1.26 or newer, or set KUBEBUILDER_ASSETS";
    if (assets.isPresent()) {
      Found found = new Found(assets.get());
      if (complete(found)) {
        return found;
      }
      how =
          "install Go 1.26 or newer; KUBEBUILDER_ASSETS lacks one of etcd, kube-apiserver and"
              + " kube-controller-manager";
    }
    if (root.isEmpty()) {
      return new Absent("no control plane: .ci/control-plane is not found; " + how);
    }
    Path build = root.get().resolve(".ci/control-plane/build");
    Output where = run(build, "--where");
    if (where.exitCode() == 0) {
      Found found = new Found(Path.of(where.lastLine()));
      if (complete(found) && Files.exists(found.folder().resolve("complete"))) {
        return found;
      }
    }
    Output built = run(build);
    return switch (built.exitCode()) {
      case 0 -> new Found(Path.of(built.lastLine()));
      case 3 -> new Absent("no control plane: " + how);
      default ->
          new Absent(
              "no control plane: .ci/control-plane/build failed with exit code "
                  + built.exitCode()
                  + " (its output is above)");
    };
  }

  private static boolean complete(Found found) {
    return List.of(found.etcd(), found.apiServer(), found.controllerManager()).stream()
        .allMatch(Files::isExecutable);
  }

  /** The root folder of the checkout, if there is one around the working directory. */
  static Optional<Path> root() {
    String given = System.getProperty("podtls.root");
    if (given != null) {
      return Optional.of(Path.of(given));
    }
    Path folder = Path.of("").toAbsolutePath();
    while (folder != null && !Files.isDirectory(folder.resolve(".ci/control-plane"))) {
      folder = folder.getParent();
    }
    return Optional.ofNullable(folder);
  }

  /** What a script printed on standard output; its standard error went to this JVM's. */
  record Output(int exitCode, List<String> lines) {
    String lastLine() {
      return lines.get(lines.size() - 1);
    }
  }

  private static Output run(Path script, String... arguments) {
    try {
      Path answer = Files.createTempFile("podtls-control-plane-", ".out");
      try {
        ProcessBuilder builder = new ProcessBuilder("bash", script.toString());
        builder.command().addAll(List.of(arguments));
        Process process = builder.redirectOutput(answer.toFile()).start();
        process.getOutputStream().close();
        // Line by line through System.err, which the test runners pass on to the console at once;
        // what a child writes to an inherited file descriptor they take for a damaged stream.
        try (BufferedReader progress = process.errorReader(StandardCharsets.UTF_8)) {
          for (String line; (line = progress.readLine()) != null; ) {
            System.err.println(line);
          }
        }
        return new Output(process.waitFor(), Files.readAllLines(answer));
      } finally {
        Files.delete(answer);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while building the control plane", e);
    }
  }
}
