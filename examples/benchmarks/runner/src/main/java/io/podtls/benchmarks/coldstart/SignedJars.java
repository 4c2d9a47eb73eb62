package io.podtls.benchmarks.coldstart;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Locale;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/**
 * Repacks signed jars without their signatures, as an application that is shaded into one jar does.
 * A JVM verifies a signed jar at each start, and archives none of its classes.
 */
final class SignedJars {
  private static final String SIGNATURE_FILE = "META-INF/[^/]*[.](SF|RSA|DSA|EC)";

  private SignedJars() {}

  /**
   * Returns the jar itself if it is not signed, else a copy in the folder without signature files
   * and without digests in its manifest; made once, because archives go by a jar's time.
   */
  static Path repacked(Path jar, Path folder) throws IOException {
    Path copy = folder.resolve(jar.getFileName());
    if (Files.exists(copy)) {
      return copy;
    }
    try (JarFile signed = new JarFile(jar.toFile(), false)) {
      if (signed.stream().noneMatch(SignedJars::isSignature)) {
        return jar;
      }
      Files.createDirectories(folder);
      Manifest manifest = new Manifest();
      Attributes main = signed.getManifest().getMainAttributes();
      manifest.getMainAttributes().putAll(main);
      Path partial = folder.resolve("partial");
      try (OutputStream file = Files.newOutputStream(partial);
          JarOutputStream out = new JarOutputStream(file, manifest)) {
        for (JarEntry entry : Collections.list(signed.entries())) {
          if (!isSignature(entry) && !entry.getName().equals(JarFile.MANIFEST_NAME)) {
            out.putNextEntry(new JarEntry(entry.getName()));
            try (InputStream content = signed.getInputStream(entry)) {
              content.transferTo(out);
            }
          }
        }
      }
      return Files.move(partial, copy);
    }
  }

  private static boolean isSignature(JarEntry entry) {
    return entry.getName().toUpperCase(Locale.ROOT).matches(SIGNATURE_FILE);
  }
}
