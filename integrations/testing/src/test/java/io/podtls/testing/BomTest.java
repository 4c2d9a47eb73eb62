package io.podtls.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class BomTest {

  private static final Path ROOT = Path.of(System.getProperty("podtls.root"));
  private static final Pattern MANAGED =
      Pattern.compile("<artifactId>(podtls-[a-z0-9-]+)</artifactId>\\s*<version>");
  private static final Pattern OWN =
      Pattern.compile("</parent>\\s*<artifactId>(podtls-[a-z0-9-]+)</artifactId>");

  @Test
  @DisplayName("the BOM has every artifact that is published, and no other one")
  void hasEveryArtifact() throws IOException {
    Set<String> published = new TreeSet<>();
    try (Stream<Path> folders = Files.list(ROOT.resolve("integrations"))) {
      for (Path folder :
          Stream.concat(Stream.of(ROOT.resolve("core"), ROOT.resolve("fabric8-adapter")), folders)
              .filter(each -> Files.exists(each.resolve("pom.xml")))
              .toList()) {
        String pom = Files.readString(folder.resolve("pom.xml"));
        Matcher own = OWN.matcher(pom);
        if (own.find() && !pom.contains("<maven.deploy.skip>true</maven.deploy.skip>")) {
          published.add(own.group(1));
        }
      }
    }
    Set<String> managed = new TreeSet<>();
    Matcher each = MANAGED.matcher(Files.readString(ROOT.resolve("integrations/bom/pom.xml")));
    while (each.find()) {
      managed.add(each.group(1));
    }
    managed.remove("podtls-bom");
    assertThat(managed).isEqualTo(published).contains("podtls-core", "podtls-testing");
  }
}
