package io.podtls.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {

  private static final String IMPORTS =
      """
      import com.sun.net.httpserver.*;
      import io.fabric8.kubernetes.client.*;
      import io.podtls.*;
      import io.podtls.fabric8.*;
      import io.podtls.fabric8.approval.*;
      import io.podtls.failure.*;
      import io.podtls.identity.*;
      import io.podtls.peer.*;
      import io.podtls.renewal.*;
      import io.podtls.request.*;
      import io.podtls.signing.*;
      import io.podtls.trust.*;
      import java.net.*;
      import java.net.http.*;
      import java.nio.file.*;
      import java.security.*;
      import java.time.*;
      import java.util.*;
      import javax.net.ssl.*;
      """;

  /** Pages that show libraries which this module does not have. */
  private static final Set<String> OF_OTHER_LIBRARIES =
      Set.of("docs/frameworks.md", "docs/testing.md");

  private static final Pattern CLASS = Pattern.compile("public final class (\\w+) ");

  private static final int WIDEST = 100;
  private static final int LONGEST = 150;

  /** A link that is no address: the path, empty for the same page, and the place in the page. */
  private static final Pattern LINK =
      Pattern.compile("]\\((?![a-z]+:)([^)#\\s]*)(?:#([^)\\s]+))?\\)");

  @TempDir Path directory;

  @Test
  @DisplayName("the README's Java snippet compiles as it is, with its imports")
  void readmeCompiles() {
    List<String> snippets = Snippets.of("README.md", "java");
    assertThat(snippets).singleElement().asString().contains("public final class Main {");
    assertThat(errorsOf(snippets.get(0))).as(snippets.get(0)).isEmpty();
  }

  @Test
  @DisplayName("every Java snippet of docs compiles, but those of other libraries")
  void snippetsCompile() throws Exception {
    List<String> snippets = new ArrayList<>();
    for (String page : Snippets.pagesIn("docs")) {
      if (!OF_OTHER_LIBRARIES.contains(page)) {
        snippets.addAll(Snippets.of(page, "java"));
      }
    }
    assertThat(snippets).hasSizeGreaterThan(5);
    for (String snippet : snippets) {
      assertThat(errorsOf(snippet)).as(snippet).isEmpty();
    }
  }

  @Test
  @DisplayName("the README has fewer than 150 lines of at most 100 columns")
  void readmeIsShort() {
    List<String> lines = Snippets.linesOf("README.md");
    assertThat(lines).hasSizeLessThan(LONGEST);
    assertThat(lines).allMatch(line -> line.length() <= WIDEST);
  }

  @Test
  @DisplayName("every relative link of every page leads to something that is there, headings too")
  void linksLeadSomewhere() throws Exception {
    List<String> broken = new ArrayList<>();
    List<Path> pages = Snippets.pages();
    assertThat(pages).hasSizeGreaterThan(5);
    for (Path page : pages) {
      Matcher link = LINK.matcher(Files.readString(page));
      while (link.find()) {
        Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
        if (!Files.exists(target)
            || link.group(2) != null && !Snippets.headingsOf(target).contains(link.group(2))) {
          broken.add(page.getFileName() + " -> " + link.group());
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  private List<String> errorsOf(String snippet) {
    Matcher type = CLASS.matcher(snippet);
    Source source =
        type.find()
            ? new Source(type.group(1), snippet)
            : new Source(
                "Snippet",
                IMPORTS
                    + "class Snippet {\n  void run(KubernetesClient client) throws Exception {\n"
                    + snippet
                    + "\n  }\n}\n");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
    compiler
        .getTask(
            null,
            null,
            diagnostics,
            List.of(
                "-d",
                directory.toString(),
                "-proc:none",
                "-classpath",
                System.getProperty("java.class.path")),
            null,
            List.of(source))
        .call();
    return diagnostics.getDiagnostics().stream()
        .filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
        .map(each -> each.getLineNumber() + ": " + each.getMessage(null))
        .collect(Collectors.toList());
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String type, String text) {
      super(URI.create("string:///" + type + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
